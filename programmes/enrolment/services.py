"""Applying, leaving, and passing places on. Each use case is one transaction under the cohort's lock."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

from programmes.catalogue.rules import Answers, Outcome, Programme, check
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.codes import digest, new_code, new_token
from programmes.core.db import execute, fetch, fetchrow, transaction
from programmes.core.erasure import destroy_key
from programmes.core.errors import CannotGoOn, Conflict, NotFound
from programmes.core.i18n import Language
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.enrolment.key_services import Made, discard, discard_if_unused
from programmes.enrolment.queue_rules import ENDED_AS
from programmes.enrolment.queue_services import note_event, pass_on, take_seat, tell
from programmes.enrolment.rules import (
    ALIVE,
    Applied,
    NotOpen,
    StaffEnding,
    State,
    asks_for_more,
    decide_application,
    entry,
    still_to_do,
    ways_to_end,
)
from programmes.enrolment.visit_services import leave_slot
from programmes.people import records
from programmes.people.records import PersonRecord


@dataclass(frozen=True)
class Application:
    """What somebody applies with. `once` is the form's once-number; `record` is None for identity-exempt programmes.

    `among_many`: it came among many at once from one address. In an exempt programme it then waits until somebody says
    that they come; it is never refused.
    """

    cohort_id: int
    first_session: date
    answers: Answers
    once: str
    alias: str = ""
    contact: str = ""
    record: PersonRecord | None = None
    protected: bool = False
    language: Language = "sv"
    staff_id: int | None = None
    among_many: bool = False


@dataclass(frozen=True)
class Taken:
    """Kept: `held` says whether a seat is held, else the person queues. `token` opens Min plats in this browser."""

    enrolment_id: uuid.UUID
    held: bool
    token: str
    repeated: bool = False


@dataclass(frozen=True)
class Refused:
    """Every condition that is not met, or that entry is closed. Nothing has been written."""

    outcomes: tuple[Outcome, ...] = ()
    closed: NotOpen | None = None


@dataclass(frozen=True)
class _Draft:
    """An application with the ids and keys that were made for it before the transaction began."""

    application: Application
    enrolment_id: uuid.UUID
    key_id: uuid.UUID
    person_id: uuid.UUID | None
    code: str
    token: str = field(default_factory=new_token)


async def not_open(cohort_id: int, now: datetime) -> NotOpen | None:
    """Why nobody can enter now, or None, for showing; the answer that counts is given under the lock. Raises NotFound."""
    return entry(await queries.entry_facts(cohort_id), now)


async def apply(application: Application, programme: Programme, keys: KeyFolder, now: datetime) -> Taken | Refused:
    """Check every condition and take a place or a place in the queue.

    Sent again with the same once-number it gives the same place. The keys are on disk before the rows commit.

    Raises:
        NotFound: no such cohort.
    """
    if programme.form not in {"group", "individual"}:
        raise NotFound
    outcomes = check(programme, application.answers, application.first_session)
    unmet = tuple(outcome for outcome in outcomes if not outcome.met)
    if unmet:
        return Refused(unmet)
    person_id = keys.create("person") if application.record is not None else None
    draft = _Draft(application, uuid.uuid4(), keys.create("entry"), person_id, new_code())
    made: Made = (("entry", draft.key_id), ("person", person_id)) if person_id else (("entry", draft.key_id),)
    try:
        async with transaction():
            answer = await _take(draft, programme, outcomes, keys, now)
    except CannotGoOn:
        discard(made, keys)
        raise
    except BaseException:
        # The rows may be there: the answer to COMMIT can be lost.
        await discard_if_unused(application.cohort_id, made, keys)
        raise
    if isinstance(answer, Refused) or answer.repeated:
        discard(made, keys)
    return answer


async def _take(
    draft: _Draft, programme: Programme, outcomes: list[Outcome], keys: KeyFolder, now: datetime
) -> Taken | Refused:
    application = draft.application
    gate = await queries.lock_gate(application.cohort_id, now)
    once = queries.once_digest(application.cohort_id, application.once)
    earlier = await fetchrow("select id, state from enrolment where once_digest = $1", once)
    if earlier is not None:
        await place_services.open_session(earlier["id"], draft.token, now)
        return Taken(earlier["id"], earlier["state"] != "queued", draft.token, repeated=True)
    closed = entry(gate.entry, now)
    if closed is not None:
        return Refused(closed=closed)
    asks = asks_for_more(programme, application.answers.guardian_consent)
    asked_to_come = application.among_many and programme.exempt
    waits = gate.someone_waits or asked_to_come
    decided = decide_application(gate.taken, gate.maximum, waits, asks)
    if application.record is not None and draft.person_id is not None:
        await records.keep(application.record, application.protected, keys, draft.person_id, now)
    state = "queued" if not isinstance(decided, Applied) else "confirmed" if decided.confirmed else "preliminary"
    await _write_enrolment(draft, state, asked_to_come, keys, now)
    if isinstance(decided, Applied):
        await take_seat(gate, draft.enrolment_id, decided.seat)
    met = [outcome.condition for outcome in outcomes if outcome.code == "met"]
    await execute(
        "insert into condition_met (enrolment_id, condition, met_at) select $1, unnest($2::text[]), $3",
        draft.enrolment_id,
        met,
        now,
    )
    await place_services.open_session(draft.enrolment_id, draft.token, now)
    held = isinstance(decided, Applied)
    await audit.note("enrolment:apply", f"cohort/{gate.cohort_id}", application.staff_id, now)
    await tell("place_held" if held else "queued", draft.enrolment_id)
    return Taken(draft.enrolment_id, held, draft.token)


async def _write_enrolment(draft: _Draft, state: str, asked_to_come: bool, keys: KeyFolder, now: datetime) -> None:
    application = draft.application
    kept = {"code": draft.code}
    if application.record is None:
        kept |= {"alias": application.alias, "contact": application.contact}
    await execute(
        """with arrival as (update cohort set arrivals = arrivals + 1 where id = $2 returning arrivals),
           made as (
               insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, applied_at, confirmed_at, key_id,
                                      sealed, code_digest, once_digest, guardian_ticked, partner_consent, language,
                                      declared_for, only_waited, place_since, asked_to_come)
               select $1, $2, $3, $4, arrivals, arrivals, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17,
                      $18 from arrival
               returning id, applied_at, only_waited)
           insert into queue_event (enrolment_id, at, kind, staff_id)
           select id, applied_at, case when only_waited then 'applied_queue' else 'applied' end, $16 from made""",
        draft.enrolment_id,
        application.cohort_id,
        draft.person_id,
        state,
        now,
        now if state == "confirmed" else None,
        draft.key_id,
        keys.seal("entry", draft.key_id, json.dumps(kept)),
        digest(draft.code),
        queries.once_digest(application.cohort_id, application.once),
        application.answers.guardian_consent,
        application.answers.declarations.get("partner_contact"),
        application.language,
        application.first_session,
        state == "queued",
        application.staff_id,
        now if application.record is not None and state != "queued" else None,
        asked_to_come,
    )


async def declare_again(
    enrolment_id: uuid.UUID, answers: Answers, programme: Programme, first_session: date, now: datetime
) -> tuple[Outcome, ...]:
    """Tick the age again after the first session moved (promise 2). Returns what does not hold; then nothing is changed.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over.
    """
    outcomes = [o for o in check(programme, answers, first_session) if o.condition in {"age", "guardian_consent"}]
    unmet = tuple(outcome for outcome in outcomes if not outcome.met)
    if unmet:
        return unmet
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        if (await queries.enrolment(enrolment_id)).state not in ALIVE:
            raise Conflict("enrolment_over")
        await execute(
            "update enrolment set declared_for = $2, guardian_ticked = $3 where id = $1",
            enrolment_id,
            first_session,
            answers.guardian_consent,
        )
    return ()


async def leave(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """Leave for good, from a place, an offer or the queue. What was written goes at once, and the next in the queue is
    offered the place. No reason is asked. `leaving_services.leave` can be undone.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over already.
    """
    await end(enrolment_id, "withdrawn", keys, now, ALIVE)


async def decline_offer(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """Say no to an offered place. Raises NotFound, Conflict (there is no offer any more)."""
    await end(enrolment_id, "declined", keys, now, frozenset({"offered"}))


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
        if facts.state in ALIVE and outcome not in ways_to_end(facts.state, cohort.first_start, now):
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
) -> None:
    """End somebody's way, whatever the reason: what was written goes, and the place goes to who has waited longest.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is not in one of the states that this may end.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state not in allowed:
            raise Conflict("enrolment_over")
        await step_down(facts, state, now)
        await forget(facts, state, keys, now)
        await note_event(enrolment_id, ENDED_AS[state], now, staff_id)
        await audit.note(f"enrolment:{state}", f"cohort/{facts.cohort_id}", staff_id, now)
        if facts.participant_id is not None:
            # A working list's key goes at once, and with it the way to its person; a protected record remains (DESIGN 6).
            await _tell_ended(facts, state, staff_id)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)


