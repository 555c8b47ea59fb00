"""By when a study visit must be booked, who is reminded of it, and who then loses the place. Pure (decision 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from programmes.core.clock import at_local, local_date
from programmes.enrolment.rules import State, VisitState

# How long before the last day people are reminded, and how long a time must have been theirs to book afterwards.
REMIND_BEFORE = timedelta(days=5)
TO_BOOK = timedelta(days=3)
# Whoever gets the place late, or loses a visit that was booked, has a week of their own.
_OWN_TIME = timedelta(days=7)
_MORNING = time(8)


@dataclass(frozen=True)
class Chance:
    """A study visit that is not cancelled: since when there has been room, when it begins, and how much room is left."""

    free_since: datetime | None
    starts_at: datetime
    left: int


@dataclass(frozen=True)
class Holder:
    """A place of a programme that asks for a study visit. `office_cancelled`: a visit of theirs was cancelled by us.
    `since`: since when there has been one to book, as the place came, or as the visit that was booked was lost."""

    state: State
    visit: VisitState | None
    office_cancelled: bool
    since: datetime


@dataclass(frozen=True)
class Around:
    """What a cohort's deadline is made of. `first_start` is None when every session is cancelled."""

    decide_by: date
    visit_days: int
    first_start: datetime | None


def visit_by(holder: Holder, around: Around) -> date | None:
    """The last day on which a visit must be booked; None when that would not be before the first session."""
    own = local_date(holder.since) + _OWN_TIME
    last = max(around.decide_by - timedelta(days=around.visit_days), own)
    return last if around.first_start is not None and last < local_date(around.first_start) else None


def lacks_visit(holder: Holder) -> bool:
    """Whether the deadline is about them. A visit that the office has cancelled never costs the place, then or later."""
    return holder.state == "preliminary" and holder.visit in {None, "missed"} and not holder.office_cancelled


def reminds(holder: Holder, around: Around, chances: Sequence[Chance], now: datetime) -> bool:
    """Whether it is time for the reminder: in the last days, also late, and only while there is a time to book."""
    last = visit_by(holder, around)
    if last is None or not lacks_visit(holder) or now < at_local(last - REMIND_BEFORE, _MORNING):
        return False
    return any(chance.left > 0 and chance.starts_at > now for chance in chances)


def too_short(last: date, now: datetime) -> bool:
    """Whether somebody who hears of a last day only now would not have time to book by it."""
    return last < local_date(now + TO_BOOK)


def could_book(chances: Sequence[Chance], reminded_at: datetime, now: datetime) -> bool:
    """Whether after the reminder there was a time with room for long enough, which nobody took to the end."""
    return any(
        chance.left > 0 and min(chance.starts_at, now) - max(reminded_at, chance.free_since or reminded_at) >= TO_BOOK
        for chance in chances
    )


def releases(holder: Holder, around: Around, chances: Sequence[Chance], reminded_at: datetime | None, now: datetime) -> bool:
    """Whether the place goes on to the next: the day is over, the person had heard of it, and could have booked.

    `reminded_at` is when the reminder of this very day reached them; None keeps the place. Once the first session has
    begun nobody could join in their stead.
    """
    last = visit_by(holder, around)
    if last is None or around.first_start is None or reminded_at is None or not lacks_visit(holder):
        return False
    return last < local_date(now) and now < around.first_start and could_book(chances, reminded_at, now)
