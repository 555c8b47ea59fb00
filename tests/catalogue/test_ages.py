"""Ages in whole years, round birthdays and leap days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.catalogue.condition_rules import _latest_birth, age_on, birth_date_window, turns
from programmes.catalogue.rules import AgeLimit
from programmes.core.clock import local_date

dates = st.dates(date(1900, 1, 1), date(2200, 12, 31))
limits = st.builds(AgeLimit, st.just("participant"), st.none() | st.integers(0, 80), st.none() | st.integers(0, 99))


@given(birth=dates, years=st.integers(0, 90))
def test_someone_turns_an_age_on_the_birthday_and_not_the_day_before(birth: date, years: int) -> None:
    day = turns(birth, years)
    assert age_on(birth, day) == years
    assert age_on(birth, day - timedelta(days=1)) == years - 1


@given(birth=dates, on=dates)
def test_nobody_gets_younger_with_time(birth: date, on: date) -> None:
    assert age_on(birth, on) <= age_on(birth, on + timedelta(days=1)) <= age_on(birth, on) + 1


@given(limit=limits, birth=dates, on=st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_the_window_of_birth_dates_lets_in_exactly_those_of_the_right_age(limit: AgeLimit, birth: date, on: date) -> None:
    earliest, latest = birth_date_window(limit, on)
    inside = (earliest is None or birth >= earliest) and (latest is None or birth <= latest)
    assert inside == limit.holds(age_on(birth, on))


@given(limit=limits, on=st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_the_ends_of_the_window_are_its_last_members(limit: AgeLimit, on: date) -> None:
    earliest, latest = birth_date_window(limit, on)
    if earliest is not None and limit.oldest is not None:
        assert age_on(earliest, on) == limit.oldest
        assert age_on(earliest - timedelta(days=1), on) == limit.oldest + 1
    if latest is not None and limit.youngest is not None:
        assert age_on(latest, on) == limit.youngest
        assert age_on(latest + timedelta(days=1), on) == limit.youngest - 1


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2026, 2, 28), 17),
        (date(2026, 3, 1), 18),
        (date(2028, 2, 28), 19),
        (date(2028, 2, 29), 20),
    ],
)
def test_a_leap_day_child_turns_on_the_first_of_march_in_other_years(on: date, age: int) -> None:
    assert age_on(date(2008, 2, 29), on) == age


def test_a_first_session_on_a_leap_day_counts_whole_years() -> None:
    adult = AgeLimit("participant", 18, None)
    assert birth_date_window(adult, date(2028, 2, 29)) == (None, date(2010, 2, 28))
    assert birth_date_window(adult, date(2026, 2, 28)) == (None, date(2008, 2, 28))
    assert birth_date_window(adult, date(2026, 3, 1)) == (None, date(2008, 3, 1))


# 2020 to 2040, in seconds.
instants = st.integers(1_577_836_800, 2_208_988_800).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(begins=instants)
@example(begins=datetime(2027, 1, 1, 22, 59, tzinfo=UTC))
@example(begins=datetime(2027, 1, 1, 23, 0, tzinfo=UTC))
@example(begins=datetime(2027, 7, 1, 22, 0, tzinfo=UTC))
def test_age_counts_on_the_day_that_the_municipalitys_clock_shows_when_the_first_session_begins(begins: datetime) -> None:
    """Stockholm is one or two hours ahead of UTC: late in the evening it is tomorrow there already."""
    day = (begins.replace(tzinfo=None) + (begins.astimezone(ZoneInfo("Europe/Stockholm")).utcoffset() or timedelta())).date()
    first = local_date(begins)
    assert first == day
    born = _latest_birth(18, first)
    adult = AgeLimit("participant", 18, None)
    assert adult.holds(age_on(born, first))
    assert not adult.holds(age_on(born + timedelta(days=1), first))


@given(limit=limits, birth=dates, first=st.dates(date(2000, 1, 1), date(2100, 12, 31)), later=st.integers(0, 800))
def test_a_start_that_moves_makes_nobody_too_young_later_and_nobody_too_old_earlier(
    limit: AgeLimit, birth: date, first: date, later: int
) -> None:
    before, after = age_on(birth, first), age_on(birth, first + timedelta(days=later))
    young, old = AgeLimit("participant", limit.youngest, None), AgeLimit("participant", None, limit.oldest)
    assert young.holds(after) or not young.holds(before)
    assert old.holds(before) or not old.holds(after)