async def _tell_ended(facts: queries.EnrolmentFacts, state: State, staff_id: int | None) -> None:
    """That an offer or a place ran out, or that staff ended it; what people do themselves, or know, isn't told again."""
    if facts.state in {"offered", "preliminary"} and state == "expired":
        await tell("offer_expired" if facts.state == "offered" else "place_expired", facts.enrolment_id)
    elif staff_id is not None:
        await tell("place_left", facts.enrolment_id)


async def step_down(facts: queries.EnrolmentFacts, state: State, now: datetime) -> None:
    """In the caller's transaction, under the lock: the way ends. Seat, booked visit and once-number go, so that the form
    it was sent with can be used again."""
    await execute("delete from seat where enrolment_id = $1", facts.enrolment_id)
    await leave_slot(facts.enrolment_id, now)
    await execute(
        "update enrolment set state = $2, ended_at = $3, offer_expires_at = null, once_digest = null where id = $1",
        facts.enrolment_id,
        state,
        now,
    )


async def forget(facts: queries.EnrolmentFacts, state: State, keys: KeyFolder, now: datetime) -> None:
    """In the caller's transaction: what was written, the code, open pages and the key of a way that has ended go."""
    await execute("delete from place_session where enrolment_id = $1", facts.enrolment_id)
    await execute("update enrolment set sealed = null, key_id = null, code_digest = null where id = $1", facts.enrolment_id)
    if facts.key_id is not None:
        await destroy_key(keys, "entry", facts.key_id, f"enrolment:{state}", now)


