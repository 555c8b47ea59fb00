"""Moving somebody, with a place, an offer or a wait, to another cohort of the same programme."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from programmes.catalogue import queries as catalogue
from programmes.catalogue.edition_rules import asked_anew
from programmes.catalogue.rules import Outcome, Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchrow, fetchval, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.age_rules import age_unmet, as_judged, to_say_again
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving.transfer_rules import Move, Refused, There, decide_move
from programmes.enrolment.queries import EnrolmentFacts, Gate
from programmes.enrolment.queue import order_queries
from programmes.enrolment.queue.services import note_event, note_passed, pass_on, take_seat, tell
from programmes.enrolment.records.services import record_of
from programmes.enrolment.rules import ALIVE, Remaining, State, entry, still_to_do
from programmes.enrolment.visits.services import leave_slot

__all__ = ["Move", "Plan", "Refused", "plan", "transfer"]


@dataclass(frozen=True)
class Plan:
    """What would happen. `age_again`: the age was ticked for another first day, and is asked for on Min plats.

    `remaining` is what has to be done there before the place is confirmed. `asked` are conditions of the other edition,
    or that count to a later first day, that the person has to answer yes to before they are moved.
    """

    facts: EnrolmentFacts
    source: CohortFacts
    target: CohortFacts
    programme: Programme
    decided: Move | Refused
    age_again: bool
    first_day: date | None
    remaining: tuple[Remaining, ...]
    asked: tuple[str, ...]

    @property
    def seen(self) -> str:
        """What was shown, so that nothing else is done; empty when there is nothing to do."""
        return "" if isinstance(self.decided, Refused) else "+".join([self.decided.seen, *self.remaining, *self.asked])


async def plan(enrolment_id: uuid.UUID, to: int, keys: KeyFolder, now: datetime) -> Plan:
    """What would happen if somebody were moved now; nothing is.

    Raises:
        NotFound: no such enrolment or cohort, or one of another programme.
        Conflict: the enrolment is over.
    """
    async with transaction():
        return (await _plan(enrolment_id, to, keys, now))[0]


async def transfer(
    enrolment_id: uuid.UUID,
    to: int,
    seen: str,
    staff_id: int | None,
    keys: KeyFolder,
    now: datetime,
    met: Collection[str] = (),
) -> uuid.UUID | None:
    """Move somebody, who may do it on their own (no `staff_id`); returns the new enrolment. None, and nothing is changed,
    when it isn't as it was shown (`seen`), or when not everything that is asked anew was answered with yes (`met`).

    Code, contact and alias stay sealed as they are, under the same key; the form it began with, sent again, leads here.
    The seat that is left is passed on at once.

    Raises:
        NotFound: no such enrolment or cohort, or one of another programme.
        Conflict: the enrolment is over.
    """
    async with transaction():
        planned, gate = await _plan(enrolment_id, to, keys, now)
        if isinstance(planned.decided, Refused) or planned.seen != seen or not set(planned.asked) <= set(met):
            return None
        new = uuid.uuid4()
        await _write(planned, planned.decided, new, staff_id, now)
        if planned.decided.seat:
            await take_seat(gate, new, planned.decided.seat)
            await note_passed(planned.target.cohort_id, new, now)
        await _note(planned, planned.decided, new, staff_id, now)
        await pass_on(await queries.lock_gate(planned.source.cohort_id, now), now)
    return new


async def _gates(source: int, target: int, now: datetime) -> dict[int, Gate]:
    """Both locks, always in the order of the ids: two moves in opposite directions then never wait for each other."""
    return {cohort_id: await queries.lock_gate(cohort_id, now) for cohort_id in sorted((source, target))}


async def _plan(enrolment_id: uuid.UUID, to: int, keys: KeyFolder, now: datetime) -> tuple[Plan, Gate]:
    source_id = (await queries.enrolment(enrolment_id)).cohort_id
    if source_id == to:
        raise NotFound
    gate = (await _gates(source_id, to, now))[to]
    facts = await queries.enrolment(enrolment_id)
    source, target = await cohorts.by_id(source_id), await cohorts.by_id(to)
    if source.section != target.section or target.form not in {"group", "individual"}:
        raise NotFound
    if facts.state not in ALIVE or source.state == "closed":
        raise Conflict("enrolment_over")
    readings = await catalogue.readings(target.programme_id)
    programme = readings.in_force
    first = local_date(target.first_start or now) if target.first_start or target.unbooked else None
    refused = _refused(facts, as_judged(readings, facts.applied_at), gate, first, keys, now)
    decided = refused or await _decide(facts, gate, now)
    texts = await queries.texts_for(programme, local_date(now))
    has_seat = isinstance(decided, Move) and decided.seat is not None
    left = still_to_do(programme, _carried(facts), texts) if has_seat else ()
    on_the_day = to_say_again(facts, programme, first if target.first_start else None)
    anew = asked_anew(await catalogue.programme(source.programme_id), programme)
    # Staff ask the person: there is a yes before they are moved. An age is ticked by themselves.
    asked = (*anew, *sorted(on_the_day - {"age", "guardian_consent", *anew}))
    again = "age" in on_the_day
    return Plan(facts, source, target, programme, decided, again, first, left, asked), gate


def _refused(
    facts: EnrolmentFacts, programme: Programme, gate: Gate, first: date | None, keys: KeyFolder, now: datetime
) -> Refused | None:
    closed = entry(gate.entry, now)
    if closed is not None or first is None:
        return Refused(closed=closed)
    unmet = _too_young_or_old(facts, programme, first, keys)
    return Refused(unmet=unmet) if unmet else None


def _too_young_or_old(facts: EnrolmentFacts, programme: Programme, first: date, keys: KeyFolder) -> tuple[Outcome, ...]:
    """The age on the new first day, where a birth date is known. Elsewhere the person ticks it again."""
    if programme.age_asked != "birth_date":
        return ()
    record = record_of(facts, keys, "rule")
    born = date.fromisoformat(record.birth_date) if record and record.birth_date else None
    unmet = age_unmet(programme, born, first)
    return (unmet,) if unmet else ()


async def _decide(facts: EnrolmentFacts, gate: Gate, now: datetime) -> Move:
    line, turns = await order_queries.line(gate.cohort_id, now), await order_queries.taken_turns(gate.cohort_id)
    arrivals: int = await fetchval("select arrivals from cohort where id = $1", gate.cohort_id)
    kept = await first_right_queries.kept_for_others(facts, gate)
    return decide_move(There(gate.maximum, gate.taken, line, turns, kept), facts.applied_at, arrivals + 1)


def _carried(facts: EnrolmentFacts) -> EnrolmentFacts:
    """What somebody brings along: a visit that was made and texts that were accepted; a booked visit is of the old start."""
    return replace(facts, visit=facts.visit if facts.visit and facts.visit.state == "attended" else None)


def _state(planned: Plan, move: Move) -> State:
    if move.seat is None:
        return "queued"
    return "preliminary" if planned.remaining else "confirmed"


async def _write(planned: Plan, move: Move, new: uuid.UUID, staff_id: int | None, now: datetime) -> None:
    """The old enrolment lets go of all that opens or names anything, and the new one takes it over."""
    old = planned.facts.enrolment_id
    kept = await fetchrow(
        "select code_digest, once_digest, language, proof_checked_by, proof_checked_at from enrolment where id = $1", old
    )
    assert kept is not None
    await _let_go(old, now)
    await _take_over(planned, move, new, kept, now)
    await leave_slot(old, now, staff_id)
    await _bring_along(old, new, planned.programme.study_visit, now)
    await execute(
        """insert into condition_met (enrolment_id, condition, met_at, counted_for)
           select $1, c, $3, case when c = any($4::text[]) then $5::date end from unnest($2::text[]) c
           on conflict (enrolment_id, condition) do update set met_at = $3, counted_for = excluded.counted_for""",
        new,
        list(planned.asked),
        now,
        sorted(planned.programme.counted_to_first_day),
        planned.first_day,
    )


async def _let_go(old: uuid.UUID, now: datetime) -> None:
    """Who only waited there leaves nothing behind that names them; who had a place is documented as having had it."""
    await execute("delete from seat where enrolment_id = $1", old)
    await execute("delete from can_then where enrolment_id = $1", old)
    await execute(
        """update enrolment set state = 'transferred', ended_at = $2, offer_expires_at = null, sealed = null, key_id = null,
                  code_digest = null, once_digest = null, skip_reason = null,
                  together_id = null, partner_consent = null, contact_bounced = false,
                  participant_id = case when only_waited then null else participant_id end,
                  proof_checked_at = case when only_waited then null else proof_checked_at end,
                  proof_checked_by = case when only_waited then null else proof_checked_by end
           where id = $1""",
        old,
        now,
    )


async def _take_over(planned: Plan, move: Move, new: uuid.UUID, kept: asyncpg.Record, now: datetime) -> None:
    facts, state = planned.facts, _state(planned, move)
    await execute(
        """with arrival as (update cohort set arrivals = arrivals + 1 where id = $2 returning arrivals)
           insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, order_reason, applied_at,
                                  confirmed_at, key_id, sealed, code_digest, proof_checked_at, proof_checked_by,
                                  proof_ticked, guardian_ticked, partner_consent, language, declared_for, only_waited,
                                  once_digest, visit_cancelled_at, place_since, consent_withdrawn_at,
                                  contact_bounced)
           select $1, $2, $3, $4, arrivals, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                  $22, $23, $24 from arrival""",
        new,
        planned.target.cohort_id,
        facts.participant_id,
        state,
        move.turn.turn,
        move.turn.reason,
        facts.applied_at,
        now if state == "confirmed" else None,
        facts.key_id,
        facts.sealed,
        kept["code_digest"],
        kept["proof_checked_at"],
        kept["proof_checked_by"],
        facts.proof_ticked,
        facts.guardian_ticked,
        facts.partner_consent,
        kept["language"],
        facts.declared_for if facts.participant_id is None else planned.first_day,
        facts.only_waited and state == "queued",
        kept["once_digest"],
        facts.visit_cancelled_at,
        now if facts.participant_id is not None and state != "queued" else None,
        facts.consent_withdrawn_at,
        facts.contact_bounced,
    )


async def _bring_along(old: uuid.UUID, new: uuid.UUID, visits: bool, now: datetime) -> None:
    await execute("update place_session set enrolment_id = $2 where enrolment_id = $1", old, new)
    await execute("update partner_record set enrolment_id = $2 where enrolment_id = $1", old, new)
    if visits:
        # The same row, so that it takes no second place of its slot.
        await execute(
            "update study_visit set enrolment_id = $2 where enrolment_id = $1 and state in ('attended', 'booked')", old, new
        )
    await execute(
        """insert into agreement (enrolment_id, text_id, accepted_at, how)
           select $2, text_id, accepted_at, how from agreement where enrolment_id = $1""",
        old,
        new,
    )
    await execute(
        """insert into condition_met (enrolment_id, condition, met_at, counted_for)
           select $2, condition, case when condition = 'age' then $3 else met_at end, counted_for
           from condition_met where enrolment_id = $1""",
        old,
        new,
        now,
    )


async def _note(planned: Plan, move: Move, new: uuid.UUID, staff_id: int | None, now: datetime) -> None:
    arrival = Decimal(await fetchval("select arrival from enrolment where id = $1", new))
    turns = (arrival, move.turn.turn) if move.turn.reason else (None, None)
    await note_event(planned.facts.enrolment_id, "moved_away", now, staff_id)
    await note_event(new, "moved_here" if move.seat else "moved_here_queue", now, staff_id, turns=turns)
    await audit.note("enrolment:transferred", f"cohort/{planned.source.cohort_id}", staff_id, now)
    await audit.note("enrolment:received", f"cohort/{planned.target.cohort_id}", staff_id, now)
    # Who moved on their own reads what one reads who has just applied there.
    await tell("place_moved" if staff_id else "place_held" if move.seat else "queued", new)
