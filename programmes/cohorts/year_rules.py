"""How many starts a year there are to be of a programme, and by when enrolment must open for another one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from programmes.cohorts.rules import decided_by
from programmes.core.days import latest_working_day

# So long people need to find a group and apply; study visits are made in the weeks after, until a week before the decision.
ENROLMENT, VISITS, VISITS_BEFORE = timedelta(weeks=4), timedelta(weeks=2), timedelta(days=7)
# Warned so long before enrolment has to open.
WARNED = timedelta(weeks=8)
MOST_A_YEAR = 12


@dataclass(frozen=True)
class LastChance:
    """Counted back from the last working day before Christmas on which a group can begin: the days by which each step is
    done. `visits_from` is None where the programme has no study visit."""

    open_by: date
    visits_from: date | None
    decide_by: date
    first: date

    def warns(self, today: date) -> bool:
        """In time: while enrolment can still be opened by then."""
        return self.open_by - WARNED <= today <= self.open_by

    def over(self, today: date) -> bool:
        return today > self.open_by


def last_chance(year: int, study_visit: bool) -> LastChance:
    """By when another start in a year is to be opened for enrolment."""
    first = latest_working_day(date(year, 12, 18))
    decide = decided_by(first)
    if not study_visit:
        return LastChance(latest_working_day(decide - ENROLMENT), None, decide, first)
    visits_from = decide - VISITS_BEFORE - VISITS
    return LastChance(latest_working_day(visits_from - ENROLMENT), visits_from, decide, first)


def wanted(by_guideline: Mapping[str, int | None], by_office: Mapping[str, int]) -> dict[str, int | None]:
    """How many starts a year each section is to have: never fewer than the guideline says. None where nobody has said."""
    return {section: max(required or 0, by_office.get(section, 0)) or None for section, required in by_guideline.items()}


def most_a_year(required: int | None) -> int:
    """The most that an office may set: never under what the edition itself demands."""
    return max(MOST_A_YEAR, required or 0)


def number_fits(required: int | None, number: int) -> bool:
    """Whether an office may set that many starts a year."""
    return (required or 0) <= number <= most_a_year(required)
