"""Keys that were made for an application: they go again only when it is known that nothing was sealed with them."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.sealing import KeyFolder, KeysAway, Kind
from programmes.enrolment import queries
from programmes.enrolment.rules import strays

log = structlog.get_logger()
Made = Sequence[tuple[Kind, uuid.UUID]]
# A key is on disk before its row commits; nothing that runs takes so long.
AGE = timedelta(hours=1)


def discard(made: Made, keys: KeyFolder) -> None:
    """Remove keys of which it is known that no row has them."""
    for kind, key_id in made:
        keys.discard(kind, key_id)


async def discard_if_unused(cohort_id: int, made: Made, keys: KeyFolder) -> None:
    """Remove keys after a failure that may have come after the commit. What can't be found out is left to the sweep.

    The cohort's lock was the transaction's: once it is ours, that one is over, with its rows or without.
    """
    try:
        async with transaction():
            # Whoever waits for the answer has waited long enough.
            await execute("set local lock_timeout = '2s'")
            await queries.lock_cohort(cohort_id)
            unused = [(kind, key_id) for kind, key_id in made if not await _known(kind, [key_id])]
    except Exception as error:
        log.warning("keys_left_to_the_sweep", error=type(error).__name__)
        return
    discard(unused, keys)


_ROWS: dict[Kind, str] = {
    "entry": "select key_id from enrolment where key_id = any($1::uuid[])",
    "person": """select id from participant where id = any($1::uuid[])
                 union all select id from partner_record where id = any($1::uuid[])""",
}
# Whose end is decided, or noted as done, is the erasure's to carry out (DESIGN 6), with a receipt.
_ENDING = "select key_id from key_destruction where kind = $2 and key_id = any($1::uuid[])"


async def _known(kind: Kind, key_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    rows = [*await fetch(_ROWS[kind], key_ids), *await fetch(_ENDING, key_ids, kind)]
    return frozenset(row[0] for row in rows)


async def sweep(keys: KeyFolder, now: datetime, days: int) -> int:
    """Set old keys aside that no row has: a crash, or a lost answer, came before the row, or the rows are of an older
    backup. Returns how many.

    What is aside comes back with its row, and goes for good after so many days. Nothing goes while nobody has said that a
    database that was put back is the right one. What has a receipt or an intent is the erasure's, at once.
    """
    await bring_back(keys)
    if keys.is_unconfirmed():
        log.warning("sweep_waits_until_the_restore_is_confirmed")
        return 0
    moved = 0
    for kind in _ROWS:
        old = list(keys.made_before(kind, now - AGE))
        found = strays(old, await _known(kind, old))
        if found is None:
            log.error("keys_of_another_database", kind=kind)
            continue
        moved += sum(_moved(partial(keys.set_aside, kind, key_id, local_date(now)), keys) for key_id in found)
    if moved:
        log.warning("keys_set_aside", number=moved, for_days=days)
    if gone := keys.drop_aside(local_date(now) - timedelta(days=days), await _known_aside(keys)):
        log.info("keys_aside_removed", number=gone)
    return moved


def _moved(move: Callable[[], bool | None], keys: KeyFolder) -> bool:
    """Whether it was. What stands in the way of one key stands in the way of no other.

    Raises:
        KeysAway: it is not one key, the folder cannot be used.
    """
    try:
        return move() is not False
    except (KeysAway, OSError):
        if not keys.usable():
            raise
        log.error("key_cannot_be_moved")
        return False


async def bring_back(keys: KeyFolder) -> int:
    """Put back the keys whose rows are there again; returns how many."""
    known = await _known_aside(keys)
    mine = [(kind, key_id) for _day, kind, key_id in keys.aside() if key_id in known]
    back = sum(_moved(partial(keys.bring_back, kind, key_id), keys) for kind, key_id in mine)
    if back:
        log.warning("keys_came_back_with_their_rows", number=back)
    return back


async def _known_aside(keys: KeyFolder) -> frozenset[uuid.UUID]:
    aside = keys.aside()
    found: frozenset[uuid.UUID] = frozenset()
    for kind in _ROWS:
        if of_kind := [key_id for _day, one, key_id in aside if one == kind]:
            found |= await _known(kind, of_kind)
    return found
