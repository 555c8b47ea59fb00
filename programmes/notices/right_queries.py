"""Who is to hear that a first right to another start is over before its time (decisions 39 and 103)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts import decision_queries
from programmes.core.db import fetchval
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving.first_right_queries import Promise
from programmes.enrolment.queries import EnrolmentFacts
from programmes.notices import queries
from programmes.notices.rules import AUDIENCE, Kind, notice_id


@dataclass(frozen=True)
class ToBeTold:
    """By which kind of message, told from the first one of that kind by its `subject`; and whom."""

    kind: Kind
    subject: str = ""
    people: tuple[UUID, ...] = ()


async def to_be_told(right: Promise) -> ToBeTold:
    """Whom the first message had reached before the right was over; told already or not. Whom it reached later was promised
    nothing by it."""
    kind = kind_of(right.cancelled)
    decided = await decision_queries.newest(right.cohort_id)
    people = await _reached(kind, right.from_cohort_id, right.over_at)
    key = f"right/{decided.decision_id if decided else ''}"
    return ToBeTold(kind, key, tuple(facts.enrolment_id for facts in people))


async def _reached(kind: Kind, from_cohort_id: int, moment: datetime) -> list[EnrolmentFacts]:
    reached = await queries.told_before(kind, from_cohort_id, moment)
    return [facts for facts in await enrolments.several(reached) if facts.state in AUDIENCE[kind]]


async def would_hear(cohort_id: int, now: datetime) -> list[EnrolmentFacts]:
    """Whom it would be told, by the same rule, that they can't go first to a start any more, were that so from now on."""
    found = list[EnrolmentFacts]()
    for from_cohort_id, cancelled in await first_right_queries.leading_to(cohort_id, now):
        found += await _reached(kind_of(cancelled), from_cohort_id, now)
    return found


async def hear_of(cohort_id: int, now: datetime) -> list[EnrolmentFacts]:
    """Whom it is told, now or once nobody can take it back, that they can't go first to this start any more."""
    found = list[EnrolmentFacts]()
    for right in await first_right_queries.leads_nowhere(now):
        if right.cohort_id == cohort_id:
            found += await enrolments.several((await to_be_told(right)).people)
    return found


def kind_of(cancelled: bool) -> Kind:
    """By which message people heard of their right, and hear that it is over: that their start is cancelled, or that the
    queue has ended of a group that could not start."""
    return "cohort_cancelled" if cancelled else "queue_ended"


async def still_to_hear(cohort_id: int, now: datetime) -> int:
    """How many of a start have still to be written to that their first right is over, also while the decision by which it is
    can be taken back. The list is needed until they have heard."""
    found = 0
    for right in await first_right_queries.leads_nowhere(now, cohort_id):
        told = await to_be_told(right)
        ids = [notice_id(told.kind, one, told.subject) for one in told.people]
        written: int = await fetchval("select count(*) from notice where id = any($1::uuid[])", ids)
        found += len(ids) - written
    return found
