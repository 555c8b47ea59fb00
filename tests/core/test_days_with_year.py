"""What a day is called: two days that somebody could mean are never called the same, and those that are near are called
as they always were."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from programmes.core.i18n import (
    day_bare,
    day_long,
    day_parts,
    day_plain,
    day_short,
    day_shortest,
    days_long,
    moment_long,
    speaking,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY = NOW.date()


def at_ten(day: date) -> str:
    return moment_long(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))


def sign(day: date) -> str:
    return " ".join(day_parts(day)[1:])


@pytest.mark.parametrize("spoken", ["sv", "en"])
@pytest.mark.parametrize("word", [day_long, day_bare, day_short, day_shortest, at_ten, sign])
@pytest.mark.parametrize("ahead", [True, False])
def test_no_two_days_ahead_or_behind_read_alike(word: Callable[[date], str], spoken: str, ahead: bool) -> None:
    days = [TODAY + timedelta(days=n if ahead else -n) for n in range(1, 4 * 366)]
    weekdays = {"mån", "tis", "ons", "tor", "fre", "lör", "sön", "mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    with speaking("sv" if spoken == "sv" else "en", NOW):
        said = [" ".join(part for part in word(day).split() if part.lower()[:3] not in weekdays) for day in days]
    assert len(set(said)) == len(days), "nobody looks up the weekday to find the year"


def test_a_day_that_is_near_is_called_as_before() -> None:
    with speaking("sv", NOW):
        assert day_long(date(2027, 1, 7)) == "torsdag 7 januari"
        assert day_short(date(2027, 10, 7)) == "tors 7 okt"
        assert day_long(date(2026, 1, 7)) == "onsdag 7 januari"
        assert day_long(date(2028, 1, 7)) == "fredag 7 januari 2028"
        assert day_short(date(2028, 1, 7)) == "fre 7 jan 2028"
        assert day_parts(date(2028, 1, 7)) == ("fre", "7", "jan 2028")
        assert day_plain(date(2028, 1, 7)) == "7 januari 2028"
    assert day_long(date(2028, 1, 7)) == "fredag 7 januari"


def test_days_that_are_read_together_carry_the_year_or_none_does() -> None:
    near, far = date(2027, 10, 1), date(2027, 12, 17)
    with speaking("sv", NOW):
        assert days_long(near, far) == ["fredag 1 oktober 2027", "fredag 17 december 2027"]
        assert days_long(near, TODAY) == ["fredag 1 oktober", "måndag 30 november"]
    assert days_long(near, far) == ["fredag 1 oktober", "fredag 17 december"]
