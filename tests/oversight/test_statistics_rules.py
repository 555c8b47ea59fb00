"""Which figures a section may show, and for which days: by the guideline's own list, and for whatever is counted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.rules import Programme
from programmes.oversight.statistics.rules import (
    FIGURES,
    Counted,
    NotListed,
    Period,
    Section,
    gathered,
    halves_of,
    listed,
    why_not_period,
    year_of,
)

EDITION: Mapping[str, Programme] = {p.section: p for p in read_edition(EDITIONS / "2026-04-01.toml").programmes}
_SEX, _VISITS = {"women", "men", "other"}, {"visits_women", "visits_men", "visits_other"}
_ENDED = {"ended_completed", "ended_early", "ended_cancelled"}
_MAIN = {"starts", "cancelled_starts", "held", "cancelled_sessions", "people", *_SEX, "visits", "completed", "dropped_out",
         "waiting", "no_shows"}  # fmt: skip
_COUNT = {"people", "visits", "answers", *_SEX, *_VISITS}
_TALKS = {"form", "talks", *_ENDED}
# The guideline's sections by hand, as the table "Exactly which figures" has them.
EXPECTED: Mapping[str, set[str]] = {
    "2.1": _COUNT, "2.12": _COUNT, "3.1": {"occasions", "visits", *_VISITS}, "3.2": {"occasions", "visits", *_VISITS},
    **dict.fromkeys(("2.4", "2.9", "2.10", "2.11", "2.13", "2.15", "2.16"), _TALKS), "2.6": {"talks", *_ENDED},
    **dict.fromkeys(("2.2", "2.3", "2.5", "2.18", "2.19"), _MAIN), "2.14": {*_MAIN, "answers"},
    "2.17": {*_MAIN, "answers", "response_rate"},
    **{section: {*_MAIN, "study_visits", "led_on", "answers", "response_rate"} for section in ("2.7", "2.8")},
    **{section: set() for section in ("4.1", "4.2", "4.3", "4.4")},
}  # fmt: skip
# Whatever a query could come up with.
NAMES = (*FIGURES, "waited", "waited_days", "slips", "most_visits")


def a_section(section: str, counts: Mapping[str, int], before: Mapping[str, int] | None = None) -> Section:
    """A section's figures, as they were counted."""
    rows = [Counted(1, "", 0, *item) for item in counts.items()] + [Counted(1, "", 1, *i) for i in (before or {}).items()]
    [found] = gathered({1: EDITION[section]}, rows, year_of(2026))
    return found


def test_every_section_has_the_figures_that_it_lists_and_no_other() -> None:
    assert {section: set(listed(programme)) for section, programme in EDITION.items()} == EXPECTED


@pytest.mark.parametrize("section", [s for s in EXPECTED if EXPECTED[s]])
def test_whatever_is_counted_only_what_is_listed_can_be_had(section: str) -> None:
    rows = [Counted(1, place, window, name, 7) for name in NAMES for window in (0, 1) for place in ("", "Asarum")]
    [found] = gathered({1: EDITION[section]}, rows, year_of(2026))
    assert set(found.figures) == EXPECTED[section]
    for figure in NAMES:
        if figure in EXPECTED[section]:
            assert found.value(figure) is not None
        else:
            with pytest.raises(NotListed):
                found.value(figure)
    parts = {"waited": "waiting", "waited_days": "waiting", "slips": "response_rate", "most_visits": "visits"}
    held = set(found.windows[0].counts)
    assert {parts.get(name, name) for name in held} <= EXPECTED[section]
    # Only the meeting places are shown each by itself, where the section has several (3.2).
    assert bool(found.places) == (section in {"3.1", "3.2"} and EDITION[section].reading("figures_by_venue") is True)
    with pytest.raises(NotListed):
        found.value(found.figures[0], 0, "Någon annanstans")


def test_nothing_is_there_of_home_services_or_of_a_programme_that_was_not_asked_about() -> None:
    assert (
        gathered({1: EDITION["4.1"]}, [Counted(1, "", 0, "visits", 7), Counted(2, "", 0, "visits", 7)], year_of(2026)) == ()
    )


def test_each_count_is_judged_by_the_edition_of_its_own_group() -> None:
    # In a later edition the section lists a head count no longer.
    later = replace(EDITION["2.1"], figures=("number_of_talks",), facts={**EDITION["2.1"].facts, "evaluation": "none"})
    rows = [Counted(1, "", 0, "people", 6), Counted(2, "", 0, "people", 40), Counted(2, "", 0, "talks", 9)]
    [found] = gathered({1: EDITION["2.1"], 2: later}, rows, year_of(2027))
    assert (found.value("people"), found.value("talks")) == (6, 9)
    [found] = gathered({2: later}, rows, year_of(2027))
    assert found.figures == ("talks",)


def test_figures_that_are_worked_out_are_rounded_and_say_when_there_is_nothing() -> None:
    found = a_section("2.7", {"waited": 2, "waited_days": 29, "answers": 5, "slips": 8, "people": 2})
    assert (found.value("waiting"), found.value("response_rate"), found.value("people")) == (15, 63, 2)
    assert (found.value("waiting", 1), found.value("response_rate", 1), found.value("people", 1)) == (None, None, 0)
    assert not found.empty
    assert a_section("2.7", {"people": 0}).empty


def test_series_of_nobody_are_there_for_whole_half_years_only() -> None:
    rows = [Counted(1, "", 0, "talks", 12)]
    for first, last, halves in (
        (date(2026, 1, 1), date(2026, 12, 31), ("2026-1", "2026-2")),
        (date(2026, 1, 2), date(2027, 1, 1), ("2026-2",)),
        (date(2026, 1, 2), date(2026, 12, 30), ()),
    ):
        [found] = gathered({1: EDITION["2.9"]}, rows, Period(first, last))
        assert found.half_years is not None
        assert found.half_years[0] == halves
        assert found.value("talks") == (12 if halves else None)
    assert a_section("2.7", {}).half_years is None


DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


@given(DAYS, st.integers(0, 3000))
@example(date(2028, 2, 29), 0)
@example(date(2029, 2, 28), 0)
@example(date(2000, 2, 1), 27)
def test_the_year_before_is_the_same_days(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days))
    before = period.year_before
    for day, earlier in ((period.first, before.first), (period.last, before.last)):
        assert (earlier.year, earlier.month) == (day.year - 1, day.month)
        # The end of a month stays one; the 28th before a leap day has the end of February a year earlier.
        assert (earlier + timedelta(days=1)).month != day.month or (day + timedelta(days=1)).month == day.month
        assert earlier.day == day.day or day.month == 2
    assert len(period.half_years) - len(before.half_years) == 0
    assert period.is_whole_half_years == before.is_whole_half_years
    assert len(period.half_years) <= days / 181 + 1


def test_periods() -> None:
    assert year_of(2026).is_whole_half_years
    assert halves_of(2026)[0].half_years == ("2026-1",)
    assert not Period(date(2026, 1, 2), date(2026, 6, 30)).is_whole_half_years
    assert why_not_period(date(2026, 1, 2), date(2026, 1, 1)) == "backwards"
    assert why_not_period(date(2000, 1, 1), date(2026, 1, 1)) == "too_long"
    assert why_not_period(date(2026, 1, 1), date(2026, 1, 1)) is None
