"""Reads about later starts: where somebody who is too young for one is old enough."""

from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.catalogue.condition_rules import age_on
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.enrolment.queries import entry_facts
from programmes.enrolment.rules import entry

MOST = 3


async def old_enough_at(slug: str, born: date, after: date, now: datetime) -> list[CohortFacts]:
    """The announced starts of a programme after a day, open for entry, on whose first day somebody is of the age that is
    asked for; at most three, soonest first."""
    found: list[CohortFacts] = []
    coming = await cohorts.upcoming(slug)
    programmes = await catalogue.programmes({cohort.programme_id for cohort in coming})
    for cohort in coming:
        if cohort.first_start is None or local_date(cohort.first_start) <= after:
            continue
        age = programmes[cohort.programme_id].age
        if age is None or not age.holds(age_on(born, local_date(cohort.first_start))):
            continue
        if entry(await entry_facts(cohort.cohort_id), now) is None:
            found.append(cohort)
        if len(found) == MOST:
            break
    return found
