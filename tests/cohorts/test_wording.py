"""Words that every room takes from here: what sessions are called."""

import pytest

from programmes.cohorts.wording_rules import many


@pytest.mark.parametrize(
    ("form", "said"), [("group", "1 träff"), ("individual", "1 samtal"), ("drop_in", "1 öppettillfälle")]
)
def test_each_form_has_its_own_word(form: str, said: str) -> None:
    assert many(form, 1) == said
