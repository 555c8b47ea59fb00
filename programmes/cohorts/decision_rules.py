"""What is known of a decision about a start. Nothing here reads or writes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from programmes.cohorts.schedule_rules import Schedule
from programmes.core.clock import local_date

FAR_LATER = timedelta(days=183)


@dataclass(frozen=True)
class Decided:
    """The newest decision of a cohort that stands. `undone_until`: until when it can be taken back; None for not at all."""

    decision_id: int
    decision: str
    decided_at: datetime
    state_before: str | None
    decide_before: date | None
    undone_until: datetime | None


@dataclass(frozen=True)
class Line:
    """One decision as it is kept: what, why, with how many confirmed of how many at least (None: not known), by whom and
    when; and that it was taken back. `first_before`, `first_after`: from which first day to which it was postponed, while
    the change of its sessions is kept. `ended`: a cancelling of a group that could not start, but was held in part."""

    decision: str
    reason: str
    confirmed: int
    minimum: int | None
    by: str
    decided_at: datetime
    undone_by: str | None
    undone_at: datetime | None
    ended: bool = False
    first_before: datetime | None = None
    first_after: datetime | None = None


def far_later(first: datetime | None, schedule: Schedule) -> date | None:
    """The new first day of a postponed start, where it is so much later that it is asked whether it is meant: a wrong year
    is easily typed, and can't be taken back once people have been told."""
    if first is None or not schedule.sessions:
        return None
    day = schedule.sessions[0].day
    return day if day > local_date(first) + FAR_LATER else None
