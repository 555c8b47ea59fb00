"""View models of finding somebody."""

from dataclasses import dataclass
from typing import Any

from programmes.core.i18n import moment_long, ngettext
from programmes.enrolment.person.pages import state_of
from programmes.enrolment.rules import EnrolmentFacts


@dataclass(frozen=True)
class Hit:
    """One way of somebody's through a cohort: where it is shown, whose it is, and how it stands."""

    address: str
    label: str
    protected: bool
    cohort: str
    state: str
    kind: str
    applied: str


@dataclass(frozen=True)
class SearchPage:
    """The form and, after a search, whom it found (nobody: an empty tuple)."""

    form: Any
    hits: tuple[Hit, ...] | None


def hit(facts: EnrolmentFacts, cohort: str, label: str) -> Hit:
    """One line of what was found."""
    state, kind = state_of(facts)
    address = f"/personal/grupper/{facts.cohort_id}/deltagare/{facts.enrolment_id}"
    return Hit(address, label, facts.protected, cohort, state, kind, moment_long(facts.applied_at))


def wait(minutes: int) -> str:
    """Too many searches found nobody, and how long to wait."""
    return ngettext(
        "Du har sökt många gånger utan träff. Vänta %(n)s minut och sök sedan igen.",
        "Du har sökt många gånger utan träff. Vänta %(n)s minuter och sök sedan igen.",
        minutes,
    )
