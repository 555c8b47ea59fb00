"""Passing places on: offers to those who have waited longest, when an offer ends, and the end of the queue."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from programmes.core import jobs
from programmes.core.days import day_off
from programmes.core.db import execute, transaction
from programmes.core.errors import NotFound
from programmes.enrolment import due_queries, queries
from programmes.enrolment.queue.rules import EventKind
from programmes.enrolment.rules import entry, lowest_free
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.waiting_rules import capped_again, offer_until


async def tell(event: str, enrolment_id: uuid.UUID) -> None:
    """In the caller's transaction: something about somebody's own place is to be told to them."""
    await jobs.put(event, {"enrolment": str(enrolment_id)})


async def note_event(
    enrolment_id: uuid.UUID,
    kind: EventKind,
    now: datetime,
    staff_id: int | None = None,
    reason: str | None = None,
    turns: tuple[Decimal, Decimal] | tuple[None, None] = (None, None),
) -> None:
    """In the caller's transaction, under the cohort's lock: the next line of the queue's history."""
    await execute(
        """insert into queue_event (enrolment_id, at, kind, reason, turn_before, turn_after, staff_id)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        enrolment_id,
        now,
        kind,
        reason,
        *turns,
        staff_id,
    )


async def note_maximum(cohort_id: int, before: int, after: int, staff_id: int, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: from here on its most places are others."""
    await execute(
        """insert into queue_maximum (cohort_id, after_event, at, before, after, staff_id)
           select $1, coalesce(max(q.id), 0), $2, $3, $4, $5
           from queue_event q join enrolment e on e.id = q.enrolment_id where e.cohort_id = $1""",
        cohort_id,
        now,
        before,
        after,
        staff_id,
    )


async def take_seat(gate: queries.Gate, enrolment_id: uuid.UUID, number: int) -> None:
    """In the caller's transaction, under the lock: the seat is this person's."""
    await execute(
        "insert into seat (cohort_id, maximum, number, enrolment_id) values ($1, $2, $3, $4)",
        gate.cohort_id,
        gate.maximum,
        number,
        enrolment_id,
    )


async def note_passed(cohort_id: int, by: uuid.UUID, now: datetime) -> None:
    """In the caller's transaction, under the lock: `by` has passed who waits before them and is kept waiting by their own
    choice or answer: siblings who want more places than there are, and who has yet to say that they come. It stands in
    the history, and they are told on Min plats."""
    await execute(
        """insert into queue_event (enrolment_id, at, kind)
           select e.id, $3, case when e.asked_to_come then 'passed_asked' else 'passed_together' end
           from enrolment e join enrolment b on b.id = $2
           where e.cohort_id = $1 and e.state = 'queued' and e.turn < b.turn and e.skip_reason is null
             and (e.asked_to_come or e.together_id is not null and e.together_id is distinct from b.together_id)
           order by e.turn""",
        cohort_id,
        by,
        now,
    )


async def pass_on(gate: queries.Gate, now: datetime) -> None:
    """Offer free seats in the order of the queue, while one may still enter and there is time to answer.

    Who is passed over for a reason, or is asked to say that they come, keeps their turn and is offered nothing until then.
    Siblings who wait together are offered theirs at once, or let the next go first while there are too few for them.
    In the caller's transaction, under the cohort's lock.
    """
    until = offer_until(now, gate.next_session, day_off)
    if until is None or entry(gate.entry, now) is not None:
        return
    taken = gate.taken
    while (free := gate.maximum - len(taken)) > 0:
        first = await together_queries.next_in_line(gate.cohort_id, free)
        if not first or not await queries.age_checked(first, gate.first_start):
            # Whose age is of another day is judged first (`age_services`), and nobody is offered a place before them.
            return
        if await queries.kept_from(first, free, gate.kept, gate.kept_since):
            return
        if gate.waits_aside:
            await note_passed(gate.cohort_id, first[0], now)
        taken = await offer(gate, taken, first, until, now)
        for waiting in first:
            await tell("place_offered", waiting)


async def offer(
    gate: queries.Gate,
    taken: frozenset[int],
    people: Sequence[uuid.UUID],
    until: datetime,
    now: datetime,
    staff_id: int | None = None,
) -> frozenset[int]:
    """In the caller's transaction, under the lock: who is next, or the siblings who are, have an offer of the lowest free
    seats. Returns all that are taken then.

    One offer has one number: who is not in it, having left or been turned down meanwhile, comes back to wait alone, and
    neither an answer nor the end of the one is ever that of the other (decision 12).
    """
    together = uuid.uuid4() if len(people) > 1 else None
    for one in people:
        seat = lowest_free(taken, gate.maximum)
        assert seat is not None
        await execute(
            "update enrolment set state = 'offered', offer_expires_at = $2, together_id = $3 where id = $1",
            one,
            until,
            together,
        )
        await note_event(one, "offered", now, staff_id)
        await take_seat(gate, one, seat)
        taken |= {seat}
    return taken


async def promote(cohort_id: int, now: datetime) -> None:
    """Pass on seats that have become free by another way (a raised maximum). Raises NotFound."""
    async with transaction():
        await pass_on(await queries.lock_gate(cohort_id, now), now)


async def promote_waiting(now: datetime) -> None:
    """Pass places on wherever somebody waits beside a free one: entry has opened again, or there was no time to answer
    before a session that is over now. A transaction a cohort; safe to run twice, and late."""
    for cohort_id in await due_queries.waiting_beside_a_place():
        try:
            await promote(cohort_id, now)
        except NotFound:
            continue


async def cap_offers(now: datetime) -> None:
    """Let open offers end before the next session when that has been moved earlier, and tell the new time. Safe to run
    twice."""
    for cohort_id in await due_queries.offers_too_late(now):
        try:
            await _cap(cohort_id, now)
        except NotFound:
            continue


async def _cap(cohort_id: int, now: datetime) -> None:
    async with transaction():
        gate = await queries.lock_gate(cohort_id, now)
        for enrolment_id, until in (await due_queries.open_offers(cohort_id)).items():
            capped = capped_again(now, until, gate.next_session)
            if now < capped < until:
                await execute("update enrolment set offer_expires_at = $2 where id = $1", enrolment_id, capped)
                await tell("place_offered", enrolment_id)
