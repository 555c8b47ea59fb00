"""How long a record is kept, and what becomes of it: pure rules, for every day there is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.clock import at_local, local, local_date
from programmes.core.retention_rules import RULES, kept_since, months_after, period_end, wrong_amount
from programmes.oversight.retention.rules import (
    NIGHT,
    RecordFacts,
    birth_day,
    due,
    fate,
    has_jumped,
    is_due,
    last_note,
    night_due,
)
from programmes.people.hold_rules import Hold

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
MOMENTS = st.integers(0, 90 * 365 * 86_400).map(lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


@pytest.mark.parametrize(
    ("noted", "first", "last"),
    [
        (date(2026, 3, 14), date(2031, 3, 15), date(2032, 12, 31)),
        # Five years from a leap day end on the last of February (lag 1930:173 § 1), so that the first day is in March.
        (date(2028, 2, 29), date(2033, 3, 1), date(2034, 12, 31)),
        (date(2027, 2, 28), date(2032, 2, 29), date(2033, 12, 31)),
        (date(2023, 2, 28), date(2028, 2, 29), date(2029, 12, 31)),
        # The period ends with the year: what it is counted from is that year, not the next.
        (date(2026, 12, 31), date(2032, 1, 1), date(2032, 12, 31)),
        (date(2026, 1, 1), date(2031, 1, 2), date(2032, 12, 31)),
    ],
)
def test_five_years_after_the_last_note_and_by_the_end_of_the_next_year(noted: date, first: date, last: date) -> None:
    assert (due(noted, 5).first, due(noted, 5).last) == (first, last)


@given(DAYS, st.integers(5, 30))
def test_never_a_day_too_early_and_always_a_year_to_do_it_in(noted: date, years: int) -> None:
    found = due(noted, years)
    assert found.first > period_end(noted, years, "years")
    assert found.first - noted >= timedelta(days=365 * years)
    assert found.first - noted <= timedelta(days=365 * years + years // 4 + 3)
    assert timedelta(days=364) <= found.last - found.first <= timedelta(days=731)
    assert (found.last.month, found.last.day) == (12, 31)


@given(DAYS, DAYS)
def test_a_later_note_never_makes_it_due_earlier(one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert due(first, 5).first <= due(second, 5).first


@given(DAYS, st.integers(1, 400))
def test_months_end_on_the_same_day_or_the_last_there_is(day: date, months: int) -> None:
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


@given(st.lists(MOMENTS, min_size=1, max_size=6))
def test_the_last_note_is_the_local_day_of_the_last_moment(moments: list[datetime]) -> None:
    assert last_note(moments) == local_date(max(moments))


def test_a_note_after_midnight_in_sweden_is_of_that_day_and_year() -> None:
    assert last_note([datetime(2026, 12, 31, 23, 30, tzinfo=UTC)]) == date(2027, 1, 1)
    assert due(last_note([datetime(2026, 12, 31, 22, 30, tzinfo=UTC)]), 5).last == date(2032, 12, 31)


@given(MOMENTS, st.integers(1, 31), st.integers(0, 3000))
def test_nothing_happens_to_a_record_before_its_day_and_something_does_from_it(
    noted: datetime, born: int, later: int
) -> None:
    facts = RecordFacts((noted,))
    first = due(local_date(noted), 5).first
    assert fate(facts, born, 5, "sample", first - timedelta(days=1)) == "later"
    assert not is_due(facts, 5, first - timedelta(days=1))
    expected = "archive" if born in {5, 15, 25} else "erase"
    assert fate(facts, born, 5, "sample", first + timedelta(days=later)) == expected
    assert fate(facts, born, 5, "everybody", first) == "archive"
    assert fate(facts, born, 5, "nobody", first) == "erase"


@given(MOMENTS, st.sampled_from(["sample", "everybody", "nobody"]), st.one_of(st.none(), st.integers(1, 31)))
def test_what_is_held_is_never_erased_nor_sent_away(noted: datetime, archive: str, born: int | None) -> None:
    first = due(local_date(noted), 5).first
    until = first + timedelta(days=100)
    hold = Hold(1, "court", until, noted, "Kim")
    facts = RecordFacts((noted,), (hold,))
    for day in (first, until):
        assert fate(facts, born, 5, archive, day) == "held"  # type: ignore[arg-type]
    assert fate(facts, born, 5, archive, until + timedelta(days=1)) != "held"  # type: ignore[arg-type]
    lifted = RecordFacts((noted,), (Hold(1, "court", None, noted, "Kim", noted),))
    assert fate(lifted, born, 5, archive, first) != "held"  # type: ignore[arg-type]
    for_ever = RecordFacts((noted,), (Hold(1, "court", None, noted, "Kim"),))
    assert fate(for_ever, born, 5, archive, first + timedelta(days=9000)) == "held"  # type: ignore[arg-type]


def test_what_the_archive_has_received_is_erased_unless_something_was_written_since() -> None:
    noted = datetime(2026, 3, 14, 9, tzinfo=UTC)
    day = date(2031, 6, 1)
    assert fate(RecordFacts((noted,), (), noted + timedelta(days=1900)), 5, 5, "sample", day) == "erase"
    assert fate(RecordFacts((noted,), (), noted - timedelta(seconds=1)), 5, 5, "sample", day) == "archive"


def test_where_nobody_knows_the_birth_day_there_is_the_rest_of_the_year_to_find_out() -> None:
    facts = RecordFacts((datetime(2026, 3, 14, 9, tzinfo=UTC),))
    assert fate(facts, None, 5, "sample", date(2031, 3, 15)) == "unknown_day"
    assert fate(facts, None, 5, "sample", date(2031, 12, 31)) == "unknown_day"
    assert fate(facts, None, 5, "sample", date(2032, 1, 1)) == "erase"


@pytest.mark.parametrize(
    ("born", "number", "day"),
    [
        ("1985-02-14", "", 14),
        ("1985-02-05", "19850205-2384", 5),
        ("", "19850225-2384", 25),
        ("", "19850285-2384", 25),
        ("", "", None),
        ("x", "", None),
        ("1985-02-99", "", None),
        ("", "²9850225-2384", None),
    ],
)
def test_the_day_of_birth(born: str, number: str, day: int | None) -> None:
    assert birth_day(born, number) == day


@given(MOMENTS)
def test_the_run_is_once_a_local_day_and_never_before_two(now: datetime) -> None:
    today = local_date(now)
    night = night_due(today - timedelta(days=1), now)
    assert night in {None, today}
    assert (night is None) == (now < at_local(today, NIGHT))
    assert night_due(today, now) is None
    assert night_due(None, now) == night
    if night:
        assert local(now).hour >= NIGHT.hour


def test_the_run_comes_in_the_night_when_clocks_change_too() -> None:
    # At two the clock goes to three: that is when the run begins. In autumn the first two of both counts.
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert night_due(date(2026, 3, 28), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) is None
    assert night_due(date(2026, 3, 28), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == spring
    assert night_due(date(2026, 10, 24), datetime(2026, 10, 25, 0, 0, tzinfo=UTC)) == autumn
    assert night_due(autumn, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)) is None


def test_a_clock_far_ahead_of_all_that_is_known_has_jumped() -> None:
    seen = datetime(2026, 9, 2, tzinfo=UTC)
    assert has_jumped(seen, seen + timedelta(days=61))
    assert not has_jumped(seen, seen + timedelta(days=59))
    assert not has_jumped(None, seen)
    assert not has_jumped(seen, seen - timedelta(days=4000))


@given(DAYS, st.sampled_from(["days", "months", "years"]), st.integers(1, 70))
def test_what_goes_by_age_is_never_younger_than_the_rule(today: date, unit: str, amount: int) -> None:
    moment = kept_since(today, amount, unit)  # type: ignore[arg-type]
    assert period_end(local_date(moment - timedelta(seconds=1)), amount, unit) < today  # type: ignore[arg-type]


def test_no_default_is_outside_what_law_and_design_allow() -> None:
    for subject, rule in RULES.items():
        assert wrong_amount(subject, rule.amount) is None
        assert wrong_amount(subject, rule.least - 1) == "too_short"
        assert wrong_amount(subject, rule.most + 1) == "too_long"
    assert RULES["protected_record"].least == 5
    assert RULES["working_list"].most == 30
