"""Leaving on Min plats: the place goes on at once; what was written stays sealed for an hour, so that it can be undone."""

import uuid
from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import queries as leaving_queries
from programmes.enrolment.leaving.rules import OVER, UNDO, Return, may_undo, what
from programmes.enrolment.person.reached_services import heard_of
from programmes.enrolment.queue.services import note_event, pass_on, take_seat
from programmes.enrolment.rules import ALIVE, lowest_free
from programmes.enrolment.visits.services import book_again, drop_booked


async def leave(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime, seen: str | None = None) -> bool:
    """Leave a place or the queue; the seat is offered to the next at once. Returns whether it can be undone for an hour.

    An offer that is left is declined for good, as is what is left of a cohort that is over. Said again, it changes nothing.
    `seen` is what the page said would be left (`leaving_rules.what`): what can't be undone was never shown as if it could.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`; `left_otherwise`, it is something else by now.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if may_undo(facts.undo_until, now):
            return True
        if facts.state not in ALIVE:
            raise Conflict("enrolment_over")
        over = gate.entry.state in OVER
        if seen is not None and seen != what(facts.state, over):
            raise Conflict("left_otherwise")
        if facts.state == "offered" or over:
            await services.leave(enrolment_id, keys, now)
            return False
        await services.step_down(facts, "withdrawn", now)
        await keep_for_undo(facts, facts.state, now + UNDO, now)
        await note_event(enrolment_id, "left", now)
        await audit.note("enrolment:withdrawn", f"cohort/{facts.cohort_id}", None, now)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)
    return True


async def keep_for_undo(facts: queries.EnrolmentFacts, left_from: str, until: datetime, now: datetime) -> None:
    """In the caller's transaction: what somebody had whose way has just ended, and until when they can get it back."""
    visit = facts.visit
    booked = visit.slot_id if visit and visit.state == "booked" and visit.starts_at > now else None
    await execute(
        "update enrolment set undo_until = $2, left_from = $3, left_slot_id = $4 where id = $1",
        facts.enrolment_id,
        until,
        left_from,
        booked,
    )


async def undo(enrolment_id: uuid.UUID, now: datetime, staff_id: int | None = None) -> Return:
    """Take leaving back: the seat if it is still to be had, else the queue, by the original time of application.

    What the person left only they take back, and who couldn't be reached then is; what staff refused (`staff_id`), only
    staff. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `undo_over`, the hour is over; `ran_out`, it ended by itself; `enrolment_over`, somebody else ended it;
            `undo_nothing`, there is nothing to come back to.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state in ALIVE:
            return "queue" if facts.seat is None else "seat"
        if facts.state == "expired" and staff_id is None:
            raise Conflict("ran_out")
        if facts.state != ("withdrawn" if staff_id is None else "refused"):
            raise Conflict("enrolment_over")
        if not may_undo(facts.undo_until, now):
            raise Conflict("undo_over")
        outcome = leaving_queries.would_give_back(facts, gate, now)
        if outcome == "nothing":
            raise Conflict("undo_nothing")
        await _come_back(facts, outcome, gate, now, themselves=staff_id is None)
        await note_event(enrolment_id, "came_back" if outcome == "seat" else "came_back_queue", now, staff_id)
        await audit.note("enrolment:undo", f"cohort/{facts.cohort_id}", staff_id, now)
    return outcome


async def _come_back(
    facts: queries.EnrolmentFacts, outcome: Return, gate: queries.Gate, now: datetime, themselves: bool
) -> None:
    if outcome == "seat" and facts.left_slot_id is not None:
        await book_again(facts.enrolment_id, now)
    elif outcome != "seat":
        # Who waits has no visit to be noted: it comes with a place.
        await drop_booked(facts.enrolment_id)
    await execute(
        """update enrolment set state = $2, ended_at = null, undo_until = null, left_from = null, left_slot_id = null,
                  confirmed_at = case when $2 = 'confirmed' then confirmed_at end where id = $1""",
        facts.enrolment_id,
        facts.left_from if outcome == "seat" else "queued",
    )
    await execute("delete from condition_unmet where enrolment_id = $1", facts.enrolment_id)
    if outcome == "seat":
        number = lowest_free(gate.taken, gate.maximum)
        assert number is not None
        await take_seat(gate, facts.enrolment_id, number)
    else:
        if themselves:
            await heard_of(facts.enrolment_id, now)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)


async def leave_for_good(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """Erase at once what was kept for undoing. Whoever has come back meanwhile is left alone; again, it changes nothing."""
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.undo_until is not None:
            await forget_kept(facts, keys, now)


async def forget_kept(facts: queries.EnrolmentFacts, keys: KeyFolder, now: datetime) -> None:
    """In the caller's transaction: key, code and open pages go; of somebody nobody knows also all that their row and its
    like said of them.

    What remains is that somebody came as number so many and left: the queue's order is proved by it while the cohort lives.
    """
    await services.forget(facts, facts.state, keys, now)
    await execute(
        "update enrolment set undo_until = null, left_from = null, left_slot_id = null where id = $1", facts.enrolment_id
    )
    if facts.participant_id is not None:
        return
    for table in ("condition_met", "condition_unmet", "notice"):
        await execute(f"delete from {table} where enrolment_id = $1", facts.enrolment_id)
    await execute(
        """update enrolment set guardian_ticked = null, proof_ticked = null, partner_consent = null, declared_for = null,
                  confirmed_at = null, language = 'sv' where id = $1""",
        facts.enrolment_id,
    )


async def forget_left(keys: KeyFolder, now: datetime) -> None:
    """When the hour is over nothing is left to undo with. A transaction each; safe to run twice, and late."""
    for enrolment_id in await leaving_queries.undone_too_late(now):
        try:
            async with transaction():
                await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
                facts = await queries.enrolment(enrolment_id)
                if facts.undo_until is not None and not may_undo(facts.undo_until, now):
                    await forget_kept(facts, keys, now)
        except NotFound:
            continue
