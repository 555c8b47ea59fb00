"""What a cohort may be: the guideline's limits bind everyone, and every refusal stands beside its field."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.rules import Programme
from programmes.cohorts.rules import (
    Opening,
    StartFacts,
    decide_start,
    decided_by,
    defaults,
    places_span,
    start_choice,
    why_not_limits,
    why_not_open,
    why_not_postpone,
)
from programmes.cohorts.schedule_rules import Pattern, Schedule, plan_sessions, plan_weeks

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 9, 2)
PROGRAMMES: Mapping[str, Programme] = {p.section: p for p in read_edition(EDITIONS / "2026-04-01.toml").programmes}
OPENABLE = sorted(section for section, p in PROGRAMMES.items() if p.form != "catalogue_only")


def wish(programme: Programme, today: date = TODAY) -> Opening:
    d = defaults(programme, today, [])
    return Opening(
        1, "x", d.first, d.starts, d.ends, d.count, d.minimum, d.maximum, d.enrol_from, d.decide_by, d.last_entry, (1,), 1
    )


def schedule(programme: Programme, wanted: Opening) -> Schedule:
    pattern = Pattern(wanted.first, frozenset({wanted.first.weekday()}), wanted.starts, wanted.ends)
    return (plan_weeks if programme.form == "drop_in" else plan_sessions)(pattern, wanted.count, [])


def refusals(programme: Programme, wanted: Opening, now: datetime = NOW) -> set[tuple[str, str]]:
    found = why_not_open(programme, wanted, schedule(programme, wanted), {1}, now)
    return {(reason.code, reason.beside) for reason in found}


@given(st.sampled_from(OPENABLE), st.dates(date(2026, 4, 1), date(2035, 12, 31)))
def test_the_defaults_of_every_programme_can_be_opened_on_any_day(section: str, today: date) -> None:
    programme = PROGRAMMES[section]
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    assert refusals(programme, wish(programme, today), now) == set()


@given(st.sampled_from(["2.7", "2.8"]), st.integers(-5, 300), st.integers(-5, 300))
def test_nobody_gets_past_five_to_eight(section: str, minimum: int, maximum: int) -> None:
    allowed = not why_not_limits(places_span(PROGRAMMES[section]), minimum, maximum, 0)
    assert allowed == (5 <= minimum <= maximum <= 8)


@given(st.integers(-5, 300), st.integers(-5, 300), st.integers(0, 200))
def test_where_the_guideline_says_nothing_the_coordinator_decides_but_not_below_those_who_hold_places(
    minimum: int, maximum: int, held: int
) -> None:
    allowed = not why_not_limits(places_span(PROGRAMMES["2.15"]), minimum, maximum, held)
    assert allowed == (1 <= minimum <= maximum <= 200 and maximum >= held)


def test_a_series_has_one_place_and_a_mediation_one_for_each_party() -> None:
    assert not why_not_limits(places_span(PROGRAMMES["2.13"]), 1, 2, 0)
    assert why_not_limits(places_span(PROGRAMMES["2.13"]), 1, 3, 0)
    for section in ("2.3", "2.14", "2.18"):
        assert why_not_limits(places_span(PROGRAMMES[section]), 1, 2, 0)
        assert not why_not_limits(places_span(PROGRAMMES[section]), 1, 1, 0)


def test_treatment_groups_close_at_the_start_and_others_after_the_second_session() -> None:
    assert {wish(PROGRAMMES[section]).last_entry for section in ("2.7", "2.8")} == {1}
    assert {wish(PROGRAMMES[section]).last_entry for section in ("2.1", "2.12", "2.15", "2.17")} == {2}


@pytest.mark.parametrize(
    ("section", "changes", "refused"),
    [
        ("2.8", {"maximum": 9}, {("maximum", "max")}),
        ("2.7", {"minimum": 4}, {("minimum", "min")}),
        ("2.8", {"minimum": 8, "maximum": 5}, {("minimum_above", "min")}),
        ("2.15", {"minimum": 9, "maximum": 8}, {("minimum_above", "min")}),
        ("2.15", {"maximum": 201}, {("maximum", "max")}),
        ("2.14", {"maximum": 2}, {("maximum", "max")}),
        ("2.8", {"count": 9}, {("sessions", "antal")}),
        ("2.14", {"count": 21}, {("sessions", "antal")}),
        ("2.3", {"count": 11}, {("sessions", "antal")}),
        ("2.17", {"count": 100}, {("sessions", "antal")}),
        ("2.17", {"count": 0}, {("sessions", "antal")}),
        ("2.8", {"first": date(2026, 8, 31)}, {("past", "forsta"), ("decided_after_start", "beslut")}),
        ("2.8", {"first": date(2199, 1, 1)}, {("too_far", "forsta")}),
        ("2.8", {"starts": time(15), "ends": time(13)}, {("ends_first", "till")}),
        ("2.8", {"starts": time(15), "ends": time(15)}, {("ends_first", "till")}),
        ("2.8", {"starts": time(6), "ends": time(15)}, {("too_long", "till")}),
        ("2.8", {"starts": time(2, 30)}, {("hour", "fran")}),
        ("2.8", {"leaders": ()}, {("leader_missing", "ledare")}),
        ("2.8", {"leaders": (4711,)}, {("leader_missing", "ledare")}),
        ("2.8", {"venue_id": None}, {("venue_missing", "lokal")}),
        ("2.8", {"last_entry": 2}, {("only_at_start", "sista")}),
        ("2.17", {"last_entry": 20}, {("last_entry", "sista")}),
        ("2.8", {"enrol_from": date(2026, 9, 1)}, {("past", "oppnar")}),
        ("2.8", {"enrol_from": date(2026, 12, 1)}, {("opens_after_decision", "oppnar")}),
        ("2.8", {"decide_by": date(2027, 1, 1)}, {("decided_after_start", "beslut")}),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_field(
    section: str, changes: dict[str, object], refused: set[tuple[str, str]]
) -> None:
    programme = PROGRAMMES[section]
    assert refusals(programme, replace(wish(programme), **changes)) == refused  # type: ignore[arg-type]


def facts(minimum: int = 5, required: int | None = None, state: str = "open", sessions: int = 10) -> StartFacts:
    return StartFacts("2.8" if required else "2.16", state, minimum, required, sessions)


@given(st.integers(5, 8), st.integers(0, 8), st.booleans())
def test_below_the_guidelines_minimum_nothing_helps(minimum: int, confirmed: int, with_fewer: bool) -> None:
    reasons = decide_start(facts(minimum, 5), confirmed, with_fewer)
    if confirmed < 5:
        assert [(r.code, r.params["section"], r.params["minimum"]) for r in reasons] == [("below_guideline", "2.8", 5)]
        assert start_choice(facts(minimum, 5), confirmed) == "not_yet"


@given(st.integers(1, 12), st.integers(0, 12))
def test_below_a_minimum_of_our_own_a_coordinator_may_start_with_fewer(minimum: int, confirmed: int) -> None:
    choice = start_choice(facts(minimum), confirmed)
    assert choice == ("not_yet" if confirmed == 0 else "fewer" if confirmed < minimum else "start")
    assert (not decide_start(facts(minimum), confirmed, with_fewer=True)) == (confirmed > 0)


def test_a_start_that_cannot_be_says_every_reason() -> None:
    reasons = decide_start(facts(5, 5, "planned", 0), 0, with_fewer=True)
    assert [r.code for r in reasons] == ["not_announced", "no_sessions", "below_guideline"]


@pytest.mark.parametrize(
    ("state", "new_first", "decide_by", "codes"),
    [
        ("open", date(2026, 11, 2), date(2026, 10, 20), []),
        ("planned", date(2026, 11, 2), date(2026, 11, 2), []),
        ("postponed", date(2026, 11, 2), date(2026, 9, 2), []),
        ("started", date(2026, 11, 2), date(2026, 10, 20), ["cohort_over"]),
        ("open", date(2026, 10, 5), date(2026, 9, 20), ["not_later"]),
        ("open", date(2026, 8, 3), date(2026, 9, 1), ["past", "past"]),
        ("open", date(2026, 11, 2), date(2026, 11, 3), ["decided_after_start"]),
        ("open", date(2030, 11, 4), date(2026, 11, 3), ["too_far"]),
    ],
)
def test_a_start_is_postponed_to_a_later_day_with_the_decision_before_it(
    state: str, new_first: date, decide_by: date, codes: list[str]
) -> None:
    planned = plan_sessions(Pattern(new_first, frozenset({new_first.weekday()}), time(13), time(15)), 10, [])
    old_first = NOW + timedelta(days=33)
    found = why_not_postpone(state, old_first, new_first, decide_by, planned, NOW)
    assert [reason.code for reason in found] == codes


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2027, 2, 15), date(2027, 2, 5)),
        (date(2026, 9, 23), date(2026, 9, 11)),
        (date(2027, 1, 11), date(2026, 12, 30)),
        (date(2027, 4, 8), date(2027, 3, 25)),
    ],
)
def test_a_start_is_decided_upon_on_a_working_day(first: date, expected: date) -> None:
    assert decided_by(first) == expected
