"""Of a session that was moved: whether it is back where it was planned, so that there is nothing to say of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Usually:
    """What a group's sessions have in common: its own room, and the length that most of them have."""

    venue_id: int
    length: timedelta


def is_back(planned_for: datetime | None, starts_at: datetime, ends_at: datetime, venue_id: int, usually: Usually) -> bool:
    """Whether it begins when it first was to (`planned_for`; None for one that was never moved), in the group's room and
    as long as the others. How long it was itself, and in which room, is not kept."""
    as_usual = venue_id == usually.venue_id and ends_at - starts_at == usually.length
    return planned_for == starts_at and as_usual