async def accept_offer(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    """Say yes to an offered place: it becomes preliminary, or confirmed when nothing more is asked for.

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
        asks = bool(still_to_do(programme, facts, await queries.texts_for(programme, local_date(now))))
        await execute(
            """update enrolment set state = $2, offer_expires_at = null, confirmed_at = $3, only_waited = false,
                      place_since = case when participant_id is not null then $4::timestamptz end
               where id = $1""",
            enrolment_id,
            "preliminary" if asks else "confirmed",
            None if asks else now,
            now,
        )
        await note_event(enrolment_id, "accepted", now)
        await audit.note("enrolment:accept_offer", f"cohort/{facts.cohort_id}", None, now)
        await tell("place_held" if asks else "place_confirmed", enrolment_id)


async def expire_offers(keys: KeyFolder, now: datetime) -> int:
    """End offers that have run out and pass the places on; returns how many ended. Safe to run twice, and late."""
    ended = 0
    for enrolment_id, _ in await queries.overdue_offers(now):
        try:
            await end(enrolment_id, "expired", keys, now, frozenset({"offered"}))
        except Conflict:
            continue
        ended += 1
    return ended


async def end_all(cohort_id: int, now: datetime) -> None:
    """In the caller's transaction, when a cohort is cancelled: offers end, everybody keeps the page that says so."""
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
