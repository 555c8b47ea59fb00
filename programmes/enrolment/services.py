"""What becomes of a place: offered, accepted, ended. Each use case is one transaction under the cohort's lock."""

import uuid
from datetime import date, datetime

from programmes.catalogue.condition_rules import check
from programmes.catalogue.rules import Answers, Outcome, Programme
from programmes.cohorts import queries as cohorts
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.erasure import destroy_key
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import due_queries, queries
from programmes.enrolment.application_check_services import Application, Refused, not_open, of_form
from programmes.enrolment.application_rules import exceptions_for, why_not_alias, why_not_channel
from programmes.enrolment.application_services import Taken, apply, apply_all
from programmes.enrolment.queue.ran_out_services import keep_to_read
from programmes.enrolment.queue.rules import ENDED_AS
from programmes.enrolment.queue.services import note_event, pass_on, tell
from programmes.enrolment.rules import ALIVE, StaffEnding, State, still_to_do, ways_to_end
from programmes.enrolment.together.rules import sibling_once, takes_siblings
from programmes.enrolment.together.services import unit_of
from programmes.enrolment.visits import step_services
from programmes.enrolment.visits.services import cancel_coming, drop_booked, leave_slot

_OFFERED: frozenset[State] = frozenset({"offered"})

__all__ = [
    "Application",
    "Refused",
    "Taken",
    "apply",
    "apply_all",
    "exceptions_for",
    "not_open",
    "of_form",
    "sibling_once",
    "takes_siblings",
    "why_not_alias",
    "why_not_channel",
]


async def declare_again(
    enrolment_id: uuid.UUID,
    answers: Answers,
    programme: Programme,
    first_session: date,
    asked: frozenset[str],
    now: datetime,
    staff_id: int | None = None,
) -> tuple[Outcome, ...]:
    """Say what is `asked` again after the first session moved (promise 2, `age_rules.to_say_again`), for the day that was
    shown; `staff_id` when it was said to staff. Returns what does not hold; then nothing is changed.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`, it is over; `day_moved`, the first session has moved once more.
    """
    outcomes = [o for o in check(programme, answers, first_session) if o.condition in asked]
    unmet = tuple(outcome for outcome in outcomes if not outcome.met)
    if unmet:
        return unmet
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        if (await queries.enrolment(enrolment_id)).state not in ALIVE:
            raise Conflict("enrolment_over")
        if gate.first_start is None or local_date(gate.first_start) != first_session:
            raise Conflict("day_moved")
        if "age" in asked:
            await execute(
                "update enrolment set declared_for = $2, guardian_ticked = $3 where id = $1",
                enrolment_id,
                first_session,
                answers.guardian_consent,
            )
        await execute(
            """update condition_met set met_at = $3, counted_for = $4
               where enrolment_id = $1 and condition = any($2::text[]) and counted_for is not null""",
            enrolment_id,
            sorted(asked),
            now,
            first_session,
        )
        await step_services.settle(enrolment_id, programme, now)
        await audit.note("enrolment:declare_again", f"cohort/{gate.cohort_id}", staff_id, now)
    return ()


async def leave(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """Leave for good, from a place, an offer or the queue. What was written goes at once, and the next in the queue is
    offered the place. No reason is asked. `leaving_services.leave` can be undone.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over already.
    """
    await end(enrolment_id, "withdrawn", keys, now, ALIVE)


async def decline_offer(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime, noted_by: int | None = None) -> None:
    """Say no to an offered place, perhaps to staff, who note it; siblings who wait together said no with it.

    Raises NotFound, Conflict (there is no offer any more).
    """
    await end(enrolment_id, "declined", keys, now, _OFFERED, together=True, noted_by=noted_by)


async def end_by_staff(enrolment_id: uuid.UUID, outcome: StaffEnding, staff_id: int, keys: KeyFolder, now: datetime) -> bool:
    """Staff end somebody's way in the words of the statistics: `completed` or `dropped_out` of a place after the start,
    else `declined`.

    False, and nothing is changed, when there is nothing yet to complete or to drop out of. Raises NotFound, Conflict.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        cohort = await cohorts.by_id(gate.cohort_id)
        if cohort.state in {"cancelled", "closed"}:
            raise Conflict("cohort_over")
        if facts.state in ALIVE and outcome not in ways_to_end(
            facts.state, cohort.first_start, now, queries.last_day_of(cohort)
        ):
            return False
        await end(enrolment_id, outcome, keys, now, ALIVE, staff_id)
    return True


async def end(
    enrolment_id: uuid.UUID,
    state: State,
    keys: KeyFolder,
    now: datetime,
    allowed: frozenset[State],
    staff_id: int | None = None,
    together: bool = False,
    noted_by: int | None = None,
) -> None:
    """End somebody's way, whatever the reason: what was written goes (of what `expired` once it could be read), and the
    place goes to who has waited longest.
    `together`: also of the siblings who are in the same state with them; all their places are passed on as one.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is not in one of the states that this may end.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state not in allowed:
            raise Conflict("enrolment_over")
        for one in await unit_of(facts) if together else (facts,):
            await _end(one, state, keys, now, staff_id, noted_by)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)


