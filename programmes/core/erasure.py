"""Destroying keys so that a crash at any moment loses no intent: commit the intent, unlink, write the receipt, note it."""

import uuid
from datetime import datetime
from typing import cast

from programmes.core.db import after_commit, execute, fetch, transaction
from programmes.core.sealing import KeyFolder, Kind


async def destroy_key(keys: KeyFolder, kind: Kind, key_id: uuid.UUID, why: str, now: datetime) -> None:
    """Intend the destruction in the open transaction, and carry it out once that has committed.

    Raises:
        RuntimeError: no transaction is open.
    """
    await execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ($1, $2, $3, $4) on conflict do nothing",
        kind,
        key_id,
        why,
        now,
    )

    async def carry_out() -> None:
        keys.destroy(kind, key_id, why, now)
        async with transaction():
            await execute("update key_destruction set done_at = $2 where key_id = $1", key_id, now)

    after_commit(carry_out)


async def replay(keys: KeyFolder, now: datetime) -> int:
    """Carry out what a crash left undone, and what a restored backup would bring back; returns how many keys went."""
    receipts = {receipt["key"] for receipt in keys.receipts()}
    pending = await fetch("select id, kind, key_id, why from key_destruction where done_at is null order by id")
    for row in pending:
        if str(row["key_id"]) not in receipts:
            keys.destroy(cast(Kind, row["kind"]), row["key_id"], row["why"], now)
        async with transaction():
            await execute("update key_destruction set done_at = $2 where id = $1", row["id"], now)
    return len(pending)
