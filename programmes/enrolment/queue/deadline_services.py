"""The deadline of study visits: who let it pass gives the place to the next, and staff may say when it is."""

import uuid
from datetime import date, datetime

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.queue import deadline_queries
from programmes.enrolment.queue.deadline_rules import releases, visit_by
from programmes.enrolment.visits.services import to_book_anew


async def release(enrolment_id: uuid.UUID, last: date, reminded_at: datetime | None, keys: KeyFolder, now: datetime) -> bool:
    """Give somebody's place to the next, if the day of which they were reminded is theirs still, and is over.

    Whoever has booked, left or been given another day since keeps what they have. Safe to run twice, and late.
    """
    try:
        async with transaction():
            await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
            facts = await queries.enrolment(enrolment_id)
            holder, around = deadline_queries.holder_of(facts), await deadline_queries.around(facts.cohort_id)
            offered = await deadline_queries.chances(facts.cohort_id)
            if visit_by(holder, around) != last or not releases(holder, around, offered, reminded_at, now):
                return False
            await services.end(enrolment_id, "expired", keys, now, frozenset({"preliminary"}))
    except NotFound:
        return False
    return True


async def give_another_week(enrolment_id: uuid.UUID, last: date, now: datetime) -> None:
    """Somebody who has not heard of their last day in time to book by it has a week from now: no reminder names a day that
    has been, or that is about to be over. Nothing is done if the day is another one by now."""
    try:
        async with transaction():
            await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
            facts = await queries.enrolment(enrolment_id)
            if await deadline_queries.last_day(facts) == last:
                await to_book_anew(enrolment_id, now)
    except NotFound:
        return


async def set_days(cohort_id: int, days: int, staff_id: int, now: datetime) -> None:
    """How many days before the decision a study visit must be booked. Who was reminded of another day is reminded anew."""
    async with transaction():
        await queries.lock_gate(cohort_id, now)
        await execute("update cohort set visit_days = $2 where id = $1", cohort_id, days)
        await audit.note("visit:deadline", f"cohort/{cohort_id}", staff_id, now)
