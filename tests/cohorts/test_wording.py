"""Words that every room takes from here: what sessions are called."""

from datetime import date

import pytest

from programmes.cohorts.schedule_rules import Note
from programmes.cohorts.wording_rules import many, noted


@pytest.mark.parametrize(
    ("form", "said"), [("group", "1 träff"), ("individual", "1 samtal"), ("drop_in", "1 öppettillfälle")]
)
def test_each_form_has_its_own_word(form: str, said: str) -> None:
    assert many(form, 1) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 5, 14), "Dagen före Kristi himmelsfärdsdag."),
        (date(2026, 5, 1), "Dagen före första maj."),
        (date(2026, 12, 25), "Dagen före juldagen."),
        (date(2026, 6, 6), "Dagen före nationaldagen."),
    ],
)
def test_a_holiday_in_a_sentence_is_written_small_unless_it_is_somebodys(day: date, said: str) -> None:
    assert noted(Note("eve", day)) == said
