"""A session and all that follow, moved together: pure, with whatever pattern and calendar there may be."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.rest_rules import hours, rest_from, why_not_rest
from programmes.cohorts.rules import why_not_times
from programmes.cohorts.schedule_rules import Closure, Schedule, Slot, slot_on, why_off
from programmes.cohorts.wording_rules import said
from programmes.core.clock import at_local, clock_doubt, local, local_date

DAYS = st.dates(date(2026, 9, 1), date(2027, 6, 1))
STARTS = st.times(time(8), time(18)).map(lambda t: t.replace(second=0, microsecond=0))


def later(clock_time: time, minutes: int) -> time:
    return (datetime.combine(date(2000, 1, 1), clock_time) + timedelta(minutes=minutes)).time()


@st.composite
def _rest(draw: st.DrawFn) -> tuple[list[Slot], int, tuple[time, time]]:
    """Sessions as they are stored: weekly or every second week, or with days by hand; some moved on their own."""
    every = draw(st.sampled_from([0, 1, 2]))
    first, starts = draw(DAYS), draw(STARTS)
    times = (starts, later(starts, draw(st.integers(30, 240))))
    gaps = [7 * max(every, 1) if every else draw(st.integers(1, 20)) for _ in range(draw(st.integers(0, 11)))]
    days = [first + timedelta(days=sum(gaps[:n])) for n in range(len(gaps) + 1)]
    slots = [slot_on(day, *times) for day in days]
    if len(slots) > 2 and draw(st.booleans()):
        n = draw(st.integers(1, len(slots) - 1))
        one = slots[n]
        slots[n] = Slot(one.starts_at + timedelta(hours=1), one.ends_at + timedelta(hours=1), one.starts_at)
    return slots, every, times


@given(_rest(), DAYS, STARTS, st.integers(15, 300), st.lists(DAYS, max_size=4))
def test_the_rest_are_as_many_in_order_on_no_day_off_and_at_the_hours_that_were_asked_for(
    rest: tuple[list[Slot], int, tuple[time, time]], first: date, starts: time, length: int, shut: list[date]
) -> None:
    slots, every, _times = rest
    closures = [Closure(day, day + timedelta(days=2), "Lov") for day in shut]
    wanted = (starts, later(starts, length))
    found = rest_from(slots, first, wanted, closures, every)
    assert len(found.slots) + found.missing == len(slots)
    days = [day.day for day in found.sessions]
    assert days == sorted(set(days))
    assert days[0] >= first
    assert all(why_off(day, closures) is None for day in days)
    assert days[0] == first or why_off(first, closures) is not None
    assert hours(found.slots[0]) == wanted
    assert [day.number for day in found.sessions] == list(range(1, len(days) + 1))
    # At the same time on the wall clock, also across both changes of it.
    if every:
        assert {hours(slot) for slot in found.slots} == {wanted}
        assert len({local(slot.starts_at).weekday() for slot in found.slots}) == 1
        assert {(b - a).days % (7 * every) for a, b in pairwise(days)} <= {0}
    assert all(local_date(slot.starts_at) == local_date(slot.ends_at) for slot in found.slots)


@given(_rest(), DAYS)
def test_moved_to_where_they_are_they_stay(rest: tuple[list[Slot], int, tuple[time, time]], shut: date) -> None:
    """Without a move of its own nothing of a pattern changes, and days by hand keep their distance."""
    slots, every, times = rest
    if any(slot.original for slot in slots) or any(why_off(local_date(slot.starts_at), []) for slot in slots):
        return
    first = local_date(slots[0].starts_at)
    assert rest_from(slots, first, times, [], every).slots == tuple(slots)
    further = rest_from(slots, first + timedelta(weeks=52), times, [], every)
    assert len(further.slots) == len(slots)
    assert shut


def test_another_weekday_with_hours_of_its_own_begins_as_much_later() -> None:
    monday, thursday = date(2026, 10, 5), date(2026, 10, 8)
    slots = [slot_on(monday + timedelta(weeks=n), time(18), time(20)) for n in range(3)]
    slots += [slot_on(thursday + timedelta(weeks=n), time(9), time(10)) for n in range(3)]
    ordered = sorted(slots, key=lambda slot: slot.starts_at)
    found = rest_from(ordered, date(2026, 10, 13), (time(19), time(21)), [], 1)
    said_times = [(day.day.isoformat(), *(f"{t:%H:%M}" for t in hours(day.slot))) for day in found.sessions]
    assert said_times[:2] == [("2026-10-13", "19:00", "21:00"), ("2026-10-15", "10:00", "11:00")]
    late = rest_from(ordered, date(2026, 10, 13), (time(23), time(23, 30)), [], 1)
    assert why_not_rest(late, None, None, datetime(2026, 9, 1, tzinfo=UTC))[0].code == "hour"


@pytest.mark.parametrize(
    ("first", "previous", "decide_by", "codes"),
    [
        (date(2026, 10, 7), date(2026, 10, 6), None, []),
        (date(2026, 10, 7), date(2026, 10, 7), None, ["before_previous"]),
        (date(2026, 10, 7), date(2026, 10, 14), date(2026, 10, 8), ["before_decision", "before_previous"]),
        (date(2026, 9, 1), None, None, ["past"]),
        (date(2029, 1, 10), None, None, ["too_far"]),
    ],
)
def test_what_cannot_be_is_said_at_once(
    first: date, previous: date | None, decide_by: date | None, codes: list[str]
) -> None:
    schedule = rest_from([slot_on(date(2026, 10, 7), time(10), time(12))], first, (time(10), time(12)), [], 1)
    before = slot_on(previous, time(10), time(12)) if previous else None
    found = why_not_rest(schedule, before, decide_by, datetime(2026, 9, 2, 8, tzinfo=UTC))
    assert [reason.code for reason in found] == codes
    assert all(said(reason) for reason in found)
    assert [r.code for r in why_not_rest(Schedule((), 3), None, None, datetime(2026, 9, 2, tzinfo=UTC))] == ["no_days"]


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0)))
def test_a_time_that_the_clock_skips_or_shows_twice_is_known_and_said(day: date, clock_time: time) -> None:
    doubt = clock_doubt(day, clock_time)
    there_and_back = local(at_local(day, clock_time))
    assert (there_and_back.time() != clock_time) == (doubt == "skipped")
    if doubt == "skipped":
        assert there_and_back.replace(tzinfo=None) == datetime.combine(day, clock_time) + timedelta(hours=1)
    same_wall = local(at_local(day, clock_time) + timedelta(hours=1)).time() == clock_time
    assert same_wall == (doubt == "twice")
    codes = [reason.code for reason in why_not_times(clock_time, clock_time, day)]
    assert (codes == [f"clock_{doubt}"]) == (doubt is not None)


def test_the_words_tell_what_was_made_of_it() -> None:
    (spring,) = why_not_times(time(2, 30), time(4), date(2027, 3, 28))
    (autumn,) = why_not_times(time(1), time(2, 30), date(2026, 10, 25))
    assert "Natten till 28 mars ställs klockan fram, så 2.30 finns inte" in said(spring)
    assert "Natten till 25 oktober ställs klockan tillbaka, så 2.30 kommer två gånger" in said(autumn)
    assert (spring.beside, autumn.beside) == ("fran", "till")
