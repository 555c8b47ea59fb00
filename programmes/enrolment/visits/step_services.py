"""The steps between a preliminary and a confirmed place: study visit, conditions and rules."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchrow, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.rules import HOLDING, Visit, must_show_age, still_to_do, unaccepted
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts.services import add_text
from programmes.enrolment.visits.rules import marking, seen_visit
from programmes.enrolment.visits.services import leave_slot, to_book_anew
from programmes.enrolment.visits.slot_services import add_slot

__all__ = [
    "accept_texts",
    "add_slot",
    "add_text",
    "book_visit",
    "locked",
    "mark_visit",
    "note_proof",
    "settle",
    "unconfirm",
    "wish_to_go_on",
]


async def locked(enrolment_id: uuid.UUID, now: datetime) -> queries.EnrolmentFacts:
    """In the caller's transaction: the enrolment, read under its cohort's lock. Raises NotFound; Conflict when it holds no
    seat."""
    await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
    facts = await queries.enrolment(enrolment_id)
    if facts.state not in HOLDING:
        raise Conflict("enrolment_over")
    return facts


async def book_visit(
    enrolment_id: uuid.UUID, slot_id: int, now: datetime, staff_id: int | None = None, seen: str = ""
) -> None:
    """Book a study visit, or change to another; `staff_id` does it for somebody, who is told. It never costs the place.
    `seen` is the visit that the form was shown for (`visit_rules.seen_visit`), where it says so.

    Raises:
        NotFound: no such enrolment.
        Conflict: `visit_full`, there is no such slot, or it is full or over; `visit_done`, the visit has been made;
            `visit_changed`, another was booked, or it was noted what became of it, since the form was shown;
            `enrolment_over`.
    """
    async with transaction():
        facts = await locked(enrolment_id, now)
        if facts.visit and facts.visit.state == "attended":
            raise Conflict("visit_done")
        # Where nothing is booked any more nothing is lost by booking, whatever the page showed.
        if facts.visit and facts.visit.state != "cancelled" and facts.visit.slot_id != slot_id:
            _as_seen(facts, seen)
        slot = await fetchrow(
            """select starts_at, capacity, (select count(*) from study_visit v where v.slot_id = s.id
                                            and v.enrolment_id <> $3) as booked
               from visit_slot s where s.id = $1 and s.cohort_id = $2 and s.cancelled_at is null""",
            slot_id,
            facts.cohort_id,
            enrolment_id,
        )
        if slot is None or slot["starts_at"] <= now or slot["booked"] >= slot["capacity"]:
            raise Conflict("visit_full")
        if facts.visit and facts.visit.slot_id != slot_id:
            await leave_slot(enrolment_id, now, staff_id)
        await execute(
            """insert into study_visit (slot_id, enrolment_id, state, booked_at) values ($1, $2, 'booked', $3)
               on conflict (enrolment_id) do update
               set slot_id = $1, state = 'booked', booked_at = $3, marked_at = null, person_goes_on = null,
                   staff_goes_on = null""",
            slot_id,
            enrolment_id,
            now,
        )
        if staff_id is not None:
            await audit.note("visit:book", f"enrolment/{enrolment_id}", staff_id, now)
            booked_already = facts.visit and facts.visit.state == "booked" and facts.visit.slot_id == slot_id
            if not booked_already:
                await jobs.put("visit_booked", {"enrolment": str(enrolment_id)})


async def mark_visit(
    enrolment_id: uuid.UUID,
    state: Literal["attended", "missed"],
    staff_id: int,
    programme: Programme,
    now: datetime,
    person_goes_on: bool = True,
    staff_goes_on: bool = True,
    correcting: bool = False,
    seen: str = "",
) -> None:
    """Staff note that the visit was made or missed and, once made, whether each side wishes to go on; nothing else.

    A no costs nothing by itself: the place is left by the person, or ended by staff, in a step of its own. Of a confirmed
    place it is a correction, which has to be meant (`correcting`): the place is kept, and is preliminary until everything
    is done again; the person is told. What is noted already changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `no_visit`, none is booked, or it is cancelled; `visit_not_yet`, it has not begun; `visit_confirmed`, the
            place is confirmed and no correction was meant; `visit_settled`, it is, and it has started; `visit_changed`, it
            is no longer as it was `seen`; `enrolment_over`.
    """
    wishes = (person_goes_on, staff_goes_on) if state == "attended" else (None, None)
    async with transaction():
        facts = await locked(enrolment_id, now)
        first_start = (await cohorts.by_id(facts.cohort_id)).first_start
        allowed = marking(facts.state, facts.visit, first_start, now)
        if facts.state == "confirmed" and _noted(facts.visit) == (state, *wishes):
            return
        if _noted(facts.visit) != (state, *wishes) and facts.state != "confirmed":
            _as_seen(facts, seen)
        if allowed not in {"open", "correction"}:
            raise Conflict(allowed)
        if allowed == "correction" and not correcting:
            raise Conflict("visit_confirmed")
        await execute(
            """update study_visit set state = $2, marked_at = $3, person_goes_on = $4, staff_goes_on = $5
               where enrolment_id = $1""",
            enrolment_id,
            state,
            now,
            *wishes,
        )
        if state == "missed" and facts.visit and facts.visit.state != "missed":
            await to_book_anew(enrolment_id, now)
        await audit.note(f"visit:{state}", f"enrolment/{enrolment_id}", staff_id, now)
        await _preliminary_again(enrolment_id, now)
        await _confirm_if_done(enrolment_id, programme, now)


def _as_seen(facts: queries.EnrolmentFacts, seen: str) -> None:
    """Raises Conflict: the visit is no longer as a form showed it. A form that doesn't say so is an older one."""
    if seen and seen != seen_visit(facts.visit):
        raise Conflict("visit_changed")


