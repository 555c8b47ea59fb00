"""Which days a schedule gets, which it skips and why, and what to look at before it is saved. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal

import holidays
from holidays.constants import DE_FACTO, PUBLIC

from programmes.core.clock import at_local, local
from programmes.core.days import day_off

Lang = Literal["sv", "en"]
EARLIEST, LATEST = time(6), time(23)
_LOOK_AHEAD = timedelta(days=3 * 366)
_DAY = timedelta(days=1)


@cache
def _holidays(year: int, public_only: bool, language: Lang) -> dict[date, str]:
    categories = (PUBLIC,) if public_only else (PUBLIC, DE_FACTO)
    spoken = "en_US" if language == "en" else "sv"
    found = holidays.country_holidays("SE", years=year, categories=categories, include_sundays=False, language=spoken)
    return dict(found.items())


def holiday_name(day: date, language: Lang = "sv") -> str:
    """What a day off is called (days without a name: an empty text)."""
    return _holidays(day.year, False, language).get(day, "")


@dataclass(frozen=True)
class Closure:
    """Days on which the office or one venue is closed; both ends count."""

    first_day: date
    last_day: date
    reason: str
    everywhere: bool = True


@dataclass(frozen=True)
class Off:
    """Why a day is skipped: a holiday (its name is in the calendar) or a closure with its reason."""

    kind: Literal["holiday", "closure"]
    reason: str = ""
    everywhere: bool = True


@dataclass(frozen=True)
class Pattern:
    """What a schedule is made of. `weekdays`: Monday is 0. Times are on the wall clock, and stay there."""

    first: date
    weekdays: frozenset[int]
    starts: time
    ends: time


@dataclass(frozen=True)
class Slot:
    """A time, as UTC moments. `original` is where a moved session was to begin."""

    starts_at: datetime
    ends_at: datetime
    original: datetime | None = None

    def meets(self, other: "Slot") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Note:
    """Worth knowing about one day: the eve of a holiday, a bridge day, or the first day after a clock change `on`."""

    kind: Literal["eve", "bridge", "summer_time", "winter_time"]
    on: date


@dataclass(frozen=True)
class Day:
    """One day of a pattern: a session with its number, or skipped with why."""

    day: date
    slot: Slot
    number: int | None = None
    off: Off | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """Every day of a pattern in order. `missing` sessions found no day within three years."""

    days: tuple[Day, ...]
    missing: int = 0

    @property
    def sessions(self) -> tuple[Day, ...]:
        return tuple(day for day in self.days if day.number is not None)

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(day.slot for day in self.sessions)

    @property
    def weeks(self) -> int:
        """Weeks from the first session to the last, both counted; skipped ones count too."""
        held = self.sessions
        return (held[-1].day - held[0].day).days // 7 + 1 if held else 0

    @property
    def digest(self) -> str:
        """What was seen: two schedules with the same days and times have the same digest."""
        text = " ".join(f"{slot.starts_at.isoformat()}/{slot.ends_at.isoformat()}" for slot in self.slots)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def why_off(day: date, closures: Iterable[Closure]) -> Off | None:
    """Why nothing is scheduled on a day, or None. A holiday goes before a closure."""
    if day_off(day):
        return Off("holiday")
    for closure in closures:
        if closure.first_day <= day <= closure.last_day:
            return Off("closure", closure.reason, closure.everywhere)
    return None


def slot_on(day: date, starts: time, ends: time) -> Slot:
    """The moments of a session on a day."""
    return Slot(at_local(day, starts), at_local(day, ends))


def plan_sessions(pattern: Pattern, count: int, closures: Sequence[Closure]) -> Schedule:
    """Exactly `count` sessions: a week that is skipped is made up for at the end (ten sessions means ten)."""
    days: list[Day] = []
    number = 0
    for day in _matching(pattern, pattern.first + _LOOK_AHEAD):
        if number == count:
            break
        off = why_off(day, closures)
        number += off is None
        days.append(Day(day, slot_on(day, pattern.starts, pattern.ends), None if off else number, off))
    return Schedule(_with_notes(days), count - number)


def plan_weeks(pattern: Pattern, weeks: int, closures: Sequence[Closure]) -> Schedule:
    """Every matching day of so many weeks from the first day; for drop-ins, where a skipped day is not made up for."""
    days: list[Day] = []
    number = 0
    for day in _matching(pattern, pattern.first + timedelta(weeks=weeks)):
        off = why_off(day, closures)
        number += off is None
        days.append(Day(day, slot_on(day, pattern.starts, pattern.ends), None if off else number, off))
    return Schedule(_with_notes(days))


def _matching(pattern: Pattern, end: date) -> Iterator[date]:
    day = pattern.first
    while day < end:
        if day.weekday() in pattern.weekdays:
            yield day
        day += _DAY


def _with_notes(days: Sequence[Day]) -> tuple[Day, ...]:
    noted: list[Day] = []
    before: date | None = None
    for day in days:
        if day.number is None:
            noted.append(day)
            continue
        notes = (*_about(day.day), *_clock_change(before, day.day))
        noted.append(Day(day.day, day.slot, day.number, None, notes))
        before = day.day
    return tuple(noted)


def _about(day: date) -> Iterator[Note]:
    tomorrow = day + _DAY
    if _free(day - _DAY) and _free(tomorrow) and not _free(day):
        yield Note("bridge", day)
    elif tomorrow in _holidays(tomorrow.year, True, "sv"):
        yield Note("eve", tomorrow)


def _free(day: date) -> bool:
    """Whether most offices are closed: a weekend or a holiday."""
    return day.weekday() >= 5 or bool(day_off(day))


def _clock_change(before: date | None, day: date) -> Iterator[Note]:
    """The first session after the clock was changed; the wall clock's time is the same, and people wonder."""
    if before is None or _offset(before) == _offset(day):
        return
    changed = before
    while _offset(changed) == _offset(before):
        changed += _DAY
    yield Note("summer_time" if _offset(changed) > _offset(before) else "winter_time", changed)


