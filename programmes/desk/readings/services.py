"""Whom another reading of an age would leave out, among those who have a place or wait."""

from collections.abc import Sequence
from datetime import date

from programmes.catalogue import queries as catalogue
from programmes.catalogue.condition_rules import age_on
from programmes.catalogue.rules import Interpretation, Programme
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.desk.readings.rules import LeftOut
from programmes.enrolment import queries as enrolments
from programmes.enrolment.records.services import record_of
from programmes.enrolment.roster import label_of
from programmes.enrolment.rules import ALIVE, EnrolmentFacts
from programmes.people.looks import Look


async def left_out(reading: Interpretation, cohorts: Sequence[CohortFacts], keys: KeyFolder, look: Look) -> list[LeftOut]:
    """Those in the cohorts whose birth date would not do, for each value that is not the one in force.

    `cohorts` are ones that whoever looks works with, of a programme that documents people. The service itself holds every
    birth date to the rule; who stands on the page has been seen (promise 6), and nobody else.
    """
    others = [option for option in reading.options if option != reading.value]
    programmes = await catalogue.programmes(c.programme_id for c in cohorts)
    found: list[LeftOut] = []
    for cohort in cohorts:
        people = await enrolments.enrolments(cohort.cohort_id, ALIVE)
        if people and cohort.first_start is not None:
            programme, first_day = programmes[cohort.programme_id], local_date(cohort.first_start)
            for value in others:
                read = programme.reread({reading.key: value})
                unmet = [facts for facts in people if _unmet(read, facts, first_day, keys)]
                found += [LeftOut(value, cohort.cohort_id, f.enrolment_id, label_of(f, keys, look)) for f in unmet]
    return found


def _unmet(programme: Programme, facts: EnrolmentFacts, first_day: date, keys: KeyFolder) -> bool:
    try:
        record = record_of(facts, keys, "rule")
    except Unreadable:
        # Of one who can't be read nothing is said; the group's own pages say that it can't be.
        return False
    if programme.age is None or record is None or not record.birth_date:
        return False
    return not programme.age.holds(age_on(date.fromisoformat(record.birth_date), first_day))


async def ages_ticked(cohorts: Sequence[CohortFacts]) -> int:
    """How many of those in the cohorts have ticked an age, where no age is kept."""
    people = [one for c in cohorts for one in await enrolments.enrolments(c.cohort_id, ALIVE)]
    return sum(one.declared_for is not None for one in people)
