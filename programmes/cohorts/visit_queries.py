"""Whether study visits are still something about a group."""

from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import UNDECIDED, asks_of_people
from programmes.core.db import fetchval


async def has_visits(cohort: CohortFacts, study_visit: bool) -> bool:
    """Whether a group's study visits are worked with: before its start, where the programme asks for one (`study_visit`),
    and after it for as long as somebody with a place has not made theirs (2.7, 2.8), unless it has ended."""
    if not study_visit or cohort.state not in {*UNDECIDED, "started"} or not asks_of_people(cohort.ended_how):
        return False
    return cohort.state != "started" or await visits_are_due(cohort.cohort_id)


async def visits_are_due(cohort_id: int) -> bool:
    """Whether somebody has a preliminary place whose study visit is not made."""
    return bool(
        await fetchval(
            """select true from enrolment e where e.cohort_id = $1 and e.state = 'preliminary' and not exists (
                   select from study_visit v where v.enrolment_id = e.id and v.state = 'attended') limit 1""",
            cohort_id,
        )
    )
