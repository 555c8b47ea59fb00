"""Who is to hear that a first right to another start is over before its time (decisions 39 and 103)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts import decision_queries
from programmes.core.db import fetchval
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving.first_right_queries import Promise
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
    reached = await queries.told_before(kind, right.from_cohort_id, right.over_at)
    people = [facts.enrolment_id for facts in await enrolments.several(reached) if facts.state in AUDIENCE[kind]]
    return ToBeTold(kind, f"right/{decided.decision_id if decided else ''}", tuple(people))


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
