"""What a study visit on offer may be, and when it may go. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from programmes.cohorts.rules import asks_of_people
from programmes.cohorts.schedule_rules import Off
from programmes.core.clock import local_date
from programmes.enrolment.rules import State, Visit

# Whoever comes a little early is let in, and noted.
EARLY = timedelta(minutes=15)
# Who takes a visit back later than that before it is told of at once; of others the daily mail tells.
NEAR = timedelta(hours=48)
Marking = Literal["open", "correction", "no_visit", "visit_not_yet", "visit_settled", "enrolment_over"]


@dataclass(frozen=True)
class Guest:
    """Somebody booked to a study visit, as staff call them. `state` is what became of it."""

    enrolment_id: UUID
    label: str
    protected: bool
    state: str


@dataclass(frozen=True)
class Offered:
    """A study visit on offer, past or to come. `taken` counts everybody who has or had it; `cancelled` by the office."""

    slot_id: int
    starts_at: datetime
    ends_at: datetime
    leader: str | None
    venue: str
    capacity: int
    taken: int
    cancelled: bool = False

    @property
    def left(self) -> int:
        return self.capacity - self.taken


@dataclass(frozen=True)
class Doubt:
    """What is worth asking before a visit is offered, and may be meant all the same.

    `day_off`: nothing is usually scheduled then (`off` says why). `weekend`: it is a Saturday or Sunday. `leads`: whoever
    holds it leads a session, from `starts_at` to `ends_at`. `room`: the room has something else then. `undecided`: who
    comes then is not ready when the start is decided, at the latest on `day`.
    """

    kind: Literal["day_off", "weekend", "leads", "room", "undecided"]
    day: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    off: Off | None = None


def can_be_offered(ended_how: str | None, first_start: datetime | None, now: datetime) -> bool:
    """Whether there is a day left to offer a study visit on."""
    return asks_of_people(ended_how) and (first_start is None or local_date(now) < local_date(first_start))


def why_not_offer(starts_at: datetime, ends_at: datetime, first_start: datetime | None, now: datetime) -> dict[str, str]:
    """What stands against one more study visit: codes by field."""
    found = {}
    if ends_at <= starts_at:
        found["till"] = "ends_first"
    if starts_at <= now:
        found["dag"] = "past"
    elif first_start and local_date(starts_at) >= local_date(first_start):
        found["dag"] = "after_start"
    return found


def is_near(starts_at: datetime, now: datetime) -> bool:
    """Whether whoever holds a study visit to come may be on their way, or may have prepared it."""
    return now < starts_at <= now + NEAR


def seen_visit(visit: Visit | None) -> str:
    """What a form about somebody's study visit was shown for: which time it is, and what became of it."""
    return f"{visit.slot_id}-{visit.state}-{visit.goes_on}" if visit else "-"


def marking(state: State, visit: Visit | None, first_start: datetime | None, now: datetime) -> Marking:
    """Whether it may be noted what became of a study visit; if not, why not.

    It is `open` until the place is confirmed. What is noted of a confirmed place is a `correction`, before the start only:
    afterwards the visit has done its part, and who does not go on leaves, or is ended, in a step of its own.
    """
    if visit is None or visit.state == "cancelled":
        return "no_visit"
    if now < visit.starts_at - EARLY:
        return "visit_not_yet"
    if state in {"preliminary", "offered"}:
        return "open"
    if state != "confirmed":
        return "enrolment_over"
    return "correction" if first_start is None or now < first_start else "visit_settled"
