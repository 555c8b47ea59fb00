"""Which kind of note a session needs, when it may be made, and what numbers can be."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.attendance.rules import MARKS, Count, Mark, kind, merged, unique_bounds, why_not
from programmes.catalogue import queries as catalogue

TODAY = date(2026, 9, 2)
NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("2.1", "count"), ("2.12", "count"), ("3.1", "count"), ("3.2", "count"),
        ("2.15", "held"), ("2.16", "held"), ("2.4", "held"), ("2.6", "held"), ("2.9", "held"), ("2.13", "held"),
        ("2.2", "names"), ("2.3", "names"), ("2.7", "names"), ("2.8", "names"), ("2.14", "names"), ("2.17", "names"),
    ],
)  # fmt: skip
async def test_each_section_gets_the_kind_that_its_figures_allow(pool: None, section: str, expected: str) -> None:
    found = {p.section: p for _, p in await catalogue.in_force(TODAY)}[section]
    assert kind(found.exempt, found.figures) == expected


def test_a_section_that_lists_count_without_sex_gets_no_head_count() -> None:
    assert kind(True, ("participant_count",)) == "held"


@given(st.integers(-90_000, 90_000))
def test_attendance_can_be_noted_from_half_an_hour_before_the_session(minutes: int) -> None:
    begins = NOW + timedelta(minutes=minutes)
    assert why_not("started", "planned", begins, NOW) == (("future",) if minutes > 30 else ())


def test_every_reason_is_told_at_once() -> None:
    assert why_not("closed", "planned", NOW + timedelta(days=1), NOW) == ("closed", "future")
    assert why_not("cancelled", "cancelled", NOW, NOW) == ("not_open", "cancelled")


def test_correcting_is_allowed_until_closing() -> None:
    assert why_not("started", "held", NOW - timedelta(days=90), NOW) == ()
    assert why_not("closed", "held", NOW, NOW) == ("closed",)


@given(st.lists(st.builds(Count, st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))))
def test_the_bounds_of_different_people_hold_every_session_and_no_more_than_all_visits(counts: list[Count]) -> None:
    bounds = unique_bounds(counts)
    assert all(bounds.least >= count.total for count in counts)
    assert bounds.least <= bounds.most
    assert bounds.most <= sum(count.total for count in counts)


def test_of_a_sex_there_are_at_most_all_noted_as_it_and_all_noted_as_other_or_unknown() -> None:
    bounds = unique_bounds([Count(3, 2, 1), Count(3, 2, 0)])
    assert (bounds.women, bounds.men) == (7, 5)
    assert bounds.broken(Count(7, 0, 0)) == ()
    assert bounds.broken(Count(8, 0, 0)) == ("women",)
    assert bounds.broken(Count(0, 6, 0)) == ("men",)
    assert bounds.broken(Count(8, 6, 0)) == ("total", "women", "men")


@given(st.lists(st.builds(Count, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_everybody_coming_once_and_noted_as_they_came_is_always_possible(counts: list[Count]) -> None:
    women, men, other = (sum(of) for of in zip(*((c.women, c.men, c.other) for c in counts), strict=True))
    assert unique_bounds(counts).broken(Count(women, men, other)) == ()
    assert unique_bounds(counts).broken(Count(women + other, men, 0)) == ()


IDS = [UUID(int=n) for n in range(1, 4)]
STOOD = st.sampled_from(["", *MARKS])


@given(
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(MARKS)),
    st.dictionaries(st.sampled_from(IDS), STOOD),
    st.dictionaries(st.sampled_from(IDS), STOOD),
)
def test_what_two_have_noted_differently_is_asked_about_and_nothing_else(
    typed: dict[UUID, Mark], seen: dict[UUID, str], stored: dict[UUID, str]
) -> None:
    write, apart = merged(typed, seen, stored)
    for person, wanted in typed.items():
        was, now = seen.get(person), stored.get(person, "")
        mine, theirs = was is not None and wanted != was, was is not None and now != was
        assert (person in apart) == (mine and theirs and now not in {wanted, ""})
        # What I left as it was never undoes what somebody else has noted.
        if theirs and now and not mine:
            assert person not in write
        # What I have chosen is written when nobody else has noted otherwise.
        if mine and not theirs:
            assert write[person] == wanted
        if was is None:
            assert write[person] == wanted
    assert all(apart[person] == stored[person] for person in apart)
