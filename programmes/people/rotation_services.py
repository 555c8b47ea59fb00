"""Other keys for what is kept long: records of persons, secrets of code apps, the hashes that records are found by.

Each row is locked while it is sealed anew, so that web may write meanwhile; what was read just before opens for a minute.
Broken off anywhere, it is run again (decision 20).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from programmes.core import audit
from programmes.core.clock import Clock
from programmes.core.db import execute, fetch, fetchrow, transaction
from programmes.core.key_files import Successor
from programmes.core.sealing import KeyFolder, KeyGone
from programmes.people import records

# Longer than any request of web lasts (`web/limits.py`): what was sealed or read by then is written or shown.
GRACE = timedelta(seconds=60)
Told = Callable[[int, int], None]
Pause = Callable[[float], Awaitable[None]]


def _quiet(done: int, of: int) -> None:
    """Nobody wants to know how far it is."""


async def persons(
    keys: KeyFolder, clock: Clock, made_before: datetime, told: Told = _quiet, pause: Pause = asyncio.sleep
) -> int:
    """Seal every record, a partner's too, whose key was made before a moment under another one; returns how many.

    The moment of the first run makes a second one go on where that was broken off.
    """
    rows = await fetch("select id from participant union all select id from partner_record")
    due = sorted(set(keys.made_before("person", made_before)) & {row[0] for row in rows})
    for number, person_id in enumerate(due, 1):
        await _person(person_id, keys)
        told(number, len(due))
    await _finish("persons", keys, clock, pause)
    return len(due)


async def _person(person_id: UUID, keys: KeyFolder) -> None:
    try:
        successor = keys.successor("person", person_id)
    except KeyGone:
        return
    successor.begin()
    async with transaction():
        if await _content(person_id) is None:
            successor.drop()
            return
        await records.seal_anew(person_id, keys)
    async with transaction():
        # A process of an earlier release may have written in between, with the key that it knows.
        content = await _content(person_id)
        if content is not None and keys.sealed_by(successor.key(), person_id.bytes, content):
            successor.take_over()


async def _content(person_id: UUID) -> bytes | None:
    row = await fetchrow("select sealed from participant where id = $1 for no key update", person_id)
    row = row or await fetchrow("select sealed from partner_record where id = $1 for no key update", person_id)
    return row["sealed"] if row else None


async def second_factors(keys: KeyFolder, clock: Clock, told: Told = _quiet, pause: Pause = asyncio.sleep) -> int:
    """Seal every secret of a code app under another service key; returns how many."""
    name = "second-factor"
    successor = await _begun(name, keys, pause)
    rows = await fetch("select staff_id from second_factor order by staff_id")
    for number, row in enumerate(rows, 1):
        await _second_factor(row["staff_id"], name, successor, keys)
        told(number, len(rows))
    successor.take_over()
    await _finish(name, keys, clock, pause)
    return len(rows)


async def _second_factor(staff_id: int, name: str, successor: Successor, keys: KeyFolder) -> None:
    about = f"staff/{staff_id}"
    async with transaction():
        row = await fetchrow("select sealed from second_factor where staff_id = $1 for update", staff_id)
        if row is None or keys.sealed_by(successor.key(), about.encode(), row["sealed"]):
            return
        secret = keys.open_for_service(name, about, row["sealed"])
        await execute(
            "update second_factor set sealed = $2 where staff_id = $1", staff_id, keys.seal_for_service(name, about, secret)
        )


async def search(keys: KeyFolder, clock: Clock, told: Told = _quiet, pause: Pause = asyncio.sleep) -> int:
    """Find every record by hashes under another key; returns how many."""
    name = "search"
    successor = await _begun(name, keys, pause)
    rows = await fetch("select id from participant order by id")
    for number, row in enumerate(rows, 1):
        async with transaction():
            if await _content(row["id"]) is not None:
                await records.index_anew(row["id"], keys)
        told(number, len(rows))
    successor.take_over()
    await _finish(name, keys, clock, pause)
    return len(rows)


# What only forms and half-done sign-ins carry. Nothing that is kept lies under these.
FORMS = ("csrf", "sign-in", "second-factor-offer", "single-sign-on")


async def forms(keys: KeyFolder, clock: Clock) -> int:
    """Other keys for what only forms, cookies and half-done sign-ins carry; returns how many."""
    for name in FORMS:
        successor = keys.service_successor(name)
        successor.begin()
        successor.take_over()
    now = clock.now()
    keys.drop_replaced(None, now)
    await _note("forms", now)
    return len(FORMS)


async def _begun(name: str, keys: KeyFolder, pause: Pause) -> Successor:
    """The coming key, once nobody seals with the old one any more."""
    successor = keys.service_successor(name)
    successor.begin()
    await pause(GRACE.total_seconds())
    return successor


async def _finish(what: str, keys: KeyFolder, clock: Clock, pause: Pause) -> None:
    """Once nobody holds what the old keys sealed, they go."""
    await pause(GRACE.total_seconds())
    now = clock.now()
    keys.drop_replaced(None, now)
    await _note(what, now)


async def _note(what: str, now: datetime) -> None:
    async with transaction():
        await audit.note("keys:rotate", f"keys/{what}", None, now)
