"""The first right to another start, of those whose own was cancelled; and the answer to whether they can come then."""

from datetime import datetime
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core import audit
from programmes.core.days import day_off
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.rules import ALIVE, offer_until


async def give(cohort: CohortFacts, now: datetime) -> None:
    """In the transaction that cancels a start: everybody there may move to the next one before newcomers, as long as an
    offer that is made now would be open. Not to one that nobody could answer for in time, and not where there is none. Who
    had such a right to this one has it to the next, as long as before."""
    others = await first_right_queries.other_starts(cohort, now)
    following = [other.cohort_id for other in others]
    await execute(
        """update first_right set cohort_id = $2 where cohort_id = $1 and $2::int is not null and from_cohort_id <> $2""",
        cohort.cohort_id,
        following[0] if following else None,
    )
    until = offer_until(now, others[0].first_start, day_off) if others else None
    if until is not None:
        await execute(
            "insert into first_right (cohort_id, from_cohort_id, opened_at, until) values ($1, $2, $3, $4)",
            others[0].cohort_id,
            cohort.cohort_id,
            now,
            until,
        )


async def take_back(from_cohort_id: int) -> None:
    """In the caller's transaction: the start was not cancelled after all."""
    await execute("delete from first_right where from_cohort_id = $1", from_cohort_id)


async def end_over(now: datetime) -> None:
    """The worker's tick: what was kept is anybody's again. Safe to run twice, and late."""
    async with transaction():
        await execute("delete from first_right where until <= $1", now)


async def answer(enrolment_id: UUID, can: bool, asked_at: datetime, now: datetime) -> None:
    """Say whether one can come on the new days; said again, the last counts.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`; `day_moved`, the days are others by now than those that were asked about.
    """
    async with transaction():
        facts = await queries.enrolment(enrolment_id)
        await queries.lock_gate(facts.cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state not in ALIVE:
            raise Conflict("enrolment_over")
        if await cohorts.postponed_at(facts.cohort_id) != asked_at:
            raise Conflict("day_moved")
        await execute(
            """insert into can_then (enrolment_id, asked_at, can) values ($1, $2, $3)
               on conflict (enrolment_id) do update set asked_at = excluded.asked_at, can = excluded.can""",
            enrolment_id,
            asked_at,
            can,
        )
        await audit.note("enrolment:can_then", f"cohort/{facts.cohort_id}", None, now)
