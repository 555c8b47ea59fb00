"""What was moved with the rest is the pattern from then on, for all that goes by it; what was moved by itself is not."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import asyncpg
from hypothesis import assume, given
from hypothesis import strategies as st

from programmes.cohorts import queries, rest_services, session_services, talk_services
from programmes.cohorts.change_services import renumber, undo, undoable
from programmes.cohorts.pattern_rules import again_from, moved_from, one_more
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rest_services import Wanted
from programmes.cohorts.rhythm_rules import rhythm
from programmes.cohorts.schedule_rules import Closure, Pattern, Slot, plan_sessions, slot_on, why_off
from programmes.core.clock import at_local, local, local_date
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator
from tests.cohorts.test_schedule_rules import closures, dates, patterns
from tests.desk.talk_cast import a_series, fill
from tests.factories import a_cohort
from tests.oversight.test_undo import decide

TEN, TWO, FIVE = (time(10), time(12)), (time(14), time(16)), (time(17), time(19))
WEDNESDAY = date(2026, 9, 30)
Hours = tuple[time, time]


def hours(slot: Slot) -> Hours:
    return local(slot.starts_at).time(), local(slot.ends_at).time()


Group = tuple[list[list[Slot]], int, list[Closure]]


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """Sessions of two patterns, the second some days after the first or a pause, at weekdays and hours of its own."""
    first, second, shut = draw(patterns), draw(patterns), draw(closures)
    before = plan_sessions(first, draw(st.integers(1, 8)), shut).slots
    begins = local_date(before[-1].starts_at) + timedelta(days=draw(st.integers(1, 30)))
    after = plan_sessions(replace(second, first=begins, every=first.every), draw(st.integers(1, 8)), shut).slots
    return [list(before), [replace(slot, pattern=1) for slot in after]], first.every, shut


@given(groups())
def test_what_begins_on_the_day_on_which_it_begins_stays_as_it_is(
    group: Group,
) -> None:
    """So nothing of what was moved with the rest before is undone."""
    parts, every, shut = group
    slots = [slot for part in parts for slot in part]
    expected = [replace(slot, pattern=0) for slot in slots]
    for planned in (again_from, moved_from):
        assert list(planned(slots, local_date(slots[0].starts_at), shut, every).slots) == expected


@given(groups(), dates)
def test_from_another_day_each_pattern_keeps_its_number_its_hours_and_its_turn(group: Group, new: date) -> None:
    parts, every, shut = group
    slots = [slot for part in parts for slot in part]
    for planned in (again_from, moved_from):
        found = planned(slots, new, shut, every)
        days = [day.day for day in found.sessions]
        assert len(found.slots) == len(slots)
        assert days == sorted(set(days))
        assert [day.number for day in found.sessions] == list(range(1, len(slots) + 1))
        assert not any(why_off(day, shut) for day in days)
        cut = len(parts[0])
        assert {hours(slot) for slot in found.slots[:cut]} <= {hours(slot) for slot in parts[0]}
        assert {hours(slot) for slot in found.slots[cut:]} <= {hours(slot) for slot in parts[1]}


@given(groups(), st.integers(1, 3))
def test_one_more_follows_the_latest_pattern(group: Group, weeks: int) -> None:
    (before, after), every, shut = group
    pattern = Pattern(
        local_date(after[0].starts_at), frozenset({local(after[0].starts_at).weekday()}), *hours(after[0]), every
    )
    *there, expected = (replace(slot, pattern=1) for slot in plan_sessions(pattern, weeks + 1, shut).slots)
    assert one_more([*before, *there], shut, every) == expected


def test_a_pause_between_two_patterns_stays_and_a_day_off_does_not() -> None:
    monday = date(2027, 1, 18)
    (*before,) = plan_sessions(Pattern(monday, frozenset({0}), *TEN), 2, []).slots
    shut = [Closure(date(2027, 2, 1), date(2027, 2, 5), "Lov")]
    late = [replace(slot_on(monday + timedelta(weeks=n), *FIVE), pattern=1) for n in (3, 4)]
    again = again_from([*before, *late], date(2027, 3, 2), shut)
    assert [(day.day, hours(day.slot)) for day in again.days] == [
        (date(2027, 3, 2), TEN), (date(2027, 3, 9), TEN), (date(2027, 3, 16), FIVE), (date(2027, 3, 23), FIVE)]  # fmt: skip
    paused = again_from([*before, *late], date(2027, 3, 2), [])
    assert [day.day for day in paused.days][2:] == [date(2027, 3, 23), date(2027, 3, 30)]


def test_half_at_other_hours_is_told_by_the_later_ones_and_not_as_if_all_were() -> None:
    slots = [slot_on(WEDNESDAY + timedelta(weeks=n), *(TEN if n < 3 else FIVE)) for n in range(6)]
    slots = [replace(slot, pattern=int(n > 2)) for n, slot in enumerate(slots)]
    assert rhythm(slots) == "oftast onsdagar 17.00–19.00"
    assert rhythm(slots[2:]) == "onsdagar 17.00–19.00"


async def two_days(clock: FrozenClock, kim: Principal) -> CohortFacts:
    """Wednesdays at ten and Fridays at two, four weeks."""
    cohort = await a_cohort("2.1", clock.now(), kim, sessions=4)
    async with transaction():
        for week in range(4):
            slot = slot_on(date(2026, 10, 2) + timedelta(weeks=week), *TWO)
            await execute(
                """insert into cohort_session
                   (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at)
                   values ($1, $2, $3, $4, $5, '', 'planned', false, 0, $6)""",
                cohort.cohort_id,
                100 + week,
                slot.starts_at,
                slot.ends_at,
                cohort.venue_id,
                clock.now(),
            )
        await renumber(cohort.cohort_id)
    return cohort


async def rest(cohort: CohortFacts, number: int, day: date, times: Hours, who: Principal, now: datetime) -> None:
    """Move a session and all that follow it."""
    session = (await queries.sessions(cohort.cohort_id))[number - 1]
    wanted = Wanted(day, times, session.venue_id)
    plan = await rest_services.plan_rest(cohort, session, wanted, who, now)
    assert await rest_services.move_rest(session.session_id, wanted, plan.digest, who, now) == []


async def held_at(cohort: CohortFacts) -> list[tuple[str, Hours]]:
    return [
        (f"{local(s.starts_at):%a}", hours(s.slot))
        for s in await queries.sessions(cohort.cohort_id)
        if s.state != "cancelled"
    ]


async def test_the_second_rest_does_not_undo_the_first(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await two_days(clock, kim)
    await rest(cohort, 1, date(2026, 10, 1), TEN, kim, clock.now())
    await rest(cohort, 2, date(2026, 10, 3), TWO, kim, clock.now())
    assert await held_at(cohort) == [("Thu", TEN), ("Sat", TWO)] * 4


async def test_of_a_last_session_that_is_off_there_is_no_rest(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), kim, sessions=2)
    last = (await queries.sessions(cohort.cohort_id))[1]
    assert await session_services.cancel_session(last.session_id, False, kim, clock.now()) == []
    _first, last = await queries.sessions(cohort.cohort_id)
    wanted = Wanted(date(2026, 10, 8), TEN, last.venue_id)
    refused = await rest_services.move_rest(last.session_id, wanted, "", kim, clock.now())
    assert [reason.code for reason in refused] == ["session_cancelled"]


async def test_new_hours_from_the_third_stay_when_the_first_and_the_rest_move(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await two_days(clock, kim)
    evening = (time(20), time(22))
    await rest(cohort, 3, date(2026, 10, 7), (time(16), time(18)), kim, clock.now())
    await rest(cohort, 1, date(2026, 10, 1), TEN, kim, clock.now())
    four = (time(16), time(18))
    assert await held_at(cohort) == [("Thu", TEN), ("Fri", TWO), *[("Thu", four), ("Fri", evening)] * 3]


async def test_all_that_goes_by_the_pattern_goes_by_the_new_one_until_it_is_undone(db: None, clock: FrozenClock) -> None:
    """What it is called, a session at the end, and a postponed start; a session moved by itself is none of it."""
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), kim, sessions=4)
    await rest(cohort, 1, date(2026, 10, 1), FIVE, kim, clock.now())
    undoing = await undoable(cohort.cohort_id, kim, clock.now())
    sessions = await queries.sessions(cohort.cohort_id)
    assert rhythm([s.slot for s in sessions]) == "torsdagar 17.00–19.00"
    added = await session_services.slot_at_end(cohort)
    assert added
    assert (local(added.starts_at).isoformat(), hours(added)) == ("2026-10-29T17:00:00+01:00", FIVE)
    assert undoing
    assert await undo(cohort.cohort_id, undoing.change_id, kim, clock.now()) == []
    assert rhythm([s.slot for s in await queries.sessions(cohort.cohort_id)]) == "onsdagar 10.00–12.00"
    added = await session_services.slot_at_end(cohort)
    assert added
    assert (f"{local(added.starts_at):%a}", hours(added)) == ("Wed", TEN)


async def test_a_session_that_was_added_follows_the_rest_when_they_move_again(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), kim, sessions=4)
    await rest(cohort, 2, date(2026, 10, 8), FIVE, kim, clock.now())
    third = (await queries.sessions(cohort.cohort_id))[2]
    assert await session_services.cancel_session(third.session_id, True, kim, clock.now()) == []
    assert await held_at(cohort) == [("Wed", TEN), *[("Thu", FIVE)] * 3]
    await rest(cohort, 1, date(2026, 9, 28), TEN, kim, clock.now())
    assert await held_at(cohort) == [("Mon", TEN), *[("Thu", FIVE)] * 3]


async def test_one_that_is_moved_by_itself_is_still_an_exception_after_the_rest_were(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), kim, sessions=4)
    await rest(cohort, 1, date(2026, 10, 1), FIVE, kim, clock.now())
    last = (await queries.sessions(cohort.cohort_id))[3]
    starts = at_local(date(2026, 10, 24), time(9))
    assert (
        await session_services.move_session(
            last.session_id, starts, starts + timedelta(hours=1), last.venue_id, kim, clock.now(), meant=True
        )
        == []
    )
    sessions = await queries.sessions(cohort.cohort_id)
    assert rhythm([s.slot for s in sessions]) == "torsdagar 17.00–19.00"
    added = await session_services.slot_at_end(cohort)
    assert added
    assert (local_date(added.starts_at), hours(added)) == (date(2026, 10, 29), FIVE)


async def test_a_postponed_start_keeps_the_hours_that_the_rest_had_got(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), kim, minimum=1, sessions=4)
    await rest(cohort, 2, date(2026, 10, 7), FIVE, kim, clock.now())
    await decide("postpone", await queries.by_id(cohort.cohort_id), kim, clock)
    assert await held_at(cohort) == [("Wed", TEN), *[("Wed", FIVE)] * 3]
    assert (await queries.sessions(cohort.cohort_id))[0].starts_at > at_local(WEDNESDAY, time(23))


async def test_the_next_talk_is_suggested_where_the_rest_were_moved(db: None, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_series("2.3", clock, kim)
    await fill(cohort, 4, kim, clock)
    cohort = await queries.by_id(cohort.cohort_id)
    second = (await queries.sessions(cohort.cohort_id))[1]
    await rest(cohort, 2, local_date(second.starts_at) + timedelta(days=2), (time(16), time(17)), kim, clock.now())
    suggested = await talk_services.suggested(cohort, clock.now())
    last = (await queries.sessions(cohort.cohort_id))[-1]
    assert local_date(suggested.starts_at) == local_date(last.starts_at) + timedelta(weeks=1)
    assert hours(suggested) == (time(16), time(17))


@given(groups(), st.integers(2, 8), st.integers(1, 3))
def test_one_more_talk_follows_the_weekdays_and_the_rhythm_of_those_that_were_booked_last(
    group: Group, number: int, weeks: int
) -> None:
    """However often the series met before; a talk at which it does not meet after all changes nothing of that."""
    (before, after), every, shut = group
    days = frozenset(local(slot.starts_at).weekday() for slot in after)
    pattern = Pattern(local_date(after[0].starts_at), days, *hours(after[0]), weeks)
    *there, expected = (replace(slot, pattern=1) for slot in plan_sessions(pattern, number + 1, shut).slots)
    as_many = [plan_sessions(replace(pattern, every=n), number, shut).slots for n in (every, *range(1, weeks))]
    # What lies just so by what is said of the series, or by a quicker rhythm, says no more than that.
    assume(tuple(replace(slot, pattern=0) for slot in there) not in as_many)
    assume(days == {local(slot.starts_at).weekday() for slot in there})
    assert one_more([*before, *there], shut, every, booked=True) == expected
    off = there[number // 2 : number // 2 + 1]
    left = [slot for slot in there if slot not in off]
    if left[-1] == there[-1]:
        assert one_more([*before, *left], shut, every, booked=True, cancelled=off) == expected


async def test_a_talk_at_the_end_and_the_next_one_follow_the_talks_that_were_booked_last(
    db: None, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    series = await a_series("2.3", clock, kim)
    for pattern, n in (
        (Pattern(date(2027, 2, 2), frozenset({1}), *TEN), 4),
        (Pattern(date(2027, 3, 18), frozenset({3}), *TWO, 2), 5),
    ):
        plan = await talk_services.plan_talks(series, pattern, n, series.venue_id, kim, clock.now())
        booked = (series.cohort_id, pattern, n, series.venue_id, plan.digest)
        assert await talk_services.book_talks(*booked, kim, clock.now()) == []
        clock.advance(minutes=1)
    last = (await queries.sessions(series.cohort_id))[-1]
    assert local_date(last.starts_at) == date(2027, 5, 13)
    suggested = await talk_services.suggested(series, clock.now())
    assert (local_date(suggested.starts_at), hours(suggested)) == (date(2027, 5, 27), TWO)
    added = await session_services.slot_at_end(series)
    assert added
    assert (local_date(added.starts_at), hours(added)) == (date(2027, 5, 27), TWO)
    assert await session_services.cancel_session(last.session_id, True, kim, clock.now(), shown=[added.sign]) == []
    assert local_date((await queries.sessions(series.cohort_id))[-1].starts_at) == date(2027, 5, 27)
    again = await session_services.slot_at_end(series)
    assert again
    assert local_date(again.starts_at) == date(2027, 6, 10)
