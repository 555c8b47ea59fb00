"""What leaves the house counts nobody out. The audit is exact: every table of counts is made, and of what is published of it
is looked at what can be worked out, first by sums and bounds alone, then by somebody who knows the rules too."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.oversight.statistics.rules import Counted, Section, gathered, year_of
from programmes.oversight.statistics.suppression_rules import LEAST, Published, about_nobody, public, published
from tests.oversight.test_statistics_rules import EDITION, a_section

Table = tuple[int, ...]
# Of the parts that a table has the numbers of: which of them a figure counts, and which are a group of people.
Parts = Mapping[str, tuple[int, ...]]
Rule = Callable[[Section], Published]


def _counts(table: Table, figures: Parts) -> dict[str, int]:
    return {figure: sum(table[part] for part in parts) for figure, parts in figures.items()}


def _groups(parts: int) -> Iterator[tuple[int, ...]]:
    """Every group of people that the parts make up."""
    return (group for size in range(1, parts + 1) for group in combinations(range(parts), size))


def _audit(tables: Iterable[Table], figures: Parts, section: str, rule: Rule = published, edge: int = 99) -> list[object]:
    """What is wrong with what is published of every table: of each group of people, by the numbers alone, five must be
    possible; for who knows the rules too, it is five at least or any of five values. Numbers over the edge are not judged,
    as not all tables are there that agree with them."""
    known, alike = {}, defaultdict(list)
    for table in tables:
        counts = _counts(table, figures)
        found = rule(a_section(section, counts)).figures
        known[table] = counts
        alike[tuple((f, found.get(f)) for f in (*figures, "response_rate") if f in found)].append(table)  # type: ignore[call-overload]
    assert len(alike) > 1
    wrong: list[object] = []
    groups = list(_groups(len(next(iter(known)))))
    # By the numbers alone: whatever the tables say that agree with them.
    most: dict[object, dict[tuple[int, ...], int]] = {}
    for kind in {tuple(figure for figure, n in shown if n is not None) for shown in alike}:
        for table, counts in known.items():
            numbers = tuple((figure, counts[figure]) for figure in kind)
            here = most.setdefault(numbers, dict.fromkeys(groups, 0))
            for group in groups:
                here[group] = max(here[group], sum(table[part] for part in group))
    for shown, those in alike.items():
        # A share is no sum: only the rules tell anything by it.
        numbers = tuple((figure, n) for figure, n in shown if n is not None and figure in figures)
        if any(n > edge for _figure, n in numbers):
            continue
        wrong += [(shown, group, "bounded") for group, n in most[numbers].items() if n < LEAST]
        for group in groups:
            values = {sum(table[part] for part in group) for table in those}
            if min(values) < LEAST and len(values) < LEAST:
                wrong.append((shown, group, values))
    return wrong


# Women, men, others; of open places how many visits of each.
_SEXES: Parts = {"women": (0,), "men": (1,), "other": (2,)}
_PEOPLE_BY_SEX: Parts = {"people": (0, 1, 2), **_SEXES}
_VISITS_BY_SEX: Parts = {"visits": (0, 1, 2), **{f"visits_{sex}": parts for sex, parts in _SEXES.items()}}
# Of those with a place: completed and came, dropped out and came, never came.
_OUTCOMES: Parts = {"people": (0, 1), "completed": (0,), "dropped_out": (1, 2)}
# Those who came: completed or not, answered or not.
_ANSWERED: Parts = {"people": (0, 1, 2, 3), "completed": (0, 1), "answers": (0, 2)}
# Study visits: got a place and came, got one and never came, got none.
_VISITED: Parts = {"study_visits": (0, 1, 2), "led_on": (0, 1), "people": (0,)}
# Slips: answered, got one and didn't.
_SLIPS: Parts = {"people": (0, 1), "answers": (0,), "slips": (0, 1)}
# Series by how they ended, and talks beyond the first of each.
_SERIES: Parts = {"talks": (0, 1, 2), "ended_completed": (0,), "ended_early": (1,)}


def _up_to(most: int, parts: int) -> Iterator[Table]:
    return (table for table in product(range(most + 1), repeat=parts) if sum(table) <= most)


@pytest.mark.parametrize(("section", "figures", "most"), [
    ("2.1", _PEOPLE_BY_SEX, 24), ("3.1", _VISITS_BY_SEX, 24), ("2.7", _OUTCOMES, 28), ("2.7", _ANSWERED, 16),
    ("2.7", _VISITED, 28), ("2.7", _SLIPS, 60), ("2.1", _SLIPS, 60), ("2.9", _SERIES, 24), ("2.16", _SERIES, 24),
])  # fmt: skip
def test_nobody_is_counted_out_of_any_table(section: str, figures: Parts, most: int) -> None:
    # Whom no published number bounds there can be some more of.
    edge = most if figures in (_PEOPLE_BY_SEX, _VISITS_BY_SEX, _ANSWERED) else most - 10
    assert _audit(_up_to(most, 1 + max(max(parts) for parts in figures.values())), figures, section, edge=edge)[:3] == []


def _only_small_ones_are_hidden(section: Section) -> Published:
    """The rule that is not enough."""
    values = section.windows[0]
    return Published({figure: values[figure] if values[figure] >= LEAST else None for figure in public(section)}, {})


@pytest.mark.parametrize(("section", "figures", "table"), [
    ("2.1", _PEOPLE_BY_SEX, (5, 4, 0)), ("3.1", _VISITS_BY_SEX, (6, 4, 0)), ("2.7", _OUTCOMES, (12, 8, 1)),
    ("2.7", _ANSWERED, (5, 1, 1, 0)), ("2.9", _SERIES, (6, 5, 1)),
])  # fmt: skip
def test_the_audit_finds_what_hiding_small_numbers_alone_gives_away(section: str, figures: Parts, table: Table) -> None:
    around = [tuple(n) for n in product(*(range(max(0, n - 1), n + 2) for n in table))]
    wrong = _audit([*around, (0,) * len(table)], figures, section, _only_small_ones_are_hidden)
    shown = {f: n if n >= LEAST else None for f, n in _counts(table, figures).items()}
    assert any(shown.items() <= dict(found[0]).items() for found in wrong)  # type: ignore[index]


@pytest.mark.parametrize(("section", "counts", "hidden"), [
    ("2.7", {"people": 20, "completed": 12, "dropped_out": 9}, {"dropped_out"}),
    ("2.1", {"people": 9, "women": 5, "men": 4}, {"women", "men", "other"}),
    ("3.1", {"visits": 10, "visits_women": 6, "visits_men": 4}, {"visits_women", "visits_men", "visits_other"}),
    ("2.1", {"people": 7, "answers": 6}, {"answers"}),
    ("2.8", {"people": 6, "answers": 5, "slips": 6}, {"answers", "response_rate"}),
    ("2.17", {"people": 17, "completed": 12, "answers": 10}, {"answers"}),
    ("2.8", {"people": 12, "study_visits": 20, "led_on": 13}, {"led_on"}),
    ("2.2", {"people": 9, "starts": 10, "visits": 30, "held": 32}, {"starts", "held"}),
    ("2.7", {"people": 9, "visits": 12, "held": 9}, {"visits"}), ("2.7", {"people": 9, "visits": 79, "held": 9}, {"visits"}),
    ("2.7", {"people": 9, "visits": 60, "held": 9, "no_shows": 20}, {"no_shows"}),
    ("2.1", {"people": 8, "visits": 31}, {"visits"}), ("2.1", {"people": 12, "visits": 47}, {"visits"}),
    ("2.12", {"people": 10, "visits": 89}, {"visits"}), ("2.1", {"people": 7, "visits": 24}, {"visits"}),
    ("2.1", {"people": 12, "visits": 38, "most_visits": 42}, {"visits"}),
    ("2.7", {"people": 20, "visits": 178, "held": 18, "most_visits": 180}, {"visits"}),
    ("2.7", {"people": 20, "visits": 150, "held": 18, "most_visits": 180, "no_shows": 28}, {"no_shows"}),
])  # fmt: skip
def test_what_would_tell_a_small_number_is_hidden(section: str, counts: Mapping[str, int], hidden: set[str]) -> None:
    found = published(a_section(section, counts)).figures
    assert {figure for figure in hidden if found[figure] is None} == hidden  # type: ignore[index]
    assert found["people" if "people" in counts else "visits"] is not None


# Of each group, how many came to one session of it, to two, and so on; of how many sessions the groups were.
_Came = tuple[tuple[int, ...], ...]


def _of_groups(section: str, groups: _Came) -> Section:
    held = [len(group) for group in groups]
    came = [sum(group) for group in groups]
    counts = {
        "people": sum(came), "starts": len(groups), "held": sum(held),
        "visits": sum(times * n for group in groups for times, n in enumerate(group, 1)),
        "most_visits": sum(n * sessions for n, sessions in zip(came, held, strict=True)),
    }  # fmt: skip
    return a_section(section, {figure: n for figure, n in counts.items() if n})


def _absences(groups: _Came) -> int:
    return sum(n * (len(group) - times) for group in groups for times, n in enumerate(group, 1))


def test_beside_the_sessions_that_everybody_knows_visits_tell_of_no_few_who_were_away() -> None:
    """The guideline says that ABC has four sessions. By people and visits nobody knows that less than five times somebody
    was away, and what is hidden can be any of five."""
    alike: dict[object, set[int]] = defaultdict(set)
    for group in (t for t in product(range(10), repeat=4) if sum(t) < 10):
        found = published(_of_groups("2.1", (group,))).figures
        if found["people"] is not None:
            alike[found["people"], found["visits"]].add(_absences((group,)))
    assert any(visits is not None for _people, visits in alike)
    wrong = {shown: away for shown, away in alike.items() if min(away) < LEAST and (shown[1] or len(away) < LEAST)}  # type: ignore[index]
    assert wrong == {}


_GROUP = st.integers(1, 12).flatmap(lambda sessions: st.tuples(*[st.integers(0, 6)] * sessions))


@given(st.sampled_from(["2.1", "2.12", "2.7", "2.8", "2.17"]), st.lists(_GROUP, min_size=1, max_size=3).map(tuple))
def test_whatever_groups_there_were_visits_are_published_only_where_five_times_somebody_was_away(
    name: str, groups: _Came
) -> None:
    section = _of_groups(name, groups)
    # Also by what the guideline alone says, without the days of the groups.
    by_the_guideline = section.windows[0]["people"] * (section.sessions or 99) - section.windows[0]["visits"]
    if published(section).figures["visits"] is not None:
        assert _absences(groups) >= LEAST
        assert abs(by_the_guideline) >= LEAST


def test_what_tells_nobody_is_published() -> None:
    many = {"people": 40, "completed": 30, "dropped_out": 17, "answers": 20, "slips": 35, "study_visits": 60, "led_on": 52,
            "visits": 200, "held": 16, "no_shows": 40, "waited": 40, "starts": 3}  # fmt: skip
    found = published(a_section("2.7", many)).figures
    assert {f for f, n in found.items() if n is None} == set()
    assert not {"women", "men", "other"} & set(found), "nobody is asked"
    found = published(a_section("2.1", {"people": 16, "women": 6, "men": 5, "other": 5})).figures
    assert [found[sex] for sex in ("women", "men", "other")] == [6, 5, 5]
    # A test is one talk, as everybody knows.
    assert published(a_section("2.6", {"talks": 12, "ended_completed": 7, "ended_early": 5})).figures["ended_early"] == 5
    assert published(a_section("2.6", {"talks": 13, "ended_completed": 7, "ended_early": 5})).figures["ended_early"] is None


def _determined(rows: Sequence[Sequence[int]], wanted: Sequence[int]) -> bool:
    """Whether a sum follows from others: exact, by elimination."""
    left = [[Fraction(n) for n in row] for row in rows]
    target = [Fraction(n) for n in wanted]
    for column in range(len(wanted)):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        for row in (*left, target):
            by = row[column] / pivot[column]
            row[:] = [a - by * b for a, b in zip(row, pivot, strict=True)]
    return not any(target)


# Those with a place by what became of them: came and completed or not, each answered or not and by a study visit or not;
# never came, by a study visit or not; a study visit that led to no place.
_WHO = [(came, done, answered, visited) for came, done, answered in ((1, 1, 1), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 0))
        for visited in (1, 0)]  # fmt: skip
_ALL: Parts = {
    "people": tuple(i for i, who in enumerate(_WHO) if who[0]),
    "completed": tuple(i for i, who in enumerate(_WHO) if who[1]),
    "dropped_out": tuple(i for i, who in enumerate(_WHO) if not who[1]),
    "answers": tuple(i for i, who in enumerate(_WHO) if who[2]),
    "led_on": tuple(i for i, who in enumerate(_WHO) if who[3]),
    "study_visits": (*(i for i, who in enumerate(_WHO) if who[3]), len(_WHO)),
}
_EVERY_GROUP = list(_groups(len(_WHO) + 1))


@given(st.tuples(*[st.integers(0, 14)] * (len(_WHO) + 1)), st.data())
def test_no_group_that_follows_from_all_figures_together_is_under_five(table: Table, data: st.DataObject) -> None:
    counts = _counts(table, _ALL)
    found = published(a_section("2.7", counts)).figures
    shown = [f for f in _ALL if found[f] is not None]  # type: ignore[index]
    rows = [[int(part in _ALL[figure]) for part in range(len(table))] for figure in shown]
    # Groups that lie between two figures, and any others.
    near = [tuple(sorted({*_ALL[a]} - {*_ALL[b]})) for a, b in product(_ALL, _ALL)]
    for group in (*filter(None, near), *data.draw(st.lists(st.sampled_from(_EVERY_GROUP), max_size=3))):
        if sum(table[part] for part in group) < LEAST:
            assert not _determined(rows, [int(part in group) for part in range(len(table))]), (shown, group)


def test_the_elimination_finds_what_follows() -> None:
    rows = [[int(part in _OUTCOMES[f]) for part in range(3)] for f in ("people", "completed", "dropped_out")]
    assert _determined(rows, [0, 0, 1])
    assert not _determined(rows[:2], [0, 0, 1])


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
    for window, counts in ((0, now), (1, before)):
        found = published(section, 0 if window == 0 else 1)
        assert tuple(found.figures) == public(section)
        for figure, n in found.figures.items():
            if n is None or figure in about_nobody(section) or figure in {"waiting", "response_rate"}:
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
