"""Which days a schedule gets, which it skips and why, and what to look at before it is saved. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
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
ROOM_AND_LEADER: tuple[Literal["room_taken"], Literal["leader_taken"]] = ("room_taken", "leader_taken")


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
    """What a schedule is made of. `weekdays`: Monday is 0. Times are on the wall clock, and stay there.

    `every` so many weeks, counted from the week of `anchor` (else of `first`). `other`: weekdays with times of their own.
    """

    first: date
    weekdays: frozenset[int]
    starts: time
    ends: time
    every: int = 1
    other: Mapping[int, tuple[time, time]] = field(default_factory=dict)
    anchor: date | None = None

    def meets_on(self, day: date) -> bool:
        """Whether the pattern has a session on that day, holidays and closures apart."""
        weeks = (week_of(day) - week_of(self.anchor or self.first)).days // 7
        return day >= self.first and day.weekday() in self.weekdays and weeks % self.every == 0

    def slot(self, day: date) -> "Slot":
        return slot_on(day, *self.other.get(day.weekday(), (self.starts, self.ends)))


@dataclass(frozen=True)
class Slot:
    """A time, as UTC moments. `original` is where a session that was moved by itself was to begin. `pattern`: which one of
    its group it follows; moving a session and the rest begins another (decision 79)."""

    starts_at: datetime
    ends_at: datetime
    original: datetime | None = None
    pattern: int = 0

    @property
    def sign(self) -> str:
        """What a form carries for a time that it showed."""
        return "-".join(f"{moment.astimezone(UTC):%Y%m%dT%H%M}" for moment in (self.starts_at, self.ends_at))

    def meets(self, other: "Slot") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Note:
    """Worth knowing about one day: the eve of a holiday, a bridge day, a weekend or a weekday that nobody chose as such, the
    first day after a clock change `on`, or that the room or somebody who leads is elsewhere then."""

    kind: Literal["eve", "bridge", "weekend", "other_weekday", "summer_time", "winter_time", "room_taken", "leader_taken"]
    on: date


@dataclass(frozen=True)
class Day:
    """One day: a session with its number, or skipped with why. A day off that was chosen by hand has both."""

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
        """What was seen: two schedules with the same days and times, and the same clashes, have the same digest."""
        text = " ".join(f"{slot.starts_at.isoformat()}/{slot.ends_at.isoformat()}" for slot in self.slots)
        text += "".join(f" {note.kind}/{note.on}" for day in self.days for note in day.notes if note.kind in ROOM_AND_LEADER)
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
    """The moments of a session that begins on a day; what does not end later that day ends on the next. Whether it may is
    for `why_not_times` to say."""
    ends_on = day if starts < ends else day + timedelta(days=1)
    return Slot(at_local(day, starts), at_local(ends_on, ends))


def plan_sessions(pattern: Pattern, count: int, closures: Sequence[Closure]) -> Schedule:
    """Exactly `count` sessions: a week that is skipped is made up for at the end (ten sessions means ten)."""
    days: list[Day] = []
    number = 0
    for day in _matching(pattern, pattern.first + _LOOK_AHEAD):
        if number == count:
            break
        off = why_off(day, closures)
        number += off is None
        days.append(Day(day, pattern.slot(day), None if off else number, off))
    return Schedule(with_notes(days), count - number)


def plan_by_hand(chosen: Collection[date], starts: time, ends: time, closures: Sequence[Closure]) -> Schedule:
    """Sessions on days that somebody chose one by one, all at the same time. A day off is kept, and said to be one."""
    days = [
        Day(day, slot_on(day, starts, ends), number, why_off(day, closures))
        for number, day in enumerate(sorted(set(chosen)), start=1)
    ]
    noted = (replace(day, notes=(*weekend(day.day), *day.notes)) for day in with_notes(days))
    return Schedule(tuple(noted))


def plan_weeks(pattern: Pattern, weeks: int, closures: Sequence[Closure]) -> Schedule:
    """Every matching day of so many weeks from the first day; for drop-ins, where a skipped day is not made up for."""
    days: list[Day] = []
    number = 0
    for day in _matching(pattern, pattern.first + timedelta(weeks=weeks)):
        off = why_off(day, closures)
        number += off is None
        days.append(Day(day, pattern.slot(day), None if off else number, off))
    return Schedule(with_notes(days))


def _matching(pattern: Pattern, end: date) -> Iterator[date]:
    day = pattern.first
    while day < end:
        if pattern.meets_on(day):
            yield day
        day += _DAY


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def weekend(day: date) -> tuple[Note, ...]:
    """A note on a day that is a Saturday or Sunday, for where nobody chose the weekday itself."""
    return (Note("weekend", day),) if day.weekday() >= 5 else ()


def worth_knowing(day: date, usual: Collection[int]) -> tuple[Note, ...]:
    """What is worth knowing about a day that somebody chose by itself, for who is most often on the `usual` weekdays."""
    return (*(weekend(day) if day.weekday() not in usual else ()), *_about(day))


def with_notes(days: Sequence[Day]) -> tuple[Day, ...]:
    """The days with what is worth knowing about each that has a session."""
    noted: list[Day] = []
    before: date | None = None
    for day in days:
        if day.number is None:
            noted.append(day)
            continue
        notes = (*_about(day.day), *_clock_change(before, day.day))
        noted.append(replace(day, notes=notes))
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
    """A session of another cohort, with its venue and those who lead it, by id."""

    slot: Slot
    venue_id: int
    staff: frozenset[int]
    cohort: str


@dataclass(frozen=True)
class Clash:
    """A day on which the venue (no `who`) or somebody who leads is taken, until `until`. `cohort` may be empty; two may have
    the same name, so `staff_id` is who it is."""

    day: date
    until: datetime
    who: str = ""
    cohort: str = ""
    staff_id: int | None = None


def clashes(
    slots: Iterable[Slot], venue_id: int | None, staff: Mapping[int, str], bookings: Sequence[Booking]
) -> list[Clash]:
    """Where the schedule meets other bookings. It warns; two groups may share a large room. `staff`: names by id."""
    found = []
    for slot in slots:
        for booking in (b for b in bookings if b.slot.meets(slot)):
            day, until = local(slot.starts_at).date(), booking.slot.ends_at
            if booking.venue_id == venue_id:
                found.append(Clash(day, until, "", booking.cohort))
            there = sorted((name, staff_id) for staff_id, name in staff.items() if staff_id in booking.staff)
            found.extend(Clash(day, until, name, booking.cohort, staff_id) for name, staff_id in there)
    return found


def with_clashes(schedule: Schedule, found: Iterable[Clash]) -> Schedule:
    """The schedule with a note on each day on which the room or somebody who leads is taken."""
    taken = {(clash.day, "leader_taken" if clash.who else "room_taken") for clash in found}
    noted = [
        replace(day, notes=(*day.notes, *(Note(kind, day.day) for kind in ROOM_AND_LEADER if (day.day, kind) in taken)))
        for day in schedule.days
    ]
    return replace(schedule, days=tuple(noted))


def seen_digest(schedule: Schedule, found: Sequence[Clash], venue_id: int | None, leaders: Sequence[int]) -> str:
    """What a preview showed: the days, and if something clashes, what does, with the room and leaders that it is about.

    Leaders and rooms that clash with nothing change nothing of what there was to see.
    """
    if not found:
        return schedule.digest
    taken = [f"{clash.day}/{clash.until.isoformat()}/{clash.who}/{clash.cohort}/{clash.staff_id}" for clash in found]
    text = "\n".join([schedule.digest, str(venue_id), str(sorted(set(leaders))), *taken])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