def _offset(day: date) -> timedelta:
    return local(at_local(day, time(12))).utcoffset() or timedelta(0)


@dataclass(frozen=True)
class Booking:
    """A session of another cohort, with its venue and those who lead it."""

    slot: Slot
    venue_id: int
    staff: frozenset[str]
    cohort: str


@dataclass(frozen=True)
class Clash:
    """A day on which the venue (no `who`) or somebody who leads is taken, until `until`. `cohort` may be empty."""

    day: date
    until: datetime
    who: str = ""
    cohort: str = ""


def clashes(slots: Iterable[Slot], venue_id: int | None, staff: frozenset[str], bookings: Sequence[Booking]) -> list[Clash]:
    """Where the schedule meets other bookings. It warns; two groups may share a large room."""
    found = []
    for slot in slots:
        for booking in (b for b in bookings if b.slot.meets(slot)):
            day, until = local(slot.starts_at).date(), booking.slot.ends_at
            if booking.venue_id == venue_id:
                found.append(Clash(day, until, "", booking.cohort))
            found.extend(Clash(day, until, name, booking.cohort) for name in sorted(staff & booking.staff))
    return found


def seen_digest(schedule: Schedule, found: Sequence[Clash], venue_id: int | None, leaders: Sequence[int]) -> str:
    """What a preview showed: the days, and if something clashes, what does, with the room and leaders that it is about.

    Leaders and rooms that clash with nothing change nothing of what there was to see.
    """
    if not found:
        return schedule.digest
    taken = [f"{clash.day}/{clash.until.isoformat()}/{clash.who}/{clash.cohort}" for clash in found]
    text = "\n".join([schedule.digest, str(venue_id), str(sorted(set(leaders))), *taken])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def pattern_of(slots: Sequence[Slot], first: date) -> Pattern:
    """The pattern that sessions follow, from where moved ones were to be. The most common time of day wins.

    Raises:
        ValueError: there are no sessions to go by.
    """
    settled = [slot for slot in slots if slot.original is None] or list(slots)
    if not settled:
        raise ValueError("no sessions to find a pattern in")
    weekdays = frozenset(local(slot.original or slot.starts_at).weekday() for slot in slots)
    times = Counter((local(slot.starts_at).time(), local(slot.ends_at).time()) for slot in settled)
    (starts, ends), _ = times.most_common(1)[0]
    return Pattern(first, weekdays, starts, ends)


def one_more(slots: Sequence[Slot], closures: Sequence[Closure]) -> Slot | None:
    """The next time after the last session, by the same pattern; None when three years hold none."""
    last = max(local(slot.starts_at).date() for slot in slots)
    planned = plan_sessions(pattern_of(slots, last + _DAY), 1, closures)
    return planned.slots[0] if planned.slots else None


def again_from(slots: Sequence[Slot], first: date, closures: Sequence[Closure]) -> Schedule:
    """As many sessions with the same times, week by week from another first day (a postponed start)."""
    pattern = pattern_of(slots, first)
    return plan_sessions(Pattern(first, frozenset({first.weekday()}), pattern.starts, pattern.ends), len(slots), closures)
