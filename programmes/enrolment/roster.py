"""The people of a cohort as its staff see them: aliases, or names where the guideline has individuals documented."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.catalogue import queries as catalogue
from programmes.catalogue.reading_rules import Readings
from programmes.catalogue.rules import Outcome, Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import asks_of_people
from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.enrolment import age_rules, queries
from programmes.enrolment.age_rules import age_after_move, age_unmet, as_judged
from programmes.enrolment.leaving.rules import may_undo
from programmes.enrolment.place_services import is_lost, unseal
from programmes.enrolment.records.services import record_of
from programmes.enrolment.rules import ALIVE, Remaining, State, asked_texts, doubles
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts.agreement_rules import asked_again
from programmes.enrolment.together.rules import held_by, numbers_together
from programmes.enrolment.wording import exception_words
from programmes.people.look_rules import Purpose
from programmes.people.looks import Look
from programmes.people.records import PersonRecord


@dataclass(frozen=True)
class RosterEntry:
    """One line of a cohort's list. `remaining` are the steps before the place is confirmed, or a new version to accept.

    `age`: what no longer fits since the first session moved. `twice`: somebody else on the list has the same number, or the
    same name and birth date; only staff are told, so that nobody can find out by applying who else has a place.
    `together`: the numbers in the queue of siblings who wait together, this one among them. `held_by`: why one of those is
    passed over, and this one with them, who has no reason of their own. `consent_withdrawn`: they have said no to contact
    with their partner after they had said yes. `protection_asked`: their coordinator is to decide whether they are
    protected.
    """

    enrolment_id: UUID
    label: str
    state: State
    seat: int | None
    protected: bool
    applied_at: datetime
    offer_expires_at: datetime | None
    skip_reason: str | None
    remaining: tuple[Remaining, ...]
    visit: queries.Visit | None
    order_reason: str | None = None
    passed_at: datetime | None = None
    asked_to_come: bool = False
    twice: bool = False
    age: Outcome | None = None
    together: str = ""
    consent_withdrawn: bool = False
    held_by: str | None = None
    protection_asked: bool = False


def _known(found: Sequence[queries.EnrolmentFacts], keys: KeyFolder, look: Look) -> dict[UUID, PersonRecord]:
    """The records of those who have one (individual-level programmes; elsewhere nobody is known)."""
    read = {facts.enrolment_id: record_of(facts, keys, look) for facts in found}
    return {enrolment_id: record for enrolment_id, record in read.items() if record}


def _doubles(known: Mapping[UUID, PersonRecord]) -> frozenset[UUID]:
    """Whose records look like another's on the same list."""
    return doubles({one: (record.number, record.name, record.birth_date) for one, record in known.items()})


def age_now(
    facts: queries.EnrolmentFacts, record: PersonRecord | None, readings: Readings, first_start: datetime | None
) -> Outcome | None:
    """The age of somebody who has a place or waits, if it no longer fits since the first session moved, as the programme was
    read when they applied. Staff decide what comes of it; nothing happens by itself."""
    if record is None or not record.birth_date or facts.state not in ALIVE:
        return None
    first_day = local_date(first_start) if first_start else None
    programme = as_judged(readings, facts.applied_at)
    return age_after_move(programme, date.fromisoformat(record.birth_date), facts.declared_for, first_day, facts.protected)


async def judged_by(facts: queries.EnrolmentFacts, programme_id: int) -> Programme:
    """The programme by whose age somebody is judged: as it was read when they applied. Raises NotFound."""
    return as_judged(await catalogue.readings(programme_id), facts.applied_at)


async def age_fits(facts: queries.EnrolmentFacts, keys: KeyFolder, by: Look | Purpose) -> bool:
    """Whether the birth date that is kept meets the age on the first day; never where none is kept."""
    record = record_of(facts, keys, by)
    cohort = await cohorts.by_id(facts.cohort_id)
    programme = await judged_by(facts, cohort.programme_id)
    first_start = cohort.first_start
    if record is None or not record.birth_date or first_start is None or programme.age is None:
        return False
    return age_unmet(programme, date.fromisoformat(record.birth_date), local_date(first_start)) is None


def to_say_again(facts: queries.EnrolmentFacts, programme: Programme, first_start: datetime | None) -> frozenset[str]:
    """Which conditions somebody has yet to say something about for the day the first session has moved to."""
    first_day = local_date(first_start) if first_start else None
    return age_rules.to_say_again(facts, programme, first_day) if facts.state in ALIVE else frozenset()


def _said_again(asked: Collection[str]) -> tuple[Remaining, ...]:
    found: list[Remaining] = ["age_again"] if "age" in asked else []
    return (*found, "years_again") if set(asked) - {"age", "guardian_consent"} else tuple(found)


def label_of(facts: queries.EnrolmentFacts, keys: KeyFolder, look: Look) -> str:
    """What staff call this person on a list; somebody with protected identity has no name there, but stands there too. Whose
    record can't be read stands there by number, and it is said."""
    if facts.participant_id is not None and facts.protected:
        look.see(facts.participant_id, facts.cohort_id, facts.protected)
        return _("Deltagare %(n)s", n=facts.arrival)
    if facts.participant_id is not None and facts.record is not None:
        record = record_of(facts, keys, look)
        return record.name if record else _unreadable(facts)
    try:
        alias = unseal(facts, keys).alias if facts.state in {*ALIVE, "refused"} else ""
    except Unreadable:
        return _unreadable(facts)
    if not alias and is_lost(facts, keys):
        return _unreadable(facts)
    return alias or _("Deltagare %(n)s", n=facts.arrival)


