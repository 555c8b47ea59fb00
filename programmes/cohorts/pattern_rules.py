"""The pattern that stored sessions follow, and how it goes on: one more at the end, or all from another day. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, time, timedelta

from programmes.cohorts.schedule_rules import (
    Closure,
    Day,
    Note,
    Pattern,
    Schedule,
    Slot,
    plan_sessions,
    slot_on,
    weekend,
    why_off,
    with_notes,
)
from programmes.core.clock import local

# How many weeks lie between the weeks of a schedule; a schedule whose days were chosen one by one has none.
BY_HAND = 0
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


def one_more(slots: Sequence[Slot], closures: Sequence[Closure], every: int = 1) -> Slot | None:
    """The next time after the last session, by the same pattern; None when three years hold none. After days chosen
    by hand it is a week later."""
    last = max(slots, key=lambda slot: slot.starts_at)
    day = local(last.starts_at).date()
    pattern = pattern_of(slots, day + _DAY, every)
    if every == BY_HAND:
        pattern = replace(pattern, weekdays=frozenset({_was_on(last).weekday()}))
    planned = plan_sessions(replace(pattern, anchor=_was_on(last)), 1, closures)
    return planned.slots[0] if planned.slots else None


def again_from(slots: Sequence[Slot], first: date, closures: Sequence[Closure], every: int = 1) -> Schedule:
    """As many sessions with the same times from another first day (a postponed start).

    What always meets on one weekday takes that of the new first day. Of several weekdays all are kept: a pattern begins on
    the first of them from that day on, and of days that were chosen by hand only the first is where it was asked for. A day
    on a weekday that there was not before has a note that says so, and another if that is a weekend. Days chosen by hand
    keep their distance where the weekdays allow it, and one that would be a day off is a week later.
    """
    before = {_was_on(slot).weekday() for slot in slots}
    if every == BY_HAND:
        return _as_far_apart(slots, first, closures)
    pattern = pattern_of(slots, first, every)
    if len(before) == 1:
        other = {first.weekday(): times for times in pattern.other.values()}
        pattern = replace(pattern, weekdays=frozenset({first.weekday()}), other=other)
    else:
        pattern = replace(pattern, first=next(day for day in _from(first) if day.weekday() in before))
    return _with_weekdays(plan_sessions(pattern, len(slots), closures), before)


def moved_from(slots: Sequence[Slot], first: date, closures: Sequence[Closure], every: int = 1) -> Schedule:
    """The same when one session and all that follow it are moved: of several weekdays the one that the first was on becomes
    that of the new day, and the others stay. Onto one of the others nothing is turned."""
    was, weekdays = _was_on(slots[0]).weekday(), {_was_on(slot).weekday() for slot in slots}
    if every == BY_HAND or len(weekdays) == 1 or first.weekday() in weekdays:
        return again_from(slots, first, closures, every)
    pattern = pattern_of(slots, first, every)
    other = {first.weekday() if day == was else day: times for day, times in pattern.other.items()}
    turned = replace(pattern, weekdays=frozenset(weekdays - {was} | {first.weekday()}), other=other)
    return _with_weekdays(plan_sessions(turned, len(slots), closures), weekdays)


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
        days.append(Day(day, slot_on(day, *times)))
    in_order = sorted(days, key=lambda found: found.day)
    numbers = iter(range(1, len(slots) + 1))
    numbered = [found if found.off else replace(found, number=next(numbers)) for found in in_order]
    return _with_weekdays(Schedule(with_notes(numbered)), before)


def _with_weekdays(schedule: Schedule, before: Collection[int]) -> Schedule:
    """The schedule with a note on each session whose weekday there was not before."""
    return replace(schedule, days=tuple(_on_weekday(day, before) for day in schedule.days))


def _on_weekday(day: Day, before: Collection[int]) -> Day:
    if day.number is None or day.day.weekday() in before:
        return day
    return replace(day, notes=(Note("other_weekday", day.day), *weekend(day.day), *day.notes))


def _was_on(slot: Slot) -> date:
    """The day a session was to be on before it was moved."""
    return local(slot.original or slot.starts_at).date()


def _times(slot: Slot) -> tuple[time, time]:
    return local(slot.starts_at).time(), local(slot.ends_at).time()


def _usual(slots: Sequence[Slot]) -> tuple[time, time]:
    (times, _count), *_rest = Counter(_times(slot) for slot in slots).most_common(1)
    return times
