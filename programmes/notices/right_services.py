"""Who goes first to a start that is about to be decided or to end, and how they hear that they can't move there any more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.notices import right_queries
from programmes.notices.reach_rules import Reach
from programmes.notices.reach_services import reach_among, reach_once
from programmes.notices.rules import Kind


@dataclass(frozen=True)
class Cancelling:
    """Of a start that is about to be cancelled: who goes first there, by how they hear that they can't any more, or where it
    `moves_on`, that they go first to another one, which nobody is told; and how many people hear of it all, each once."""

    first: Reach
    moves_on: bool
    everybody: Reach


async def if_cancelled(cohort: CohortFacts, kinds: Collection[Kind], keys: KeyFolder, now: datetime) -> Cancelling:
    """Who hears of it if a start is cancelled now, or all that is left of it, by the rules that tell them then. `kinds`: by
    which messages its own people hear."""
    on = bool(await first_right_queries.other_starts(cohort, now))
    hear = [] if on else await right_queries.would_hear(cohort.cohort_id, now)
    rest = {*await first_right_queries.who_goes_first(cohort.cohort_id, now)} - {facts.enrolment_id for facts in hear}
    first = await reach_among(hear, keys) + Reach(place=len(rest))
    return Cancelling(first, on, await reach_once(cohort.cohort_id, kinds, hear, keys))


async def going_first(cohort_id: int, keys: KeyFolder, now: datetime) -> Reach:
    """How many may move to a start before newcomers, by how they are told if they can't any more."""
    people = await first_right_queries.who_goes_first(cohort_id, now)
    return await reach_among(await enrolments.several(people), keys)
