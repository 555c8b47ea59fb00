"""What a study visit on offer may be, and when it may go. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.clock import local_date


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
    capacity: int
    taken: int
    cancelled: bool = False

    @property
    def left(self) -> int:
        return self.capacity - self.taken


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
