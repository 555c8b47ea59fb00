"""Words that every room takes from here: on which weekdays something usually is, and what its sessions are called."""

from datetime import date, timedelta

import pytest

from programmes.cohorts.wording_rules import many, usual_days

MONDAY = date(2026, 10, 5)


def weekly(first: date, count: int) -> list[date]:
    return [first + timedelta(weeks=n) for n in range(count)]


def test_one_moved_session_changes_no_weekday() -> None:
    assert usual_days([MONDAY + timedelta(days=2), *weekly(MONDAY + timedelta(weeks=1), 9)]) == "måndagar"


def test_an_open_meeting_place_has_all_its_weekdays() -> None:
    days = [day for offset in (0, 2, 4, 5) for day in weekly(MONDAY + timedelta(days=offset), 6)]
    assert usual_days(days) == "måndagar, onsdagar, fredagar och lördagar"


def test_nothing_is_said_of_no_days() -> None:
    assert usual_days([]) == ""


@pytest.mark.parametrize(
    ("form", "said"), [("group", "1 träff"), ("individual", "1 samtal"), ("drop_in", "1 öppettillfälle")]
)
def test_each_form_has_its_own_word(form: str, said: str) -> None:
    assert many(form, 1) == said