def _noted(visit: Visit | None) -> tuple[object, ...]:
    """What is noted of a visit: what became of it, and who wishes to go on, the person first."""
    return () if visit is None else (visit.state, visit.person_goes_on, visit.staff_goes_on)


async def _preliminary_again(enrolment_id: uuid.UUID, now: datetime) -> None:
    """A confirmed place of which something is left to do after all. It is kept, and whoever has to book a visit anew has
    as much time for it as somebody whose place is new."""
    facts = await queries.enrolment(enrolment_id)
    if facts.state != "confirmed" or (facts.visit and facts.visit.state == "attended" and facts.visit.goes_on):
        return
    await unconfirm(enrolment_id, now)


async def unconfirm(enrolment_id: uuid.UUID, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: a confirmed place is kept, and preliminary again; the person is
    told."""
    await execute(
        """update enrolment set state = 'preliminary', confirmed_at = null,
                  place_since = case when participant_id is not null then $2::timestamptz end where id = $1""",
        enrolment_id,
        now,
    )
    # Of somebody whom nobody documents no row says since when, which would tell this message from the first.
    await jobs.put("place_held", {"enrolment": str(enrolment_id), "event": str(uuid.uuid4())})


async def wish_to_go_on(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    """After a no the person says that they wish to go on after all. Again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `visit_first`, no visit has been made; `enrolment_over`.
    """
    async with transaction():
        facts = await locked(enrolment_id, now)
        if facts.visit is None or facts.visit.state != "attended":
            raise Conflict("visit_first")
        await execute("update study_visit set person_goes_on = true where enrolment_id = $1", enrolment_id)
        await _confirm_if_done(enrolment_id, programme, now)


async def accept_texts(
    enrolment_id: uuid.UUID,
    text_ids: Sequence[int],
    programme: Programme,
    how: Literal["screen", "paper"],
    now: datetime,
    staff_id: int | None = None,
) -> None:
    """Accept the versions that were shown, then confirm the place if nothing is left.

    Who is confirmed accepts what they are asked for anew, and stays confirmed. What was accepted before is not asked for
    again, and sent again it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `texts_changed`, the versions shown are not the newest; `visit_first`; `not_going_on`, after
            the visit one side has said no; `enrolment_over`.
    """
    async with transaction():
        facts = await locked(enrolment_id, now)
        if text_ids and facts.accepted.issuperset(text_ids):
            return
        newest = await _asked_for(facts, programme, now)
        if not newest or {text.text_id for text in newest} != set(text_ids) - facts.accepted:
            raise Conflict("texts_changed")
        if facts.state != "confirmed":
            _after_the_visit(facts, programme)
        await execute(
            """insert into agreement (enrolment_id, text_id, accepted_at, how) select $1, unnest($2::int[]), $3, $4
               on conflict do nothing""",
            enrolment_id,
            list(text_ids),
            now,
            how,
        )
        await execute("update study_visit set person_goes_on = true where enrolment_id = $1", enrolment_id)
        await audit.note(f"agreement:{how}", f"enrolment/{enrolment_id}", staff_id, now)
        await _confirm_if_done(enrolment_id, programme, now)


async def _asked_for(
    facts: queries.EnrolmentFacts, programme: Programme, now: datetime
) -> tuple[queries.AgreementText, ...]:
    """The texts that somebody is asked to accept: the newest in force that they have not; of who is confirmed, the new
    versions."""
    if facts.state != "confirmed":
        return unaccepted(facts, await queries.texts_for(programme, local_date(now)))
    first_start = (await cohorts.by_id(facts.cohort_id)).first_start
    return await agreement_queries.to_accept_again(programme, facts, first_start, local_date(now))


def _after_the_visit(facts: queries.EnrolmentFacts, programme: Programme) -> None:
    """Raises Conflict: the visit has not been made, or afterwards one side has said no."""
    if programme.study_visit and (facts.visit is None or facts.visit.state != "attended"):
        raise Conflict("visit_first")
    if facts.visit is not None and not facts.visit.goes_on:
        raise Conflict("not_going_on")


async def _confirm_if_done(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    facts = await queries.enrolment(enrolment_id)
    texts = await queries.texts_for(programme, local_date(now))
    if facts.state != "preliminary" or still_to_do(programme, facts, texts):
        return
    await execute("update enrolment set state = 'confirmed', confirmed_at = $2 where id = $1", enrolment_id, now)
    await jobs.put("place_confirmed", {"enrolment": str(enrolment_id)})


async def settle(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: a guardian's consent was said anew. A place is confirmed when
    that was all that was left; one that is has its age to show where nobody consents any more (2.10), and is preliminary
    until then. The person is told either way."""
    facts = await queries.enrolment(enrolment_id)
    if facts.state == "confirmed" and must_show_age(programme, facts.guardian_ticked) and not facts.proof_ticked:
        await unconfirm(enrolment_id, now)
    await _confirm_if_done(enrolment_id, programme, now)


async def note_proof(enrolment_id: uuid.UUID, staff_id: int, programme: Programme, now: datetime) -> None:
    """That identity or age was shown: when and by whom, never a copy. For exempt programmes only that it was: no moment,
    nobody's name, and no trace elsewhere (DESIGN 3).

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over.
    """
    async with transaction():
        facts = await locked(enrolment_id, now)
        if facts.participant_id is None:
            await execute("update enrolment set proof_ticked = true where id = $1", enrolment_id)
            await _confirm_if_done(enrolment_id, programme, now)
            return
        await execute(
            "update enrolment set proof_checked_at = $2, proof_checked_by = $3 where id = $1", enrolment_id, now, staff_id
        )
        await audit.note("proof:checked", f"enrolment/{enrolment_id}", staff_id, now)
