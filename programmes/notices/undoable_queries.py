"""Whether a decision about a start can still be taken back: for a while, and until anybody has heard of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from programmes.cohorts import decision_queries
from programmes.cohorts.decision_queries import Decided
from programmes.cohorts.queries import CohortFacts
from programmes.notices.rules import OF_DECISIONS


async def undoable(cohort_id: int, now: datetime) -> Decided | None:
    """The newest decision, if it can be taken back now: its time is not over, and no message about it has left."""
    found = await decision_queries.newest(cohort_id)
    if found is None or found.undone_until is None or now >= found.undone_until:
        return None
    told = await decision_queries.told_already(cohort_id, found.decided_at, OF_DECISIONS)
    return None if told else found


async def undoable_of(cohort_ids: Iterable[int], now: datetime) -> dict[int, Decided]:
    """The same of several cohorts, only of those where there is one: a few statements for each, so ask of few."""
    found = {cohort_id: await undoable(cohort_id, now) for cohort_id in sorted(set(cohort_ids))}
    return {cohort_id: decided for cohort_id, decided in found.items() if decided}


async def as_told(cohort: CohortFacts, now: datetime) -> CohortFacts:
    """A cohort as those know it who have applied: that it starts is said nowhere as long as that can be taken back, nor what
    follows from it. What a cancelling or postponing did to the days shows at once, as in calendars (decision 40)."""
    if cohort.state != "started":
        return cohort
    found = await undoable(cohort.cohort_id, now)
    if found is None or found.decision != "start":
        return cohort
    return replace(cohort, state="postponed" if found.state_before == "postponed" else "open")
