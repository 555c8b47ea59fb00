"""Destroying keys so that a crash at any moment loses no intent: commit the intent, unlink, write the receipt, note it."""

import uuid
from datetime import datetime
from typing import cast, get_args

import structlog

from programmes.core.db import after_commit, execute, fetch, transaction
from programmes.core.sealing import KeyFolder, KeysAway, Kind

log = structlog.get_logger()


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
        try:
            keys.destroy(kind, key_id, why, now)
        except KeysAway:
            # What was asked for is committed and done; the worker carries the intent out when the folder is back.
            log.error("key_destruction_waits")
            return
        await _done(key_id)

    after_commit(carry_out)


async def _done(key_id: uuid.UUID) -> None:
    """Forget the intent: the receipt beside the keys outlasts it, and done intents would count a group (promise 2)."""
    async with transaction():
        await execute("delete from key_destruction where key_id = $1", key_id)


async def replay(keys: KeyFolder, now: datetime) -> int:
    """Carry out what a crash left undone, also between the unlinking and its receipt; returns how many keys went."""
    pending = await fetch("select kind, key_id, why from key_destruction order by id")
    for row in pending:
        if row["kind"] in get_args(Kind):
            keys.destroy(cast(Kind, row["kind"]), row["key_id"], row["why"], now)
        else:
            # Web writes these rows, and no program of ours such a one.
            log.error("key_destruction_of_no_kind")
        await _done(row["key_id"])
    return len(pending)
