"""Applying: a place, or a place in the queue, for one person or for siblings in one form. One transaction a form."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from programmes.catalogue.condition_rules import check
from programmes.catalogue.rules import Outcome, Programme
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.codes import digest, new_code, new_token
from programmes.core.db import execute, transaction
from programmes.core.errors import CannotGoOn, NotFound
from programmes.core.jobs import put
from programmes.core.sealing import KeyFolder
from programmes.enrolment import browser_queries, code_queries, place_services, queries
from programmes.enrolment.application_check_services import Application, Refused, spreads, unmet_of, wrong_of
from programmes.enrolment.browser_rules import Browser, unused
from programmes.enrolment.queue.services import note_event, note_passed, take_seat, tell
from programmes.enrolment.records.key_services import Made, discard, discard_if_unused
from programmes.enrolment.records.protection_services import ask_elsewhere
from programmes.enrolment.records.services import record_of
from programmes.enrolment.rules import ALIVE, Applied, Queued, asks_for_more, entry
from programmes.enrolment.together.rules import decide_together
from programmes.people import records


@dataclass(frozen=True)
class Taken:
    """Kept: `held` says whether a seat is held, else the person queues. `token` opens Min plats in this browser."""

    enrolment_id: uuid.UUID
    held: bool
    token: str
    repeated: bool = False


@dataclass(frozen=True)
class _Draft:
    """An application with the ids and keys that were made for it before the transaction began."""

    application: Application
    outcomes: Sequence[Outcome]
    enrolment_id: uuid.UUID
    key_id: uuid.UUID
    person_id: uuid.UUID | None
    code: str = field(default_factory=new_code)
    token: str = field(default_factory=new_token)
    mark: bytes | None = None

    @property
    def unmet(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.met)

    @property
    def made(self) -> Made:
        entry_key: Made = (("entry", self.key_id),)
        return (*entry_key, ("person", self.person_id)) if self.person_id else entry_key


async def apply(application: Application, programme: Programme, keys: KeyFolder, now: datetime) -> Taken | Refused:
    """Check every condition and take a place or a place in the queue.

    Sent again with the same once-number it gives the same place, whatever has changed since: readings, days, or that nobody
    can enter any more. The keys are on disk before the rows commit.

    Raises:
        NotFound: no such cohort.
    """
    answer = await apply_all((application,), programme, keys, now)
    return answer if isinstance(answer, Refused) else answer[0]


async def apply_all(
    applications: Sequence[Application],
    programme: Programme,
    keys: KeyFolder,
    now: datetime,
    together: bool = False,
    browser: Browser | None = None,
) -> tuple[Taken, ...] | Refused:
    """The same for all of one form, of one cohort and each with a once-number: every condition of everybody first, then
    the places in the order of the form. `together`: all of them get a place, or all of them wait for as many. `browser`: the
    one that the form came from, where people send it themselves.

    Raises:
        NotFound: no such cohort.
    """
    if programme.form not in {"group", "individual"}:
        raise NotFound
    wrong = [await wrong_of(one, programme, now) for one in applications]
    if any(wrong):
        return Refused(wrong=tuple(wrong))
    checked = [check(programme, one.answers, one.first_session) for one in applications]
    if any(unmet := await unmet_of(applications, checked)):
        return Refused(unmet)
    drafts = [_draft(one, outcomes, keys) for one, outcomes in zip(applications, checked, strict=True)]
    made = [key for draft in drafts for key in draft.made]
    try:
        async with transaction():
            if any(spreads(one) for one in applications):
                await records.lock_numbers()
            answer = await _take_all(drafts, programme, keys, now, together, browser or Browser())
    except CannotGoOn:
        discard(made, keys)
        raise
    except BaseException:
        # The rows may be there: the answer to COMMIT can be lost.
        await discard_if_unused(applications[0].cohort_id, made, keys)
        raise
    if isinstance(answer, Refused):
        discard(made, keys)
        return answer
    for draft, taken in zip(drafts, answer, strict=True):
        if taken.repeated:
            discard(draft.made, keys)
    return answer


def _draft(application: Application, outcomes: Sequence[Outcome], keys: KeyFolder) -> _Draft:
    person_id = keys.create("person") if application.record is not None else None
    return _Draft(application, outcomes, uuid.uuid4(), keys.create("entry"), person_id)


async def _take_all(
    drafts: Sequence[_Draft], programme: Programme, keys: KeyFolder, now: datetime, together: bool, browser: Browser
) -> tuple[Taken, ...] | Refused:
    gate = await queries.lock_gate(drafts[0].application.cohort_id, now)
    # Under the lock: a tab that was sent at the same instant has been heard, or waits for this one.
    known = await browser_queries.known(browser, [_once(draft) for draft in drafts], gate.cohort_id, now)
    answers = {draft.enrolment_id: await _sent_before(draft, known.sent, keys, now) for draft in drafts}
    if any(answer == "for_another" for answer in answers.values()):
        return Refused(sent_for_another=True)
    new = [draft for draft in drafts if answers[draft.enrolment_id] is None]
    if new:
        sent = [one for one in answers.values() if isinstance(one, Taken)]
        refused = _not_now(new, sent, gate, now, together)
        if refused is not None:
            return refused
        if known.taken - browser.said - {one.enrolment_id for one in sent}:
            return Refused(open_already=True)
        marks = unused(browser.marks, known.used, len(new))
        new = [replace(draft, mark=mark) for draft, mark in zip(new, marks, strict=True)]
        answers |= await _take_new(new, gate, programme, keys, now, together)
    return tuple(taken for taken in answers.values() if isinstance(taken, Taken))


def _not_now(
    new: Sequence[_Draft], sent: Sequence[Taken], gate: queries.Gate, now: datetime, together: bool
) -> Refused | None:
    """Why those who are `new` on a form can't be let in now, or None; `sent` are those of it who were before."""
    closed = entry(gate.entry, now)
    if closed is not None:
        return Refused(closed=closed)
    # Where no talk is booked yet age counts today, and on the first one's day once it is (decision 28).
    counted_on = local_date(gate.first_start or now)
    if any(draft.application.first_session != counted_on for draft in new):
        return Refused(moved=True)
    if any(draft.unmet for draft in new):
        # It was received, and has been left since.
        return Refused(tuple(draft.unmet for draft in new))
    if together and len(new) + len(sent) > gate.maximum:
        return Refused(too_many=True)
    # Who was sent before has a place, or a turn of their own that nobody who comes later shares: that is asked about.
    at_once = not gate.someone_waits and len(gate.not_for_newcomers) + len(new) <= gate.maximum
    asked = any(draft.application.among_many for draft in new)
    parted = bool(sent) and not (at_once and not asked and all(one.held for one in sent))
    return Refused(added_later=True) if together and parted else None


