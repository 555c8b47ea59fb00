"""Who is to hear that a first right to another start is over before its time (decisions 39 and 103)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts import decision_queries
from programmes.core.db import fetchval
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving.first_right_queries import Ended, Promise
from programmes.enrolment.queries import EnrolmentFacts
from programmes.notices import queries
from programmes.notices.rules import AUDIENCE, Kind, notice_id

# By which messages people heard of their right, and hear that it is over: that their start is cancelled, or all that was
# left of it, or that the queue has ended.
KINDS_OF: Mapping[Ended, tuple[Kind, ...]] = {
    "cancelled": ("cohort_cancelled",),
    "nothing": ("rest_cancelled", "queue_ended"),
    "in_part": ("queue_ended",),
}


@dataclass(frozen=True)
class ToBeTold:
    """By which kind of message, told from the first one of that kind by its `subject`; and whom."""

    kind: Kind
    subject: str = ""
    people: tuple[UUID, ...] = ()


async def to_be_told(right: Promise) -> list[ToBeTold]:
    """Whom the first message had reached before the right was over; told already or not. Whom it reached later was promised
    nothing by it."""
    decided = await decision_queries.newest(right.cohort_id)
    key = f"right/{decided.decision_id if decided else ''}"
    found = list[ToBeTold]()
    for kind in KINDS_OF[right.ended]:
        people = await _reached(kind, right.from_cohort_id, right.over_at)
        found.append(ToBeTold(kind, key, tuple(facts.enrolment_id for facts in people)))
    return found


async def _reached(kind: Kind, from_cohort_id: int, moment: datetime) -> list[EnrolmentFacts]:
    reached = await queries.told_before(kind, from_cohort_id, moment)
    return [facts for facts in await enrolments.several(reached) if facts.state in AUDIENCE[kind]]


async def would_hear(cohort_id: int, now: datetime) -> list[EnrolmentFacts]:
    """Whom it would be told, by the same rule, that they can't go first to a start any more, were that so from now on."""
    found = list[EnrolmentFacts]()
    for from_cohort_id, ended in await first_right_queries.leading_to(cohort_id, now):
        for kind in KINDS_OF[ended]:
            found += await _reached(kind, from_cohort_id, now)
    return found


async def hear_of(cohort_id: int, now: datetime) -> list[EnrolmentFacts]:
    """Whom it is told, now or once nobody can take it back, that they can't go first to this start any more."""
    found = list[EnrolmentFacts]()
    for right in await first_right_queries.leads_nowhere(now):
        if right.cohort_id == cohort_id:
            for told in await to_be_told(right):
                found += await enrolments.several(told.people)
    return found


async def still_to_hear(cohort_id: int, now: datetime) -> int:
    """How many of a start have still to be written to that their first right is over, also while the decision by which it is
    can be taken back. The list is needed until they have heard."""
    found = 0
    for right in await first_right_queries.leads_nowhere(now, cohort_id):
        ids = [notice_id(told.kind, one, told.subject) for told in await to_be_told(right) for one in told.people]
        written: int = await fetchval("select count(*) from notice where id = any($1::uuid[])", ids)
        found += len(ids) - written
    return found
