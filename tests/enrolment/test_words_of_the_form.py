"""What the way in says is about whom it is about, and in words that fit the form of the programme."""

from datetime import date

import pytest

from programmes.catalogue.rules import Programme
from programmes.enrolment.pages import born_between
from tests.catalogue.cast import EDITION

FIRST = date(2026, 10, 7)
WHOSE = {"child": "barnet är fött", "youth": "den unga är född", "offender": "den som begick brottet är född"}


@pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)
def test_birth_dates_are_said_of_the_one_whose_age_counts(programme: Programme) -> None:
    said = born_between(programme, FIRST)
    if programme.age is None or programme.age_asked not in {"declared", "band"} or programme.age.oldest is None:
        assert said == ""
        return
    whose = WHOSE.get(programme.age.subject, "du är född")
    assert said.startswith(f"Det betyder att {whose} ")
    assert ("barn" in said) == (programme.age.subject == "child")
    to_staff = born_between(programme, FIRST, for_staff=True)
    assert to_staff == said.replace("du är", "personen är")
    if programme.age_bands:
        assert born_between(programme, FIRST, several=True).startswith("Det betyder att barnen är födda ")


def test_both_ends_and_a_single_one_are_said_as_dates() -> None:
    mediation, support = EDITION.programme("medling"), EDITION.programme("personligt_stod")
    assert born_between(mediation, FIRST) == (
        "Det betyder att den som begick brottet är född mellan 8 oktober 2004 och 7 oktober 2014."
    )
    assert born_between(support, FIRST) == "Det betyder att du är född 8 oktober 2008 eller senare."
