"""The pattern that stored sessions follow, and how it goes on: one more at the end, or all from another day. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count

from programmes.cohorts.schedule_rules import (
    Closure,
    Day,
    Note,
    Pattern,
    Schedule,
    Slot,
    plan_sessions,
    slot_on,
    week_of,
    weekend,
    why_off,
    with_notes,
)
from programmes.core.clock import local

# How many weeks lie between the weeks of a schedule; a schedule whose days were chosen one by one has none.
BY_HAND = 0
# No rhythm is slower than this, in weeks.
_MOST_WEEKS = 8
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)


def pattern_of(slots: Sequence[Slot], first: date, every: int = 1) -> Pattern:
    """The pattern that sessions follow, from where moved ones were to be. The most common time wins, for each weekday.

    Raises:
        ValueError: there are no sessions to go by.
    """
    settled = [slot for slot in slots if slot.original is None] or list(slots)
    if not settled:
        raise ValueError("no sessions to find a pattern in")
    weekdays = frozenset(_was_on(slot).weekday() for slot in slots)
    starts, ends = _usual(settled)
    of_days = {day: [slot for slot in settled if _was_on(slot).weekday() == day] for day in weekdays}
    other = {day: _usual(found) for day, found in of_days.items() if found and _usual(found) != (starts, ends)}
    return Pattern(first, weekdays, starts, ends, max(every, 1), other)


def parts_of(slots: Sequence[Slot]) -> list[list[Slot]]:
    """The sessions by which pattern of their group they follow, first the pattern that came first, each in its order."""
    found: dict[int, list[Slot]] = {}
    for slot in sorted(slots, key=planned_at):
        found.setdefault(slot.pattern, []).append(slot)
    return [found[number] for number in sorted(found)]


def often(counted: Mapping[int, int]) -> frozenset[int]:
    """Of weekdays, with how many sessions each has, those that count: with more than half as many as the most usual."""
    most = max(counted.values(), default=0)
    return frozenset(day for day, number in counted.items() if number * 2 > most)


def usual_weekdays(slots: Sequence[Slot]) -> frozenset[int]:
    """The weekdays (Monday is 0) on which it usually is by the latest pattern: a single day is an exception."""
    return often(Counter(_was_on(slot).weekday() for slot in parts_of(slots)[-1])) if slots else frozenset()


def followed(part: Sequence[Slot], closures: Sequence[Closure], every: int = 1) -> Pattern:
    """The pattern of talks that were booked, cancelled ones too, from their first day on: the first of these by which they
    lie just where they do, with `every` so many weeks or the fewest that do. A single day on another weekday, or a week in
    which there was none, is an exception: where nothing fits it is the usual weekdays, as often as was said.

    Raises:
        ValueError: there are none.
    """
    first, usual = min(_was_on(slot) for slot in part), usual_weekdays(part)
    pattern = pattern_of(part, first, every)
    for weekdays in dict.fromkeys((pattern.weekdays, usual)):
        days = sorted(day for slot in part if (day := _was_on(slot)).weekday() in weekdays)
        for weeks in dict.fromkeys((pattern.every, *range(1, _MOST_WEEKS + 1))):
            found = replace(pattern, first=days[0], weekdays=weekdays, every=weeks)
            if len(days) > 1 and [one.day for one in plan_sessions(found, len(days), closures).sessions] == days:
                return found
    return replace(pattern, weekdays=usual)


def one_more(
    slots: Sequence[Slot],
    closures: Sequence[Closure],
    every: int = 1,
    *,
    booked: bool = False,
    cancelled: Sequence[Slot] = (),
) -> Slot | None:
    """The next time after the last session, by the latest pattern; None when three years hold none. After days chosen by
    hand it is a week later. Of what is `booked` one by one, or some at a time, each booking may have had a rhythm of its own
    (`followed`, by the `cancelled` ones too); `closures` are then from the first of them on."""
    last = max(slots, key=lambda slot: slot.starts_at)
    latest = parts_of(slots)[-1]
    day = local(last.starts_at).date()
    pattern = replace(pattern_of(latest, day + _DAY, every), anchor=_was_on(last))
    if every == BY_HAND and not (booked and latest[0].pattern):
        pattern = replace(pattern, weekdays=frozenset({_was_on(last).weekday()}))
    elif booked:
        there = followed([*latest, *(slot for slot in cancelled if slot.pattern == latest[0].pattern)], closures, every)
        anchor = there.first if there.every > 1 else _was_on(last)
        pattern = replace(pattern, weekdays=there.weekdays, every=there.every, anchor=anchor)
    planned = plan_sessions(pattern, 1, closures)
    return replace(planned.slots[0], pattern=latest[0].pattern) if planned.slots else None


def again_from(slots: Sequence[Slot], first: date, closures: Sequence[Closure], every: int = 1) -> Schedule:
    """As many sessions with the same times from another first day (a postponed start).

    What always meets on one weekday takes that of the new first day. Of several weekdays all are kept: a pattern begins on
    the first of them from that day on, and of days that were chosen by hand only the first is where it was asked for. A day
    on a weekday that there was not before has a note that says so, and another if that is a weekend. Days chosen by hand
    keep their distance where the weekdays allow it, and one that would be a day off is a week later. Where a session and the
    rest were moved, each pattern follows the one before as it did (decision 79).
    """
    if every == BY_HAND:
        return _as_far_apart(slots, first, closures)
    weekdays = {_was_on(slot).weekday() for slot in parts_of(slots)[0]}
    turn = (weekdays.pop(), first.weekday()) if len(weekdays) == 1 else None
    return _part_by_part(slots, first, closures, every, turn)


def moved_from(slots: Sequence[Slot], first: date, closures: Sequence[Closure], every: int = 1) -> Schedule:
    """The same when one session and all that follow it are moved: of several weekdays the one that the first was on becomes
    that of the new day, and the others stay. Onto one of the others nothing is turned."""
    weekdays = {_was_on(slot).weekday() for slot in parts_of(slots)[0]}
    if every == BY_HAND or len(weekdays) == 1 or first.weekday() in weekdays:
        return again_from(slots, first, closures, every)
    return _part_by_part(slots, first, closures, every, (_was_on(slots[0]).weekday(), first.weekday()))


@dataclass(frozen=True)
class _Planned:
    """A pattern as it was and as it becomes, each with its last day."""

    was: Pattern
    was_last: date
    becomes: Pattern
    last: date


def _part_by_part(
    slots: Sequence[Slot], first: date, closures: Sequence[Closure], every: int, turn: tuple[int, int] | None
) -> Schedule:
    """Each pattern with as many sessions as it has, the first of them from `first` on. `turn`: a weekday, and what it
    becomes in each of them."""
    days: list[Day] = []
    missing, before = len(slots), None
    for part in parts_of(slots):
        was = pattern_of(part, _was_on(part[0]), every)
        becomes = _turned(was, *turn) if turn else was
        if before is None:
            becomes = replace(becomes, first=next(day for day in _from(first) if day.weekday() in becomes.weekdays))
        else:
            becomes = _as_it_followed(before, was, becomes, closures)
        planned = plan_sessions(becomes, len(part), closures)
        days.extend(planned.days)
        missing -= len(planned.sessions)
        if planned.missing:
            break
        before = _Planned(was, _was_on(part[-1]), becomes, planned.sessions[-1].day)
    return _with_weekdays(Schedule(with_notes(_numbered(days)), missing), {_was_on(slot).weekday() for slot in slots})


def _turned(pattern: Pattern, was: int, becomes: int) -> Pattern:
    """One weekday for another, with its hours; not where both are in the pattern."""
    if was not in pattern.weekdays or becomes in pattern.weekdays:
        return pattern
    other = {becomes if day == was else day: times for day, times in pattern.other.items()}
    return replace(pattern, weekdays=pattern.weekdays - {was} | {becomes}, other=other)


def _as_it_followed(before: _Planned, was: Pattern, becomes: Pattern, closures: Sequence[Closure]) -> Pattern:
    """A pattern from where it follows the one before, as long after it as it did: a pause was meant, a day off was not."""
    now = _after(before.becomes, before.last, becomes)
    there = plan_sessions(_after(before.was, before.was_last, was), 1, closures).sessions
    here = plan_sessions(now, 1, closures).sessions
    if not there or not here or there[0].day == was.first:
        return now
    begins = max(here[0].day + (was.first - there[0].day), before.last + _DAY)
    return replace(becomes, first=begins, anchor=begins)


def _after(before: Pattern, last: date, pattern: Pattern) -> Pattern:
    """A pattern that takes over from another after its last day, in the week in which that would have met next."""
    going_on = replace(before, first=last, anchor=last)
    following = next(day for n in count(1) if going_on.meets_on(day := last + n * _DAY))
    return replace(pattern, first=max(last + _DAY, week_of(following)), anchor=following)


def _numbered(days: Sequence[Day]) -> list[Day]:
    numbers = count(1)
    return [day if day.number is None else replace(day, number=next(numbers)) for day in days]


def _from(first: date) -> Iterator[date]:
    return (first + n * _DAY for n in range(7))


def _as_far_apart(slots: Sequence[Slot], first: date, closures: Sequence[Closure]) -> Schedule:
    ordered = sorted(slots, key=_was_on)
    later, before = first - _was_on(ordered[0]), {_was_on(slot).weekday() for slot in slots}
    whole_weeks = later if len(before) == 1 else timedelta(weeks=later.days // 7)
    days: list[Day] = []
    taken: set[date] = set()
    for slot in ordered:
        day, times = (_was_on(slot) + whole_weeks if days else first), _times(slot)
        while (off := why_off(day, closures)) or day in taken or day < first:
            if off and day not in taken and day >= first:
                days.append(Day(day, slot_on(day, *times), None, off))
            taken.add(day)
            day += _WEEK
        taken.add(day)
        days.append(Day(day, slot_on(day, *times), 1))
    numbered = _numbered(sorted(days, key=lambda found: found.day))
    return _with_weekdays(Schedule(with_notes(numbered)), before)


def _with_weekdays(schedule: Schedule, before: Collection[int]) -> Schedule:
    """The schedule with a note on each session whose weekday there was not before."""
    return replace(schedule, days=tuple(_on_weekday(day, before) for day in schedule.days))


def _on_weekday(day: Day, before: Collection[int]) -> Day:
    if day.number is None or day.day.weekday() in before:
        return day
    return replace(day, notes=(Note("other_weekday", day.day), *weekend(day.day), *day.notes))


def planned_at(slot: Slot) -> datetime:
    """When a session was to begin before it was moved by itself."""
    return slot.original or slot.starts_at


def _was_on(slot: Slot) -> date:
    """The day a session was to be on before it was moved."""
    return local(planned_at(slot)).date()


def _times(slot: Slot) -> tuple[time, time]:
    return local(slot.starts_at).time(), local(slot.ends_at).time()


def _usual(slots: Sequence[Slot]) -> tuple[time, time]:
    (times, _count), *_rest = Counter(_times(slot) for slot in slots).most_common(1)
    return times