def _once(draft: _Draft) -> bytes:
    return code_queries.once_digest(draft.application.cohort_id, draft.application.once)


async def _sent_before(
    draft: _Draft, sent: Mapping[bytes, uuid.UUID], keys: KeyFolder, now: datetime
) -> Taken | Literal["for_another"] | None:
    earlier = sent.get(_once(draft))
    if earlier is None:
        return None
    facts = await queries.enrolment(earlier)
    if facts.state not in ALIVE:
        # Left or turned down, and not yet for good: what is sent now is a new application; undoing gives no form back.
        await execute("update enrolment set once_digest = null where id = $1", earlier)
        return None
    if not _same_person(facts, draft.application, keys):
        return "for_another"
    await _keep_protection(facts, draft.application, keys, now)
    await place_services.open_session(earlier, draft.token, now)
    return Taken(earlier, facts.state != "queued", draft.token, repeated=True)


def _same_person(facts: queries.EnrolmentFacts, application: Application, keys: KeyFolder) -> bool:
    """Whether a form that is sent again says the same name. What can't be read any more is left as it is."""
    if application.record is None:
        return place_services.unseal(facts, keys).alias == application.alias
    record = record_of(facts, keys, "same_form")
    sent = application.record
    return record is None or (record.name, record.birth_date) == (sent.name, sent.birth_date)


async def _keep_protection(facts: queries.EnrolmentFacts, application: Application, keys: KeyFolder, now: datetime) -> None:
    """A form that is sent again says that the identity is protected, and the first did not: two sent at once come in any
    order, and whoever forgot to tick it sends it once more. It is kept, and what then is not kept goes, never the reverse.
    """
    if not application.protected or facts.protected or facts.participant_id is None:
        return
    record = record_of(facts, keys, "same_form")
    if record is None:
        return
    await records.change(record, True, keys, facts.participant_id, now)
    await audit.note("person:correct", f"participant/{facts.participant_id}", application.staff_id, now)
    await put("person_protected", {"enrolment": str(facts.enrolment_id), "person": str(facts.participant_id)})
    if application.staff_id is not None and spreads(application):
        await ask_elsewhere(facts.participant_id, application.staff_id, keys, now)


