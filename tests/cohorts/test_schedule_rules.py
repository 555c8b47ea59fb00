"""A schedule has exactly its sessions, never on a day off, always at the same time on the wall."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.pattern_rules import BY_HAND, again_from, one_more, pattern_of
from programmes.cohorts.rules import why_not_times
from programmes.cohorts.schedule_rules import (
    Booking,
    Clash,
    Closure,
    Note,
    Off,
    Pattern,
    Schedule,
    Slot,
    clashes,
    holiday_name,
    plan_by_hand,
    plan_sessions,
    plan_weeks,
    slot_on,
    why_off,
)
from programmes.core.clock import ZONE, local, local_date

MONDAY = frozenset({0})
SPORTLOV = Closure(date(2027, 2, 22), date(2027, 2, 26), "Sportlov")


def mondays(first: date, starts: time = time(13), ends: time = time(15)) -> Pattern:
    return Pattern(first, frozenset({first.weekday()}), starts, ends)


dates = st.dates(date(2026, 1, 1), date(2040, 12, 31))
closures = st.lists(
    st.builds(
        lambda first, days: Closure(first, first + timedelta(days=days), "stängt"),
        st.dates(date(2026, 1, 1), date(2041, 12, 31)),
        st.integers(0, 20),
    ),
    max_size=6,
)
hours = st.integers(6, 20)
every_week = st.builds(
    lambda first, weekdays, hour: Pattern(first, frozenset(weekdays), time(hour), time(hour + 2)),
    dates,
    st.sets(st.integers(0, 6), min_size=1),
    hours,
)
# Every week or every second, some weekdays with hours of their own.
patterns = st.builds(
    lambda pattern, every, hour, other: replace(
        pattern, every=every, other={day: (time(hour), time(hour + 1)) for day in pattern.weekdays & other}
    ),
    every_week,
    st.integers(1, 2),
    hours,
    st.frozensets(st.integers(0, 6)),
)


@given(patterns, st.integers(1, 52), closures)
def test_a_schedule_has_exactly_its_sessions_numbered_in_order(pattern: Pattern, count: int, shut: list[Closure]) -> None:
    planned = plan_sessions(pattern, count, shut)
    assert not planned.missing
    assert [day.number for day in planned.sessions] == list(range(1, count + 1))
    assert [day.day for day in planned.days] == sorted({day.day for day in planned.days})


@given(patterns, st.integers(1, 52), closures)
def test_no_session_is_on_a_holiday_or_in_a_closure(pattern: Pattern, count: int, shut: list[Closure]) -> None:
    red = holidays.country_holidays("SE", categories=("public", "de_facto"), include_sundays=False)
    for day in plan_sessions(pattern, count, shut).sessions:
        assert day.day not in red
        assert not any(closure.first_day <= day.day <= closure.last_day for closure in shut)
        assert day.day.weekday() in pattern.weekdays


@given(patterns, st.integers(1, 52), closures)
def test_the_time_on_the_wall_is_always_the_same(pattern: Pattern, count: int, shut: list[Closure]) -> None:
    for day in plan_sessions(pattern, count, shut).sessions:
        times = (local(day.slot.starts_at).time(), local(day.slot.ends_at).time())
        assert times == pattern.other.get(day.day.weekday(), (pattern.starts, pattern.ends))


@given(patterns, st.integers(1, 30), closures)
def test_every_second_week_never_meets_in_the_weeks_between(pattern: Pattern, count: int, shut: list[Closure]) -> None:
    planned = plan_sessions(pattern, count, shut)
    monday = pattern.first - timedelta(days=pattern.first.weekday())
    assert {(day.day - monday).days // 7 % pattern.every for day in planned.days} == {0}


@given(st.sets(dates, min_size=1, max_size=20), closures)
def test_days_chosen_one_by_one_are_all_held_and_a_day_off_is_said(chosen: set[date], shut: list[Closure]) -> None:
    planned = plan_by_hand(chosen, time(13), time(15), shut)
    assert [day.day for day in planned.sessions] == sorted(chosen)
    for day in planned.days:
        assert bool(day.off) == (plan_sessions(mondays(day.day), 1, shut).sessions[0].day != day.day)


@given(patterns, st.integers(1, 52), closures)
def test_every_matching_day_is_either_a_session_or_skipped_with_a_reason(
    pattern: Pattern, count: int, shut: list[Closure]
) -> None:
    planned = plan_sessions(pattern, count, shut)
    expected = [
        pattern.first + timedelta(days=n)
        for n in range((planned.days[-1].day - pattern.first).days + 1)
        if (pattern.first + timedelta(days=n)).weekday() in pattern.weekdays
        and ((pattern.first.weekday() + n) // 7) % pattern.every == 0
    ]
    assert [day.day for day in planned.days] == expected
    assert all((day.number is None) == (day.off is not None) for day in planned.days)


@given(every_week, st.integers(1, 52), closures)
def test_a_drop_in_never_runs_past_its_weeks_and_makes_up_for_nothing(
    pattern: Pattern, weeks: int, shut: list[Closure]
) -> None:
    planned = plan_weeks(pattern, weeks, shut)
    assert all(day.day < pattern.first + timedelta(weeks=weeks) for day in planned.days)
    assert len(planned.days) == weeks * len(pattern.weekdays)


def test_the_spring_of_the_design_skips_sportlov_and_easter_monday() -> None:
    planned = plan_sessions(mondays(date(2027, 2, 15)), 10, [SPORTLOV])
    assert [(day.day, day.off) for day in planned.days if day.off] == [
        (date(2027, 2, 22), Off("closure", "Sportlov")),
        (date(2027, 3, 29), Off("holiday")),
    ]
    assert planned.sessions[-1].day == date(2027, 5, 3)
    assert planned.weeks == 12


@pytest.mark.parametrize(
    ("first", "changed", "kind", "before", "after"),
    [
        (date(2026, 10, 19), date(2026, 10, 25), "winter_time", 2, 1),
        (date(2027, 3, 22), date(2027, 3, 28), "summer_time", 1, 2),
    ],
)
def test_the_clock_change_is_noted_and_keeps_the_time(
    first: date, changed: date, kind: str, before: int, after: int
) -> None:
    planned = plan_sessions(mondays(first), 2, [])
    one, two = planned.slots
    assert one.starts_at.hour == 13 - before
    assert two.starts_at.hour == 13 - after
    assert Note(kind, changed) in planned.sessions[1].notes  # type: ignore[arg-type]
    assert not any(note.kind == kind for note in planned.sessions[0].notes)


def test_an_eve_and_a_bridge_day_are_noted_but_not_skipped() -> None:
    eve = plan_sessions(mondays(date(2027, 1, 5)), 1, []).sessions[0]
    assert eve.notes == (Note("eve", date(2027, 1, 6)),)
    bridge = plan_sessions(mondays(date(2027, 5, 7)), 1, []).sessions[0]
    assert bridge.notes == (Note("bridge", date(2027, 5, 7)),)


def test_christmas_midsummer_and_new_years_eve_count_as_holidays() -> None:
    assert holiday_name(date(2026, 12, 24)) == "Julafton"
    assert holiday_name(date(2027, 6, 25)) == "Midsommarafton"
    assert holiday_name(date(2026, 12, 31), "en") == "New Year's Eve"
    assert holiday_name(date(2026, 12, 23)) == ""


def test_a_venue_that_never_opens_leaves_sessions_missing() -> None:
    planned = plan_sessions(mondays(date(2027, 1, 11)), 10, [Closure(date(2027, 1, 1), date(2035, 1, 1), "Rivs")])
    assert planned.missing == 10
    assert planned.weeks == 0


def test_the_digest_changes_with_any_day_or_time() -> None:
    one = plan_sessions(mondays(date(2027, 2, 15)), 10, [])
    assert one.digest == plan_sessions(mondays(date(2027, 2, 15)), 10, []).digest
    assert one.digest != plan_sessions(mondays(date(2027, 2, 15)), 9, []).digest
    assert one.digest != plan_sessions(mondays(date(2027, 2, 15), ends=time(15, 30)), 10, []).digest
    assert one.digest != plan_sessions(mondays(date(2027, 2, 15)), 10, [SPORTLOV]).digest


@given(patterns, st.integers(2, 20), closures, st.data())
def test_one_more_follows_the_pattern_also_when_a_session_was_moved(
    pattern: Pattern, count: int, shut: list[Closure], data: st.DataObject
) -> None:
    longer = plan_sessions(pattern, 2 * len(pattern.weekdays) + count + 1, shut).slots
    slots, expected = list(longer[:-1]), longer[-1]
    moved = data.draw(st.integers(0, count - 2))
    slots[moved] = Slot(
        slots[moved].starts_at + timedelta(minutes=20),
        slots[moved].ends_at + timedelta(minutes=20),
        slots[moved].starts_at,
    )
    if len({local(slot.starts_at).weekday() for slot in slots if slot.original is None}) == len(pattern.weekdays):
        assert one_more(slots, shut, pattern.every) == expected


def test_one_more_after_days_chosen_by_hand_is_a_week_later() -> None:
    slots = plan_by_hand([date(2027, 2, 3), date(2027, 2, 11), date(2027, 2, 15)], time(9), time(11), []).slots
    assert one_more(slots, [SPORTLOV], BY_HAND) == slot_on(date(2027, 3, 1), time(9), time(11))


@given(patterns, st.integers(1, 20), dates, closures)
def test_a_postponed_start_keeps_its_weekdays_and_hours_from_the_new_day(
    pattern: Pattern, count: int, new: date, shut: list[Closure]
) -> None:
    before = plan_sessions(pattern, count, shut)
    again = again_from(before.slots, new, shut, pattern.every)
    assert len(again.slots) == count
    had = {day.day.weekday() for day in before.sessions}
    assert {day.day.weekday() for day in again.days} <= (had if len(had) > 1 else {new.weekday()})
    # On the new day itself where the weekdays allow it, else on the first of them after it.
    assert new <= again.days[0].day < new + timedelta(weeks=1)
    assert again.days[0].day == new or new.weekday() not in had
    assert {(local(slot.starts_at).time(), local(slot.ends_at).time()) for slot in again.slots} <= {
        (pattern.starts, pattern.ends),
        *pattern.other.values(),
    }
    said_of_each_new_weekday(again, had)


def said_of_each_new_weekday(again: Schedule, had: set[int]) -> None:
    for day in again.sessions:
        kinds, is_new = {note.kind for note in day.notes}, day.day.weekday() not in had
        assert ("other_weekday" in kinds) == is_new
        assert ("weekend" in kinds) == (is_new and day.day.weekday() >= 5)


by_hand = st.sets(st.dates(date(2027, 1, 1), date(2027, 6, 30)), min_size=1, max_size=12)


@given(by_hand, dates, closures)
def test_days_chosen_by_hand_keep_their_weekdays_when_the_start_is_postponed(
    chosen: set[date], new: date, shut: list[Closure]
) -> None:
    slots = plan_by_hand(chosen, time(13), time(15), []).slots
    again = again_from(slots, new, shut, BY_HAND)
    assert [day.number for day in again.sessions] == list(range(1, len(chosen) + 1))
    assert len({day.day for day in again.sessions}) == len(chosen)
    assert not any(why_off(day.day, shut) for day in again.sessions)
    had = {day.weekday() for day in chosen}
    assert again.days[0].day == new
    assert {day.day.weekday() for day in again.sessions} <= had | {new.weekday()}
    said_of_each_new_weekday(again, had)


@given(by_hand, st.integers(-20, 60), closures)
def test_days_chosen_by_hand_keep_their_distance_when_the_weekdays_allow_it(
    chosen: set[date], weeks: int, shut: list[Closure]
) -> None:
    new = min(chosen) + timedelta(weeks=weeks)
    again = again_from(plan_by_hand(chosen, time(13), time(15), []).slots, new, shut, BY_HAND)
    wanted = {new + (day - min(chosen)) for day in chosen}
    assert {day for day in wanted if not why_off(day, shut)} <= {day.day for day in again.sessions}


def test_tuesdays_and_thursdays_stay_so_and_never_become_saturdays_by_themselves() -> None:
    tuesday = date(2027, 9, 7)
    slots = plan_sessions(Pattern(tuesday, frozenset({1, 3}), time(17), time(19), 1, {3: (time(13), time(15))}), 6, []).slots
    for new in (date(2027, 9, 23), date(2027, 9, 22), date(2027, 9, 25)):
        again = again_from(slots, new, [])
        assert {(day.day.weekday(), local(day.slot.starts_at).hour) for day in again.sessions} == {(1, 17), (3, 13)}
        assert not any(note.kind == "other_weekday" for day in again.sessions for note in day.notes)
    picked = plan_by_hand([tuesday, date(2027, 9, 9), date(2027, 9, 14)], time(13), time(15), []).slots
    again = again_from(picked, date(2027, 9, 23), [], BY_HAND)
    assert [day.day for day in again.sessions] == [date(2027, 9, 23), date(2027, 9, 28), date(2027, 9, 30)]


def test_one_weekday_follows_the_new_first_day_and_a_weekend_is_said() -> None:
    slots = plan_sessions(mondays(date(2027, 9, 6)), 3, []).slots
    again = again_from(slots, date(2027, 9, 25), [])
    assert [day.day.weekday() for day in again.sessions] == [5, 5, 5]
    assert [note.kind for note in again.sessions[0].notes] == ["other_weekday", "weekend"]


def test_a_weekend_an_eve_and_a_bridge_day_are_said_of_days_chosen_by_hand() -> None:
    saturday, eve, bridge = date(2027, 9, 4), date(2027, 5, 5), date(2027, 5, 7)
    noted_days = plan_by_hand([saturday, eve, bridge], time(13), time(15), []).sessions
    assert [[note.kind for note in day.notes if note.kind not in {"summer_time"}] for day in noted_days] == [
        ["eve"], ["bridge"], ["weekend"]]  # fmt: skip


def test_no_sessions_have_no_pattern() -> None:
    with pytest.raises(ValueError, match="no sessions"):
        pattern_of([], date(2027, 1, 1))


def test_a_booked_venue_and_a_busy_leader_are_said_each_with_until_when() -> None:
    slots = plan_sessions(mondays(date(2027, 3, 8)), 1, []).slots
    booked = Booking(slot_on(date(2027, 3, 8), time(12), time(13, 30)), 7, frozenset({1}), "Skuldsatta")
    elsewhere = Booking(slot_on(date(2027, 3, 8), time(14), time(16)), 8, frozenset({1, 3}), "")
    touching = Booking(slot_on(date(2027, 3, 8), time(15), time(16)), 7, frozenset({1}), "")
    day, until = date(2027, 3, 8), datetime(2027, 3, 8, 13, 30, tzinfo=ZONE)
    assert clashes(slots, 7, {1: "Robin", 2: "Robin"}, [booked, elsewhere, touching]) == [
        Clash(day, until, "", "Skuldsatta"),
        Clash(day, until, "Robin", "Skuldsatta", 1),
        Clash(day, datetime(2027, 3, 8, 16, tzinfo=ZONE), "Robin", "", 1),
    ]


@given(st.times(), st.times())
def test_a_session_ends_after_it_begins_whatever_the_clock_says(starts: time, ends: time) -> None:
    day = date(2026, 11, 4)
    slot = slot_on(day, starts, ends)
    assert slot.starts_at < slot.ends_at <= slot.starts_at + timedelta(days=1)
    assert why_not_times(starts, ends) or local_date(slot.ends_at) == day
