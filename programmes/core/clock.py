"""The one clock. Everything that needs the time is handed a `Clock` or a `now`; nothing else reads the computer's."""

from datetime import UTC, date, datetime, time
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The computer's clock, the only one that runs outside the tests (DESIGN 4)."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """An aware moment on the wall clock of the municipality."""
    return moment.astimezone(ZONE)


def local_date(moment: datetime) -> date:
    """The calendar day of a moment, as people in the municipality would say it."""
    return local(moment).date()


def at_local(day: date, clock_time: time) -> datetime:
    """The moment, in UTC, when wall clocks show `clock_time` on `day`.

    A time that the clock change skips is read as the hour after it; one that happens twice as the first.
    """
    return datetime.combine(day, clock_time, ZONE).astimezone(UTC)


def clock_doubt(day: date, clock_time: time) -> Literal["skipped", "twice"] | None:
    """Whether wall clocks skip `clock_time` on `day` or show it twice, since they are changed; None on any other day."""
    first, second = (datetime.combine(day, clock_time, ZONE).replace(fold=fold).utcoffset() for fold in (0, 1))
    if first == second or first is None or second is None:
        return None
    return "skipped" if second > first else "twice"
