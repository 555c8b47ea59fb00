"""Turning somebody down who has a place or waits: for how long it can be read, and undone. Pure (decision 11)."""

from datetime import datetime, timedelta

from programmes.enrolment.leaving.rules import LeftFrom
from programmes.enrolment.rules import State

# So long at most is kept what Min plats needs to say why; and so long once it has reached the person.
LONGEST = timedelta(days=7)
AFTER_TOLD = timedelta(days=1)


def left_from(state: State) -> LeftFrom:
    """What undoing may give back: an offer is not made again, but its holder waited and goes on waiting."""
    return "preliminary" if state == "preliminary" else "confirmed" if state == "confirmed" else "queued"


def has_been_read(told_at: datetime | None, now: datetime) -> bool:
    """Whether somebody has had a day to read why since it was told to them."""
    return told_at is not None and now >= told_at + AFTER_TOLD
