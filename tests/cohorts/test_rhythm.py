"""When something usually is, in words: each weekday with its hours, however it was planned."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.pattern_rules import BY_HAND
from programmes.cohorts.rhythm_rules import beats, rhythm
from programmes.cohorts.schedule_rules import Closure, Pattern, Slot, plan_by_hand, plan_sessions, slot_on
from programmes.core.clock import local
from programmes.core.i18n import speaking
from tests.cohorts.test_schedule_rules import closures, patterns

MONDAY = date(2026, 10, 5)
TUESDAY, THURSDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)


def on(day: date, starts: int = 13, ends: int = 15) -> Slot:
    return slot_on(day, time(starts), time(ends))


def weekly(first: date, count: int, starts: int = 13, ends: int = 15) -> list[Slot]:
    return [on(first + timedelta(weeks=n), starts, ends) for n in range(count)]


def moved(slot: Slot, by: timedelta) -> Slot:
    return Slot(slot.starts_at + by, slot.ends_at + by, slot.starts_at)


SAID = [
    (weekly(MONDAY, 10), 1, "måndagar 13.00–15.00", "Mondays 13:00–15:00"),
    (
        [*weekly(TUESDAY, 5, 17, 19), *weekly(THURSDAY, 5)],
        1,
        "tisdagar 17.00–19.00 och torsdagar 13.00–15.00",
        "Tuesdays 17:00–19:00 and Thursdays 13:00–15:00",
    ),
    ([*weekly(TUESDAY, 5), *weekly(THURSDAY, 5)], 1, "tisdagar och torsdagar 13.00–15.00", None),
    (weekly(MONDAY, 4), 2, "måndagar 13.00–15.00, varannan vecka", "Mondays 13:00–15:00, every second week"),
    (weekly(MONDAY, 1), 2, "måndagar 13.00–15.00", None),
    ([on(MONDAY), on(TUESDAY + timedelta(weeks=1), 17, 19), on(MONDAY + timedelta(weeks=3))], BY_HAND,
     "olika dagar och tider", None),
    (weekly(MONDAY, 3), BY_HAND, "måndagar 13.00–15.00", None),
    ([on(MONDAY), on(MONDAY + timedelta(weeks=1)), on(MONDAY + timedelta(weeks=2)), on(THURSDAY)], BY_HAND,
     "olika dagar 13.00–15.00", "various days 13:00–15:00"),
    ([on(MONDAY), on(MONDAY + timedelta(weeks=1), 9, 10)], BY_HAND, "olika dagar och tider", "various days and times"),
    ([], 1, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("slots", "every", "swedish", "english"), SAID)
def test_each_weekday_has_its_hours_in_both_languages(
    slots: list[Slot], every: int, swedish: str, english: str | None
) -> None:
    assert rhythm(slots, every) == swedish
    with speaking("en"):
        assert english is None or rhythm(slots, every) == english


def test_one_moved_session_changes_neither_weekday_nor_hours() -> None:
    slots = weekly(MONDAY, 10)
    slots[0] = moved(slots[0], timedelta(days=2, hours=3))
    slots[1] = moved(slots[1], timedelta(hours=3))
    assert rhythm(slots) == "måndagar 13.00–15.00"


def test_where_many_are_on_another_weekday_the_words_do_not_mislead() -> None:
    slots = weekly(MONDAY, 4)
    slots[1:3] = [moved(slot, timedelta(days=1)) for slot in slots[1:3]]
    assert rhythm(slots) == "oftast måndagar 13.00–15.00"
    assert rhythm([*slots, *weekly(MONDAY + timedelta(weeks=4), 6)]) == "måndagar 13.00–15.00"


def test_where_all_have_been_moved_the_hours_are_those_they_have_now() -> None:
    assert rhythm([moved(slot, timedelta(hours=2)) for slot in weekly(MONDAY, 3)]) == "måndagar 15.00–17.00"


def test_an_open_meeting_place_has_all_its_weekdays() -> None:
    slots = [slot for day in (0, 2, 4, 5) for slot in weekly(MONDAY + timedelta(days=day), 6)]
    assert rhythm(slots) == "måndagar, onsdagar, fredagar och lördagar 13.00–15.00"


def test_the_hours_stay_over_the_clock_change() -> None:
    assert rhythm(weekly(MONDAY, 10)) == rhythm(weekly(MONDAY + timedelta(weeks=4), 10))


@given(patterns, st.integers(1, 20), closures)
def test_a_planned_schedule_is_told_by_its_own_weekdays_and_hours(pattern: Pattern, weeks: int, shut: list[Closure]) -> None:
    """Whatever the pattern: of each weekday that is told the hours are the pattern's, and the most usual one is told."""
    slots = plan_sessions(pattern, weeks * len(pattern.weekdays), shut).slots
    found = beats(slots)
    assert {beat.weekday for beat in found} <= pattern.weekdays
    assert all(beat.hours == pattern.other.get(beat.weekday, (pattern.starts, pattern.ends)) for beat in found)
    said = rhythm(slots, pattern.every)
    assert all(beat.name in said for beat in found)


@given(st.sets(st.dates(date(2027, 1, 1), date(2027, 6, 30)), min_size=1, max_size=12))
def test_days_by_hand_never_name_a_weekday_that_not_every_day_is_told_by(chosen: set[date]) -> None:
    slots = plan_by_hand(chosen, time(13), time(15), []).slots
    said, told = rhythm(slots, BY_HAND), {beat.weekday for beat in beats(slots)}
    assert ("olika dagar" in said) == (not {local(slot.starts_at).weekday() for slot in slots} <= told)
    assert "13.00–15.00" in said
