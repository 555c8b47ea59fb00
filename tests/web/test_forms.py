"""What people type: what cannot be seen is empty, and every error says what is wrong."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.enrolment.records.views import read_record
from programmes.web.forms import Form

TODAY = date(2026, 9, 2)
ASKED = {"namn": ["Anna Ask"], "kontakt": ["anna@example.invalid"], "saker": ["email"]}


@given(st.text(st.characters(categories=["Cf", "Zs", "Mn", "Cn", "Me"]), min_size=1, max_size=20))
def test_a_name_that_nobody_can_see_is_no_name(typed: str) -> None:
    form = Form({"namn": [typed], "alias": [typed]})
    assert form.text("namn", 40, "Skriv ditt namn.") == ""
    assert form.errors["namn"]
    assert form.text("alias", 40) == ""


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20))
def test_a_name_in_any_script_is_kept(typed: str) -> None:
    form = Form({"namn": [typed]})
    if all(unicodedata.name(char, "").find("FILLER") < 0 for char in typed):
        assert form.text("namn", 40, "Skriv ditt namn.") == typed


def record(born: str, last: str = "", for_staff: bool = False) -> tuple[str, str, dict[str, str]]:
    form = Form({**ASKED, "fodd": [born], "pnr": [last]})
    read = read_record(form, TODAY, for_staff)
    return read.birth_date, read.number, form.errors


@pytest.mark.parametrize("born", ["198502142394", "19850214-2394", "19850214 2394"])
def test_the_last_four_of_a_whole_number_are_kept_with_it(born: str) -> None:
    assert record(born) == ("1985-02-14", "198502142394", {})
    assert record("19850214", "2394") == ("1985-02-14", "198502142394", {})
    assert record(born, "2394") == ("1985-02-14", "198502142394", {})
    assert record("19850214", "-2394") == ("1985-02-14", "198502142394", {})


def test_a_coordination_number_gives_the_day_that_it_hides() -> None:
    assert record("198502742391") == ("1985-02-14", "198502742391", {})


@pytest.mark.parametrize(
    ("born", "last", "field", "said"),
    [
        ("198502149999", "", "fodd", "De fyra sista siffrorna stämmer inte"),
        ("198502142394", "1234", "pnr", "fyra andra siffror"),
        ("19850214", "9999", "pnr", "De fyra siffrorna stämmer inte"),
        ("19850214", "----", "pnr", "De fyra siffrorna stämmer inte"),
        ("19850214", " - ", "pnr", "De fyra siffrorna stämmer inte"),
        ("198502142394", "----", "pnr", "fyra andra siffror"),
        ("19000229", "", "fodd", "Det datumet finns inte."),
        ("20251301", "", "fodd", "Det datumet finns inte."),
        ("19850274", "", "fodd", "Ta 60 från dagen: 74 blir 14."),
        ("18991231", "", "fodd", "från 1900 eller senare"),
        ("20260903", "", "fodd", "som har varit"),
        ("1985", "", "fodd", "åtta siffror"),
    ],
)
def test_a_birth_date_that_will_not_do_is_said_as_what_it_is(born: str, last: str, field: str, said: str) -> None:
    errors = record(born, last)[2]
    assert list(errors) == [field]
    assert said in errors[field]


def test_staff_are_asked_for_the_persons_name_and_birth_date() -> None:
    form = Form()
    read_record(form, TODAY, for_staff=True)
    assert form.errors["namn"] == "Skriv personens namn."
    assert "personens födelsedatum" in form.errors["fodd"]


def test_all_that_is_wrong_with_a_field_stands_beside_it_each_thing_once_and_is_counted() -> None:
    form = Form({})
    form.fail("namn", "Skriv ditt namn.")
    form.fail_all(
        [("dag", "Välj en dag."), ("anda", "Ett."), ("namn", "Ett annat fel."), ("anda", "Två."), ("anda", "Ett.")]
    )
    assert form.errors == {"namn": "Skriv ditt namn.", "dag": "Välj en dag.", "anda": "Ett. Två."}
    assert len(form.errors) + form.more == 4
