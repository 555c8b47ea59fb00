"""What a closure may be, and what is asked before it is entered: which sessions lie in it, which closures it meets. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from programmes.cohorts.meant_rules import TICK
from programmes.cohorts.rules import FURTHEST, Reason
from programmes.core.clock import at_local
from programmes.core.naming_rules import leads_to_somebody

LONGEST_CLOSURE = timedelta(days=120)


@dataclass(frozen=True)
class Days:
    """From the first day to the last, both closed; in one room or, without a `venue_id`, in all."""

    first: date
    last: date
    venue_id: int | None = None

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """From when it counts, and from when no longer, where the people are."""
        return at_local(self.first, time()), at_local(self.last + timedelta(days=1), time())


@dataclass(frozen=True)
class Entered:
    """A closure that is entered. `venue` is empty where every room is closed."""

    closure_id: int
    days: Days
    reason: str
    venue: str


@dataclass(frozen=True)
class Lying:
    """A session that lies in a closure and stays there until somebody moves it."""

    session_id: int
    cohort_id: int
    cohort: str
    form: str
    number: int | None
    starts_at: datetime
    ends_at: datetime


def why_not_close(days: Days, reason: str, today: date) -> list[Reason]:
    """A closure is to come, in order, and no longer than a summer; what it is called leads to nobody (decision 87)."""
    found = []
    if leads_to_somebody(reason, today):
        found.append(Reason("closure_points", "namn"))
    if days.last < days.first:
        found.append(Reason("ends_before", "sista"))
    elif days.last < today:
        found.append(Reason("closed_past", "sista"))
    elif days.last - days.first > LONGEST_CLOSURE:
        found.append(Reason("closed_too_long", "sista"))
    if days.first > today + FURTHEST:
        found.append(Reason("too_far", "forsta"))
    return found


def met_by(days: Days, entered: Sequence[Entered]) -> list[Entered]:
    """Those that close one of these days already, wherever these days close: for one room, those of every room too."""
    return [
        one
        for one in entered
        if one.days.first <= days.last
        and days.first <= one.days.last
        and (days.venue_id is None or one.days.venue_id in {None, days.venue_id})
    ]


def closing(starts_at: datetime, venue_id: int, entered: Sequence[Entered]) -> Entered | None:
    """The first closure that a session in this room lies in, or None."""
    for one in entered:
        since, until = one.days.moments
        if since <= starts_at < until and one.days.venue_id in {None, venue_id}:
            return one
    return None


def closed_then(state: str, starts_at: datetime, venue_id: int, entered: Sequence[Entered]) -> str:
    """Why that place is closed on the day of a session that can still be changed; nothing of another, or if it is open."""
    found = closing(starts_at, venue_id, entered) if state in {"planned", "moved"} else None
    return found.reason if found else ""


def closed_already(days: Days, entered: Sequence[Entered]) -> list[Reason]:
    """The same days of the same room, or of every room, are entered once."""
    return [Reason("closed_already", "forsta")] if any(one.days == days for one in entered) else []


def to_be_meant(days: Days, entered: Sequence[Entered], lying: Sequence[Lying]) -> list[Reason]:
    """What is asked before these days are closed; all that it is about, so that a tick answers nothing else."""
    met = [(one.reason, one.days.first, one.days.last, one.venue) for one in met_by(days, entered)]
    stay = [(session.session_id, session.starts_at) for session in lying]
    return [
        *([Reason("closed_in_part", TICK, {"closures": met})] if met else []),
        *([Reason("sessions_stay", TICK, {"n": len(stay), "sessions": stay})] if stay else []),
    ]
