"""The first right to another start, of those whose own was cancelled; and the answer to whether they can come then."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core import audit
from programmes.core.days import day_off
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving.first_right_queries import Cancelled, Following
from programmes.enrolment.waiting_rules import offer_until


async def one_at_a_time(cohort_id: int) -> None:
    """Until the transaction ends nobody else cancels a start of this programme or takes that back: two at a time would each
    miss what the other does to the rights. Before the cohort is locked: a right names another start, so whoever waited here
    with their own locked would hold up the one that they wait for."""
    cohort = await cohorts.by_id(cohort_id)
    await execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"first_right/{cohort.slug}/{cohort.section}")


async def give(cohort: CohortFacts, now: datetime) -> None:
    """In the transaction that cancels a start, or all of one before anything was held, or that ends a group which could not
    start, under `one_at_a_time`: everybody there, or who waited there, may move to the next one before newcomers
    (`to_be_given`). Who had such a right to this one has it to the next, as long as before."""
    others = await first_right_queries.other_starts(cohort, now)
    following = [other.cohort_id for other in others]
    await execute(
        """update first_right set cohort_id = $2 where cohort_id = $1 and $2::int is not null and from_cohort_id <> $2""",
        cohort.cohort_id,
        following[0] if following else None,
    )
    right = await first_right_queries.to_be_given(cohort, now)
    if right is not None:
        await _insert(right.cohort_id, cohort.cohort_id, now, right.until)


async def take_back(cohort: CohortFacts, cancelled: int, now: datetime) -> None:
    """In the transaction that takes the cancelling of a start back (that decision), under `one_at_a_time`, when the start is
    as it was before: nobody has a right from it any more. Whose right would lie there by now, had this one never been
    cancelled, has it there: what had moved on from it, and that of a start that was cancelled while this one could not be
    chosen. Every other right stays."""
    await execute("delete from first_right where from_cohort_id = $1", cohort.cohort_id)
    standing = {one.cohort_id: one for one in await first_right_queries.cancelled_like(cohort)}
    at = await fetchval("select decided_at from start_decision where id = $1", cancelled)
    for one in standing.values():
        first, last = await _way(cohort, one, standing)
        if last is None or last.cohort_id != cohort.cohort_id:
            continue
        if one.order > (at, cancelled) and first == last:
            await _give_anew(one, last, now)
        else:
            await execute("update first_right set cohort_id = $2 where from_cohort_id = $1", one.cohort_id, cohort.cohort_id)


async def _way(
    cohort: CohortFacts, one: Cancelled, standing: Mapping[int, Cancelled]
) -> tuple[Following | None, Following | None]:
    """To which start the right of a cancelled one would have been at first, and where it would lie now, had only those
    been cancelled whose cancelling stands."""
    first = last = await first_right_queries.following(cohort, one)
    while last is not None and last.cohort_id in standing:
        further = await first_right_queries.following(cohort, standing[last.cohort_id])
        if further is None:
            break
        last = further
    return first, last


async def _give_anew(one: Cancelled, to: Following, now: datetime) -> None:
    """The right that there would have been from the beginning: as long as an offer made then to that start."""
    until = offer_until(one.decided_at, to.first_start, day_off)
    await execute("delete from first_right where from_cohort_id = $1", one.cohort_id)
    if until is not None and until > now:
        await _insert(to.cohort_id, one.cohort_id, one.decided_at, until)


async def _insert(cohort_id: int, from_cohort_id: int, opened_at: datetime, until: datetime) -> None:
    await execute(
        "insert into first_right (cohort_id, from_cohort_id, opened_at, until) values ($1, $2, $3, $4)",
        cohort_id,
        from_cohort_id,
        opened_at,
        until,
    )


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
        facts = await queries.lock_alive(enrolment_id, now)
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
