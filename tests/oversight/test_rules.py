"""The year of a programme, and what the cockpit concludes from it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.schedule_rules import Pattern, plan_sessions, slot_on
from programmes.cohorts.year_rules import ENROLMENT, last_chance, number_fits, wanted
from programmes.oversight.rules import (
    Filter,
    Planned,
    Shortage,
    Start,
    Visit,
    Year,
    YearStart,
    next_action,
    shortage,
    soon,
    why_not_visits,
    without,
    years,
)

planned = st.builds(Planned, st.integers(1, 50), st.integers(1, 12), st.integers(0, 8), st.booleans())


def test_a_start_that_lacks_nobody_counts_and_one_that_lacks_somebody_is_the_one_needed() -> None:
    fine = Year((2,), (Planned(1, 10, 0),), 2)
    assert (fine.counted, fine.lacking, fine.needed) == (2, 0, None)
    short = Year((9,), (Planned(1, 11, 2), Planned(2, 12, 5)), 2)
    assert (short.counted, short.lacking, short.needed) == (1, 1, Planned(1, 11, 2))


def test_a_start_whose_first_day_has_been_counts_once_it_is_decided() -> None:
    late = Planned(1, 9, 0, late=True)
    year = Year((2,), (late, Planned(2, 11, 3)), 2)
    assert (year.counted, year.lacking, year.needed) == (1, 1, late)
    found = [YearStart(1, "2.8", 9, False, late=True)]
    assert years({"2.8": 1}, found, {})["2.8"] == Year((), (late,), 1)


@given(st.lists(st.integers(1, 12), max_size=5), st.lists(planned, max_size=5), st.none() | st.integers(1, 4))
def test_a_year_never_lacks_more_than_is_required(done: list[int], coming: list[Planned], required: int | None) -> None:
    year = Year(tuple(done), tuple(coming), required)
    assert 0 <= year.lacking <= (required or 0)
    assert (year.lacking == 0) == (required is None or year.counted >= required)
    assert year.needed is None or (year.lacking and (year.needed.missing or year.needed.late))
    for start in coming:
        assert without(year, start.cohort_id).lacking >= year.lacking


def test_years_are_kept_apart_by_section_and_across_editions() -> None:
    found = [
        YearStart(1, "2.7", 2, True),
        YearStart(2, "2.8", 3, False),
        YearStart(3, "2.8", 9, True),
        YearStart(4, "9.9", 1, True),
    ]
    assert years({"2.7": 2, "2.8": 2, "2.1": None}, found, {2: 3}) == {
        "2.7": Year((2,), (), 2),
        "2.8": Year((9,), (Planned(2, 3, 3),), 2),
        "2.1": Year((), (), None),
    }


def test_the_shortage_counts_days_and_goes_negative_when_it_is_late() -> None:
    assert shortage(5, 3, date(2026, 10, 2), date(2026, 9, 22)) == Shortage(2, 10)
    assert shortage(5, 7, date(2026, 9, 20), date(2026, 9, 22)) == Shortage(0, -2)


def test_only_the_nearest_decisions_are_shown_in_full() -> None:
    today = date(2026, 9, 22)
    days = [date(2026, 9, 20), date(2026, 10, 13), date(2026, 10, 14)]
    assert soon(days, today, 15) == 2
    assert soon(days, today, 1) == 1


def test_study_visits_are_to_come_and_before_the_start() -> None:
    now = datetime(2026, 9, 2, 8, tzinfo=UTC)
    schedule = plan_sessions(Pattern(date(2026, 10, 5), frozenset({0}), time(13), time(15)), 10, [])
    visits = [
        Visit(1, slot_on(date(2026, 9, 1), time(15), time(16)), 1),
        Visit(2, slot_on(date(2026, 9, 24), time(15), time(16)), 1),
        Visit(3, slot_on(date(2026, 10, 5), time(12, 30), time(13, 15)), 1),
    ]
    found = [(r.code, r.beside) for r in why_not_visits(visits, schedule, now)]
    assert found == [("past", "besok1"), ("visit_after_start", "besok3")]


def a_start(**others: object) -> Start:
    plain: dict[str, Any] = {
        "cohort_id": 1, "programme_id": 1, "name": "", "section": "2.8", "form": "group", "exempt": False, "state": "open",
        "minimum": 5, "maximum": 8, "required": 5, "decide_by": date(2026, 9, 20), "first_start": None, "sessions": 10,
        "confirmed": 3, "preliminary": 0, "offered": 0, "queued": 0,
    }  # fmt: skip
    return Start(**{**plain, **others})


def test_there_is_one_next_action_for_every_start() -> None:
    assert next_action(a_start(state="planned"), "not_yet", 9) == "announce"
    assert next_action(a_start(confirmed=5), "start", -3) == "start"
    assert next_action(a_start(preliminary=2), "not_yet", 3) == "finish"
    assert next_action(a_start(preliminary=1), "not_yet", 3) == "fill"
    assert next_action(a_start(), "not_yet", 0) == "settle"
    assert next_action(a_start(), "fewer", -1) == "fewer"


def test_a_filter_holds_what_every_part_of_it_holds() -> None:
    start = a_start(leaders=((7, "Robin"),), venue="Linden", first_start=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert not Filter()
    assert all(f.holds(start) for f in (Filter(), Filter("2.8", 7, "Linden", "2027-1"), Filter(leader=7)))
    assert not any(f.holds(start) for f in (Filter("2.7"), Filter(leader=8), Filter(venue="Boken"), Filter(half="2026-2")))


@given(st.integers(2026, 2060), st.booleans())
def test_the_steps_before_a_last_start_stand_in_their_order_on_working_days(year: int, visits: bool) -> None:
    chance = last_chance(year, visits)
    steps = [chance.open_by, *([chance.visits_from] if chance.visits_from else []), chance.decide_by, chance.first]
    assert steps == sorted(set(steps))
    assert chance.first.year == year
    assert chance.open_by + ENROLMENT <= (chance.visits_from or chance.decide_by)
    assert all(day.weekday() < 5 for day in (chance.open_by, chance.decide_by, chance.first))
    assert chance.warns(chance.open_by)
    assert not chance.over(chance.open_by)
    assert chance.over(chance.open_by + timedelta(days=1))
    assert not chance.warns(chance.open_by - timedelta(weeks=9))


def test_the_office_wants_at_least_what_the_guideline_says() -> None:
    assert wanted({"2.7": 2, "2.8": 2, "2.1": None, "2.5": None}, {"2.7": 1, "2.8": 4, "2.1": 3}) == {
        "2.7": 2, "2.8": 4, "2.1": 3, "2.5": None,
    }  # fmt: skip
    assert number_fits(2, 2)
    assert not number_fits(2, 1)
    assert not number_fits(None, 13)