async def _take_new(
    drafts: Sequence[_Draft],
    gate: queries.Gate,
    programme: Programme,
    keys: KeyFolder,
    now: datetime,
    together: bool,
) -> dict[uuid.UUID, Taken]:
    asked_to_come = programme.exempt and any(draft.application.among_many for draft in drafts)
    asks = [asks_for_more(programme, draft.application.answers.guardian_consent) for draft in drafts]
    decided = decide_together(gate.not_for_newcomers, gate.maximum, gate.someone_waits or asked_to_come, asks, together)
    wait_together = uuid.uuid4() if together and len(drafts) > 1 and isinstance(decided[0], Queued) else None
    for draft, one in zip(drafts, decided, strict=True):
        await _keep(draft, one, _Waits(asked_to_come, wait_together), gate, keys, now)
    if gate.waits_aside and isinstance(decided[0], Applied):
        await note_passed(gate.cohort_id, drafts[0].enrolment_id, now)
    return {
        draft.enrolment_id: Taken(draft.enrolment_id, isinstance(one, Applied), draft.token)
        for draft, one in zip(drafts, decided, strict=True)
    }


@dataclass(frozen=True)
class _Waits:
    """How somebody waits who gets no seat: until they say that they come, and together with whom."""

    asked_to_come: bool
    together: uuid.UUID | None


async def _keep(
    draft: _Draft, decided: Applied | Queued, waits: _Waits, gate: queries.Gate, keys: KeyFolder, now: datetime
) -> None:
    application = draft.application
    held = isinstance(decided, Applied)
    if application.record is not None and draft.person_id is not None:
        await records.keep(application.record, application.protected, keys, draft.person_id, now)
        if application.staff_id is not None and spreads(application):
            await ask_elsewhere(draft.person_id, application.staff_id, keys, now)
    state = "queued" if not isinstance(decided, Applied) else "confirmed" if decided.confirmed else "preliminary"
    await _write_enrolment(draft, state, waits, keys, now)
    if waits.asked_to_come:
        await note_event(draft.enrolment_id, "asked_to_come", now)
    if isinstance(decided, Applied):
        await take_seat(gate, draft.enrolment_id, decided.seat)
    await place_services.open_session(draft.enrolment_id, draft.token, now, draft.mark)
    await audit.note("enrolment:apply", f"cohort/{gate.cohort_id}", application.staff_id, now)
    await tell("place_held" if held else "queued", draft.enrolment_id)


def _noted(outcome: Outcome) -> str:
    """What is kept about a condition that holds: its name, or that of the exception the office made from it."""
    return {"met": outcome.condition, "excepted": str(outcome.params.get("exception"))}.get(outcome.code, "")


async def _write_enrolment(draft: _Draft, state: str, waits: _Waits, keys: KeyFolder, now: datetime) -> None:
    """The row with the conditions that held and the first line of its history."""
    application = draft.application
    kept = {"code": draft.code}
    if application.record is None:
        kept |= {"alias": application.alias, "contact": application.contact}
    await execute(
        """with arrival as (update cohort set arrivals = arrivals + 1 where id = $2 returning arrivals),
           made as (
               insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, applied_at, confirmed_at, key_id,
                                      sealed, code_digest, once_digest, guardian_ticked, partner_consent, language,
                                      declared_for, only_waited, place_since, asked_to_come, together_id)
               select $1, $2, $3, $4, arrivals, arrivals, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17,
                      $18, $19 from arrival
               returning id, applied_at, only_waited),
           met as (
               insert into condition_met (enrolment_id, condition, met_at, counted_for)
               select made.id, c, applied_at, case when c = any($21::text[]) then $14::date end
               from made, unnest($20::text[]) c)
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
        code_queries.once_digest(application.cohort_id, application.once),
        application.answers.guardian_consent,
        application.answers.declarations.get("partner_contact"),
        application.language,
        application.first_session,
        state == "queued",
        application.staff_id,
        now if application.record is not None and state != "queued" else None,
        waits.asked_to_come,
        waits.together,
        [noted for outcome in draft.outcomes if (noted := _noted(outcome))],
        [outcome.condition for outcome in draft.outcomes if outcome.condition != "age" and "on" in outcome.params],
    )
