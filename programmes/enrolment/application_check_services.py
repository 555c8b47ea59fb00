"""What is looked at of an application before anything of it is written: what it says, and why it can't be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.catalogue.rules import Answers, Outcome, Programme
from programmes.core.clock import local_date
from programmes.core.i18n import Language
from programmes.enrolment import code_queries, queries
from programmes.enrolment.application_rules import why_not_apply
from programmes.enrolment.exception_services import why_not_except
from programmes.enrolment.rules import NotOpen, entry
from programmes.people.record_rules import Wrong
from programmes.people.records import PersonRecord


@dataclass(frozen=True)
class Application:
    """What somebody applies with. `once` is the form's once-number; `record` is None for identity-exempt programmes.
    `first_session` is the day that the form said, on which ages count: today where no session is booked yet.

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
class Refused:
    """Why nothing has been written: every condition that is not met, of each person of the form in its order; that entry
    is closed; that those who want to come together are more than the group ever has places for (`too_many`); that the
    first session has moved since the form was shown (`moved`); that the form was sent before, with somebody else's details
    (`sent_for_another`); that its browser has taken a place here that its page did not name (`open_already`); or that it was
    sent before without somebody who is to come together with the others, and can't (`added_later`); or what each person's
    details have that may not be kept (`wrong`)."""

    by_person: tuple[tuple[Outcome, ...], ...] = ()
    closed: NotOpen | None = None
    too_many: bool = False
    moved: bool = False
    sent_for_another: bool = False
    open_already: bool = False
    added_later: bool = False
    wrong: tuple[tuple[Wrong, ...], ...] = ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every person's, one after the other."""
        return tuple(outcome for outcomes in self.by_person for outcome in outcomes)


async def not_open(cohort_id: int, now: datetime) -> NotOpen | None:
    """Why nobody can enter now, or None, for showing; the answer that counts is given under the lock. Raises NotFound."""
    return entry(await queries.entry_facts(cohort_id), now)


async def of_form(cohort_id: int, once: str, now: datetime) -> tuple[NotOpen | None, bool]:
    """The same, and whether the form with this once-number (empty: it has none) was received before. Raises NotFound."""
    facts, received = await queries.form_facts(cohort_id, code_queries.once_digest(cohort_id, once) if once else None)
    return entry(facts, now), received


async def unmet_of(
    applications: Sequence[Application], checked: Sequence[Sequence[Outcome]]
) -> tuple[tuple[Outcome, ...], ...]:
    """What does not hold of each whose form was not received before."""
    unmet = tuple(tuple(outcome for outcome in outcomes if not outcome.met) for outcomes in checked)
    if not any(unmet):
        return unmet
    received = await code_queries.received([code_queries.once_digest(one.cohort_id, one.once) for one in applications])
    return tuple(() if there else outcomes for there, outcomes in zip(received, unmet, strict=True))


async def wrong_of(application: Application, programme: Programme, now: datetime) -> tuple[Wrong, ...]:
    """What it brings that may not be kept, and an exception that is not theirs to make."""
    one = application
    kept = why_not_apply(programme, one.record, one.protected, one.alias, one.contact, one.answers, local_date(now))
    return (*kept, *await why_not_except(programme, one.answers.exception, one.staff_id, one.protected))


def spreads(application: Application) -> bool:
    """Whether records elsewhere with the same number are hidden by this one. What somebody sends in themselves hides nobody:
    a number is anybody's to write."""
    record = application.record
    return application.staff_id is not None and application.protected and record is not None and record.number != ""
