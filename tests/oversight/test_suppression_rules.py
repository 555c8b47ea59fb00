"""What leaves the house counts nobody out. The audit is exact: every table of counts that would have been published just so
is made, and each hidden count must have five values or more among them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.oversight.statistics.rules import Counted, Section, gathered, year_of
from programmes.oversight.statistics.suppression_rules import LEAST, Published, published
from tests.oversight.test_statistics_rules import EDITION, a_section

Table = tuple[int, ...]


def _shown(found: Published) -> tuple[object, ...]:
    return tuple(found.figures.items()), tuple((place, tuple(f.items())) for place, f in found.places.items())


def _audit(tables: Iterable[Table], made: Mapping[str, object], section: str, names: tuple[str, ...]) -> None:
    """Group every possible table by what would be published of it; within each, a hidden count has five values at least."""
    by_publication: dict[tuple[object, ...], list[Table]] = defaultdict(list)
    for table in tables:
        by_publication[_shown(published(_of(section, names, table, made)))].append(table)
    assert by_publication
    for shown, alike in by_publication.items():
        figures = dict(shown[0])  # type: ignore[call-overload]
        for n, name in enumerate(names):
            values = {table[n] for table in alike}
            if figures.get(name, 0) is None:
                assert len(values) >= LEAST, (shown, name, values)
                assert max(values) - min(values) >= LEAST - 1
            elif name in figures:
                assert values == {figures[name]}
                assert figures[name] >= LEAST or name in {"starts", "held", "occasions"}


def _of(section: str, names: tuple[str, ...], table: Table, made: Mapping[str, object]) -> Section:
    counts: dict[str, int] = dict(zip(names, table, strict=True))
    for name, of in made.items():
        counts[name] = sum(counts[part] for part in of)  # type: ignore[attr-defined]
    return a_section(section, counts)


def _sexes(most: int) -> Iterator[Table]:
    return (table for table in product(range(most + 1), repeat=3) if sum(table) <= most)


@pytest.mark.parametrize(("section", "names", "whole"), [
    ("2.1", ("women", "men", "other"), "people"), ("3.1", ("visits_women", "visits_men", "visits_other"), "visits"),
])  # fmt: skip
def test_of_a_sum_and_its_sexes_nobody_is_counted_out(section: str, names: tuple[str, ...], whole: str) -> None:
    made = {whole: names} | ({"visits": names} if whole == "people" else {})
    _audit(_sexes(24), made, section, names)


def test_of_how_ways_and_visits_ended_nobody_is_counted_out() -> None:
    names = ("people", "completed", "dropped_out")
    _audit((t for t in product(range(20), range(20), range(12)) if t[1] <= t[0]), {"visits": ("people",)}, "2.7", names)
    for people, completed, dropped_out in product(range(4, 15), repeat=3):
        counts = {"people": people, "completed": completed, "dropped_out": dropped_out, "visits": 99}
        found = published(a_section("2.7", counts)).figures
        # Nor are those few who came and did not complete it, which is a difference.
        if found["completed"] is not None or found["dropped_out"] is not None:
            assert min(completed, dropped_out, people - completed) >= LEAST
    names = ("study_visits", "led_on")
    tables = ((a, b) for a, b in product(range(24), repeat=2) if b <= a)
    by = defaultdict(set)
    for visited, led_on in tables:
        found = published(a_section("2.7", {"people": 20, "study_visits": visited, "led_on": led_on})).figures
        by[found["study_visits"], found["led_on"]].add((visited, led_on))
        # Neither those whom it led on to a place nor those whom it didn't are few.
        assert found["led_on"] is None or min(led_on, visited - led_on) >= LEAST
    for (visits, led), alike in by.items():
        assert visits is not None or len({one for one, _ in alike}) >= LEAST
        assert led is not None or len({one for _, one in alike}) >= LEAST


@pytest.mark.parametrize("section", ["2.6", "2.9", "2.16"])
def test_of_how_series_ended_nobody_is_counted_out_though_each_is_one_talk(section: str) -> None:
    names = ("ended_completed", "ended_early", "ended_cancelled")
    # A test of 2.6 is one talk: the talks are those that came about.
    _audit((t for t in product(range(21), range(21), range(7)) if t[0] + t[1] <= 20), {"talks": names[:2]}, section, names)


PLACES = ("Asarum", "Hällaryd", "Svängsta")


def test_of_meeting_places_and_their_sum_nobody_is_counted_out() -> None:
    by_publication: dict[object, list[Table]] = defaultdict(list)
    for table in (t for t in product(range(24), repeat=3) if sum(t) < 24):
        rows = [Counted(1, place, 0, "occasions", 3) for place in PLACES]
        rows += [Counted(1, place, 0, name, n) for place, n in zip(PLACES, table, strict=True)
                 for name in ("visits", "visits_women")]  # fmt: skip
        [section] = gathered({1: EDITION["3.2"]}, rows, year_of(2026))
        found = published(section)
        assert [f["occasions"] for f in found.places.values()] == [3, 3, 3]
        shown = (found.figures["visits"], *(f["visits"] for f in found.places.values()))
        by_publication[shown].append(table)
    assert len(by_publication) > 150
    for shown, alike in by_publication.items():
        for n in range(3):
            values = {table[n] for table in alike}
            assert len(values) >= LEAST if shown[n + 1] is None else values == {shown[n + 1]} and min(values) >= LEAST


_SPLIT = {"visits_women", "visits_men", "visits_other"}
COUNTS = st.integers(0, 40)
NAMES = ("starts", "held", "people", "women", "men", "other", "visits", "completed", "dropped_out", "waited", "waited_days",
         "no_shows", "study_visits", "led_on", "answers", "slips", "talks", "ended_completed", "ended_early",
         "ended_cancelled", "occasions", "visits_women", "visits_men", "visits_other")  # fmt: skip
SECTIONS = st.sampled_from([section for section in EDITION if not section.startswith("4")])


@given(SECTIONS, st.fixed_dictionaries(dict.fromkeys(NAMES, COUNTS)), st.fixed_dictionaries(dict.fromkeys(NAMES, COUNTS)))
def test_no_count_of_people_under_five_is_published_and_each_year_is_hidden_by_itself(
    name: str, now: Mapping[str, int], before: Mapping[str, int]
) -> None:
    section = a_section(name, now, before)
    of_nobody = (
        {"starts", "held", "cancelled_starts", "cancelled_sessions", "occasions"} if section.form != "individual" else set()
    )
    for window, counts in ((0, now), (1, before)):
        found = published(section, 0 if window == 0 else 1)
        assert set(found.figures) <= set(section.figures) - (_SPLIT if "people" in section.figures else set())
        for figure, n in found.figures.items():
            if n is None or figure in of_nobody or figure in {"waiting", "response_rate"}:
                continue
            assert n == counts.get(figure, 0) >= LEAST
        if found.figures.get("waiting") is not None:
            assert counts["waited"] >= LEAST
    # Whatever the other year was, a year looks the same: in next year's file it is hidden just so.
    alone = published(a_section(name, before))
    assert alone.figures == published(section, 1).figures


@given(SECTIONS, st.fixed_dictionaries(dict.fromkeys(NAMES, COUNTS)), st.integers(0, LEAST - 1))
def test_where_those_who_came_are_few_nothing_about_them_is_published(
    name: str, counts: Mapping[str, int], few: int
) -> None:
    whole = next(f for f in ("people", "visits", "talks") if f in a_section(name, counts).figures)
    section = a_section(name, {**counts, whole: few})
    group = {"starts", "cancelled_starts", "held", "cancelled_sessions", "occasions"}
    open_ones = {figure for figure, n in published(section).figures.items() if n is not None}
    assert open_ones <= (group if section.form != "individual" else set())