async def _end(
    facts: queries.EnrolmentFacts,
    state: State,
    keys: KeyFolder,
    now: datetime,
    staff_id: int | None,
    noted_by: int | None,
) -> None:
    await step_down(facts, state, now, staff_id or noted_by)
    if state == "expired":
        # It ended without them: they read on Min plats what happened before anything is erased (decision 29).
        await keep_to_read(facts, now)
    else:
        await forget(facts, state, keys, now)
    # Only who was offered a place has said no to it; of others staff note that it did not come to more.
    kind = "not_going_on" if state == "declined" and staff_id else ENDED_AS[state]
    await note_event(facts.enrolment_id, kind, now, staff_id or noted_by)
    await audit.note(f"enrolment:{state}", f"cohort/{facts.cohort_id}", staff_id, now)
    if facts.participant_id is not None or state == "expired":
        # Else a working list's key has gone, and with it the way to its person; a protected record remains (DESIGN 6).
        await _tell_ended(facts, state, staff_id)


async def _tell_ended(facts: queries.EnrolmentFacts, state: State, staff_id: int | None) -> None:
    """That an offer or a place ran out, or that staff ended it; what people do themselves, or know, isn't told again."""
    if facts.state in {"offered", "preliminary"} and state == "expired":
        await tell("offer_expired" if facts.state == "offered" else "place_expired", facts.enrolment_id)
    elif staff_id is not None:
        await tell("place_left", facts.enrolment_id)


async def step_down(facts: queries.EnrolmentFacts, state: State, now: datetime, staff_id: int | None = None) -> None:
    """In the caller's transaction, under the lock: the way ends. Seat and booked visit go."""
    await execute("delete from seat where enrolment_id = $1", facts.enrolment_id)
    await execute("delete from can_then where enrolment_id = $1", facts.enrolment_id)
    await leave_slot(facts.enrolment_id, now, staff_id)
    await execute(
        """update enrolment set state = $2, ended_at = $3, offer_expires_at = null,
                  together_id = case when $2 in ('withdrawn', 'refused') then together_id end where id = $1""",
        facts.enrolment_id,
        state,
        now,
    )


async def forget(facts: queries.EnrolmentFacts, state: State, keys: KeyFolder, now: datetime) -> None:
    """In the caller's transaction: what was written, the code, open pages and the key of a way that has ended go; the
    once-number too, so that the form it was sent with can be used again."""
    await execute("delete from place_session where enrolment_id = $1", facts.enrolment_id)
    await drop_booked(facts.enrolment_id)
    await execute(
        """update enrolment set sealed = null, key_id = null, code_digest = null, once_digest = null, together_id = null,
                  contact_bounced = false where id = $1""",
        facts.enrolment_id,
    )
    if facts.key_id is not None:
        await destroy_key(keys, "entry", facts.key_id, f"enrolment:{state}", now)


