"""Destroying keys so that a crash at any moment loses no intent: commit the intent, unlink, write the receipt, note it."""

import uuid
from datetime import datetime, timedelta
from typing import cast, get_args

import structlog

from programmes.core.db import after_commit, execute, fetch, fetchval, transaction
from programmes.core.sealing import KeyFolder, KeysAway, Kind

log = structlog.get_logger()
# Keys go with the answer, or at the worker's next look.
LATE = timedelta(minutes=1)


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
    """Carry out what a crash left undone, also between the unlinking and its receipt; returns how many intents are done.

    A key that something stands in the way of holds up no other one: its intent stays, and is tried again every time.

    Raises:
        KeysAway: it is not one key, the folder cannot be used.
    """
    done = 0
    for row in await fetch("select kind, key_id, why from key_destruction order by id"):
        if row["kind"] in get_args(Kind):
            try:
                keys.destroy(cast(Kind, row["kind"]), row["key_id"], row["why"], now)
            except KeysAway:
                if not keys.usable():
                    raise
                log.error("key_destruction_waits")
                continue
        else:
            # Web writes these rows, and no program of ours such a one.
            log.error("key_destruction_of_no_kind")
        await _done(row["key_id"])
        done += 1
    return done


async def waits() -> bool:
    """Whether any key is to be destroyed that is not yet."""
    return bool(await fetchval("select exists (select from key_destruction)"))


async def is_late(now: datetime) -> bool:
    """Whether a key still waits that was to be destroyed a minute ago: its folder is away, or something stands in its way.
    How many is not told: those of one day would count a group."""
    return bool(await fetchval("select exists (select from key_destruction where intended_at < $1)", now - LATE))
