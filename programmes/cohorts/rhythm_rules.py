"""When a group, a series or an open meeting place usually is, in words: each weekday with its hours. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from programmes.cohorts.pattern_rules import BY_HAND, often, parts_of, planned_at
from programmes.cohorts.schedule_rules import Slot
from programmes.core.clock import local
from programmes.core.i18n import gettext as _
from programmes.core.i18n import listed, times, weekdays

_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True)
class Beat:
    """One weekday (Monday is 0) on which it usually is, with the hours that are most common then, as a session has them."""

    weekday: int
    starts_at: datetime
    ends_at: datetime

    @property
    def name(self) -> str:
        return weekdays(_MONDAY.replace(day=1 + self.weekday))

    @property
    def hours(self) -> tuple[time, time]:
        """On the wall clock, which the change of the clocks does not touch."""
        return local(self.starts_at).time(), local(self.ends_at).time()


def beats(slots: Sequence[Slot]) -> list[Beat]:
    """The usual weekdays in their order, each with its hours.

    A weekday counts when it has more than half as many sessions as the most usual one, so that a single moved or added
    session changes nothing. Hours are those of sessions that stand as they were planned, if the weekday has one. Where a
    session and the rest were moved it is told by the pattern that most of them follow, of two as large by the later one.
    """
    by_day: dict[int, list[Slot]] = {}
    for slot in max(reversed(parts_of(slots)), key=len, default=[]):
        by_day.setdefault(local(planned_at(slot)).weekday(), []).append(slot)
    usual = often({day: len(found) for day, found in by_day.items()})
    return [_beat(day, found) for day, found in sorted(by_day.items()) if day in usual]


def _beat(weekday: int, slots: Sequence[Slot]) -> Beat:
    settled = [slot for slot in slots if slot.original is None] or list(slots)
    counted = Counter(_hours(slot) for slot in settled)
    (usual, _count), *_rest = counted.most_common(1)
    shown = next(slot for slot in settled if _hours(slot) == usual)
    return Beat(weekday, shown.starts_at, shown.ends_at)


def _hours(slot: Slot) -> tuple[time, time]:
    return local(slot.starts_at).time(), local(slot.ends_at).time()


def rhythm(slots: Sequence[Slot], every: int = 1) -> str:
    """`måndagar 13.00–15.00`, `tisdagar 17.00–19.00 och torsdagar 13.00–15.00`, `onsdagar 9.00–11.00, varannan vecka`.

    `every` so many weeks; 0 for days that were chosen one by one, which have weekdays only as far as those cover every day.
    Nothing is said of no sessions.
    """
    found = beats(slots)
    if not found:
        return ""
    if every == BY_HAND and not _covered(slots, found):
        if len({_hours(slot) for slot in slots}) > 1:
            return _("olika dagar och tider")
        return _("olika dagar %(hours)s", hours=times(slots[0].starts_at, slots[0].ends_at))
    often = {2: _("varannan vecka"), 3: _("var tredje vecka"), 4: _("var fjärde vecka")}.get(every, "")
    said = _with_hours(found)
    if _many_differ(slots, found):
        said = _("oftast %(when)s", when=said)
    return f"{said}, {often}" if often and len(slots) > 1 else said


def _with_hours(found: Sequence[Beat]) -> str:
    if len({beat.hours for beat in found}) == 1:
        return f"{listed([beat.name for beat in found])} {times(found[0].starts_at, found[0].ends_at)}"
    return listed([f"{beat.name} {times(beat.starts_at, beat.ends_at)}" for beat in found])


def _many_differ(slots: Sequence[Slot], found: Sequence[Beat]) -> bool:
    """Whether so many are on another weekday or at other hours than is said, two and a third of all at least, that the words
    would mislead."""
    told = {beat.weekday: beat.hours for beat in found}
    differing = sum(1 for slot in slots if told.get(local(slot.starts_at).weekday()) != _hours(slot))
    return differing >= 2 and differing * 3 >= len(slots)


def _covered(slots: Sequence[Slot], found: Sequence[Beat]) -> bool:
    """Whether every session is on one of these weekdays, at its hours."""
    told = {(beat.weekday, *beat.hours) for beat in found}
    return {(local(planned_at(slot)).weekday(), *_hours(slot)) for slot in slots if slot.original is None} <= told and {
        local(planned_at(slot)).weekday() for slot in slots
    } <= {beat.weekday for beat in found}
