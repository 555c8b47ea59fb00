"""Holding a record back from being erased, and lifting that. Who may is the caller's to decide."""

from datetime import date, datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.people.hold_queries import stands_already
from programmes.people.hold_rules import HoldReason


async def lock_record(person_id: UUID) -> bool:
    """Lock a record until the transaction ends; False when there is none (any more).

    Whoever erases a record and whoever holds it back take this lock, so that one of them comes first: a hold that has been
    acknowledged is seen by every later erasing, and one that comes later meets no record.
    """
    return bool(await fetchval("select true from participant where id = $1 for update", person_id))


async def hold(person_id: UUID, reason: HoldReason, until: date | None, staff_id: int, now: datetime, today: date) -> None:
    """Hold a record back until a local day, that day too, or until it is lifted. Every hold stands by itself, beside others:
    the record is kept as long as any does. The same one by the same person again (a form sent twice) stays one.

    Raises:
        NotFound: there is no such record, or it has just been erased.
    """
    async with transaction():
        if not await lock_record(person_id):
            raise NotFound
        if await stands_already(person_id, reason, until, staff_id, today):
            return
        await execute(
            """insert into retention_hold (participant_id, reason, until, set_at, set_by) values ($1, $2, $3, $4, $5)""",
            person_id,
            reason,
            until,
            now,
            staff_id,
        )
        await audit.note("hold:set", f"participant/{person_id}", staff_id, now)


async def lift(person_id: UUID, hold_id: int, staff_id: int, now: datetime) -> None:
    """Lift one of the holds on a record; others stand. Lifted already, nothing changes.

    Raises:
        NotFound: there is no such record.
    """
    async with transaction():
        if not await lock_record(person_id):
            raise NotFound
        if await execute(
            """update retention_hold set lifted_at = $2, lifted_by = $3
               where participant_id = $1 and id = $4 and lifted_at is null returning 1""",
            person_id,
            now,
            staff_id,
            hold_id,
        ):
            await audit.note("hold:lift", f"participant/{person_id}", staff_id, now)