def _unreadable(facts: queries.EnrolmentFacts) -> str:
    return _("Deltagare %(n)s (uppgifterna kan inte läsas)", n=facts.arrival)


async def exception(enrolment_id: UUID, programme: Programme) -> str:
    """The exception from the condition on residency that the office made for somebody, in words; empty for none."""
    made = await queries.residency_exception(enrolment_id)
    if made is None:
        return ""
    kind, at = made
    return exception_words(kind, await catalogue.reading_at(programme.section, kind, at))


async def turned_down(cohort_id: int, keys: KeyFolder, look: Look, now: datetime) -> list[tuple[UUID, str, datetime]]:
    """Who was found not to meet the conditions and can still be let in again: id, label, and until when."""
    found = await queries.enrolments(cohort_id, ["refused"])
    return [
        (f.enrolment_id, label_of(f, keys, look), f.undo_until)
        for f in found
        if f.undo_until and may_undo(f.undo_until, now)
    ]


async def withdrawn_elsewhere(cohort_id: int, keys: KeyFolder, look: Look) -> list[tuple[UUID, str]]:
    """Who was moved from a cohort, and has taken back the consent to contact with the partner since: id and label."""
    found = await queries.enrolments(cohort_id, ["transferred"])
    return [(f.enrolment_id, label_of(f, keys, look)) for f in found if f.consent_withdrawn_at is not None]


def labels_of(
    found: Sequence[queries.EnrolmentFacts], keys: KeyFolder, but: UUID, look: Look
) -> tuple[tuple[UUID, str], ...]:
    """What staff call some people, without one of them: ids and labels."""
    return tuple((facts.enrolment_id, label_of(facts, keys, look)) for facts in found if facts.enrolment_id != but)


async def _again(
    cohort: CohortFacts, programme: Programme, now: datetime
) -> Callable[[queries.EnrolmentFacts], tuple[Remaining, ...]]:
    """Who is asked to accept a new version; the versions are read once for all."""
    versions = await agreement_queries.versions(programme.section) if asked_texts(programme) else []
    first_day = local_date(cohort.first_start) if cohort.first_start else None

    def again(facts: queries.EnrolmentFacts) -> tuple[Remaining, ...]:
        found = asked_again(programme, facts.state, facts.accepted, versions, local_date(now), first_day)
        return ("accept_new",) if found else ()

    return again


async def guests(cohort_id: int, keys: KeyFolder, look: Look) -> list[tuple[queries.EnrolmentFacts, str]]:
    """Those of a cohort for whom a study visit is noted, each with what staff call them; nobody else is seen."""
    found = [facts for facts in await queries.enrolments(cohort_id, ALIVE) if facts.visit]
    return [(facts, label_of(facts, keys, look)) for facts in found]


async def roster(
    cohort_id: int,
    keys: KeyFolder,
    look: Look,
    now: datetime,
    states: Sequence[State] = tuple(ALIVE),
    among: Collection[UUID] | None = None,
) -> list[RosterEntry]:
    """Everybody in a cohort, or those `among` them: seats by number, then the queue in its order.

    Where people are documented, everybody on it has been seen by `look` (promise 6): ask for those who will be shown.
    Who stands there twice, and who waits with whom, is told of those who were asked for. Raises NotFound.
    """
    cohort = await cohorts.by_id(cohort_id)
    readings = await catalogue.readings(cohort.programme_id)
    programme = readings.in_force
    texts = await queries.texts_for(programme, local_date(now))
    again = await _again(cohort, programme, now)
    found = [f for f in await queries.enrolments(cohort_id, states) if among is None or f.enrolment_id in among]
    known = _known(found, keys, look)
    twice = _doubles(known)
    together, held = _of_the_queue(found)

    def left(facts: queries.EnrolmentFacts) -> tuple[Remaining, ...]:
        steps = queries.still_to_do(programme, facts, texts) if facts.state == "preliminary" else again(facts)
        return (*_said_again(to_say_again(facts, programme, cohort.first_start)), *steps)

    return [
        RosterEntry(
            facts.enrolment_id,
            label_of(facts, keys, look),
            facts.state,
            facts.seat,
            facts.protected,
            facts.applied_at,
            facts.offer_expires_at,
            facts.skip_reason,
            left(facts) if asks_of_people(cohort.ended_how) else (),
            facts.visit,
            facts.order_reason,
            facts.passed_at,
            facts.asked_to_come,
            facts.enrolment_id in twice,
            age_now(facts, known.get(facts.enrolment_id), readings, cohort.first_start),
            together.get(facts.enrolment_id, ""),
            facts.state in ALIVE and facts.partner_consent is False,
            held.get(facts.enrolment_id),
            facts.protection_asked,
        )
        for facts in found
    ]


def _of_the_queue(found: Sequence[queries.EnrolmentFacts]) -> tuple[dict[UUID, str], dict[UUID, str | None]]:
    """Of each who waits: the numbers of those who wait together, and why one of those is passed over."""
    queue = [facts for facts in found if facts.state == "queued"]
    numbers = numbers_together([facts.together_id for facts in queue])
    reasons = held_by([(facts.together_id, facts.skip_reason) for facts in queue])
    ids = [facts.enrolment_id for facts in queue]
    return dict(zip(ids, numbers, strict=True)), dict(zip(ids, reasons, strict=True))