async def accept_offer(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    """Say yes to an offered place: it becomes preliminary, or confirmed when nothing more is asked for. Siblings who wait
    together said yes with it.

    Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: there is no offer any more, or it has run out.
    """
    async with transaction():
        facts = await queries.enrolment(enrolment_id)
        await queries.lock_gate(facts.cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state in {"preliminary", "confirmed"}:
            return
        if facts.state != "offered" or facts.offer_expires_at is None or facts.offer_expires_at <= now:
            raise Conflict("offer_over")
        texts = await queries.texts_for(programme, local_date(now))
        for one in await unit_of(facts):
            await _accept(one, asks=bool(still_to_do(programme, one, texts)), now=now)


async def _accept(facts: queries.EnrolmentFacts, asks: bool, now: datetime) -> None:
    """The place is theirs; with whom they waited for it is nobody's to know any longer."""
    await execute(
        """update enrolment set state = $2, offer_expires_at = null, confirmed_at = $3, only_waited = false,
                  together_id = null, place_since = case when participant_id is not null then $4::timestamptz end
           where id = $1""",
        facts.enrolment_id,
        "preliminary" if asks else "confirmed",
        None if asks else now,
        now,
    )
    await note_event(facts.enrolment_id, "accepted", now)
    await audit.note("enrolment:accept_offer", f"cohort/{facts.cohort_id}", None, now)
    await tell("place_held" if asks else "place_confirmed", facts.enrolment_id)


async def expire_offers(keys: KeyFolder, now: datetime) -> int:
    """End offers that have run out and pass the places on; returns how many ended. Safe to run twice, and late."""
    ended = 0
    for enrolment_id, _ in await due_queries.overdue_offers(now):
        try:
            await end(enrolment_id, "expired", keys, now, _OFFERED, together=True)
        except Conflict:
            continue
        ended += 1
    return ended


async def end_all(cohort_id: int, now: datetime) -> None:
    """In the caller's transaction, when a cohort is cancelled: offers end, everybody keeps the page that says so. Study
    visits that were to come are held by nobody any more."""
    await execute(
        """update visit_slot set cancelled_at = $2, sequence = sequence + 1, revised_at = $2
           where cohort_id = $1 and cancelled_at is null and ends_at > $2""",
        cohort_id,
        now,
    )
    await end_offers(cohort_id, now)


async def end_rest(cohort_id: int, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock, when all that was left of it is cancelled for good: offers end,
    and so do the study visits to come, booked or not. Who waits is told that the queue is over, at once."""
    await cancel_coming(cohort_id, now)
    await end_offers(cohort_id, now)
    if await fetch("select 1 from enrolment where cohort_id = $1 and state = 'queued' limit 1", cohort_id):
        await jobs.put("queue_ended", {"cohort": cohort_id})


async def end_offers(cohort_id: int, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: who has an offer waits again."""
    await execute(
        """delete from seat where enrolment_id in (select id from enrolment where cohort_id = $1 and state = 'offered')""",
        cohort_id,
    )
    await execute(
        """with ended as (update enrolment set state = 'queued', offer_expires_at = null
                         where cohort_id = $1 and state = 'offered' returning id, turn)
           insert into queue_event (enrolment_id, at, kind) select id, $2, 'offer_ended' from ended order by turn""",
        cohort_id,
        now,
    )


async def visits_back(cohort_id: int, ended_at: datetime, now: datetime) -> None:
    """In the caller's transaction, when that a cohort was cancelled then (`end_all`) is taken back: its study visits are as
    before, and newer in every calendar. Those that were over stood there as cancelled with their cohort."""
    await execute(
        """update visit_slot
           set sequence = case when cancelled_at is null then sequence + 2 else greatest(sequence, 1) + 1 end,
               revised_at = $3, cancelled_at = null
           where cohort_id = $1 and (cancelled_at = $2 or cancelled_at is null)""",
        cohort_id,
        ended_at,
        now,
    )


async def close_gaps(cohort_id: int) -> None:
    """Give the held seats the lowest numbers, in their order, so that a lower maximum holds them all (DESIGN 3).

    In the caller's transaction, under the lock. One row at a time from the lowest: each moves to a number that is free,
    so no constraint is ever in the way.
    """
    seats = await fetch("select number from seat where cohort_id = $1 order by number", cohort_id)
    for wanted, seat in enumerate(seats, start=1):
        if seat["number"] != wanted:
            await execute(
                "update seat set number = $3 where cohort_id = $1 and number = $2", cohort_id, seat["number"], wanted
            )
