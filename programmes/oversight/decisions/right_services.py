"""Who goes first to a start that is about to be decided, and how they hear that they can't move there any more."""

from datetime import datetime

from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.notices.reach_rules import Reach
from programmes.notices.reach_services import reach_among


async def going_first(cohort_id: int, keys: KeyFolder, now: datetime) -> Reach:
    """How many may move to a start before newcomers, by how they are told if they can't any more."""
    people = await first_right_queries.who_goes_first(cohort_id, now)
    return await reach_among(await enrolments.several(people), keys)


async def first_to_another(cohort: CohortFacts, now: datetime) -> bool:
    """Whether those who go first to a start go first to another one when it is cancelled."""
    return bool(await first_right_queries.other_starts(cohort, now))
