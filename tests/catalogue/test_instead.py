"""Who does not meet a condition is pointed to what may fit, and never to what their own answers rule out."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.catalogue.condition_rules import age_on, check
from programmes.catalogue.instead_rules import fitting_instead
from programmes.catalogue.rules import Answers, Outcome, Programme
from tests.catalogue.cast import EDITION, FIRST_SESSION, fitting

KNOWN = {p.section: p for p in EDITION.programmes}
OWN = {"participant", "youth", "offender"}
every_programme = pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)


def unmet(programme: Programme, answers: Answers) -> list[Outcome]:
    return [outcome for outcome in check(programme, answers, FIRST_SESSION) if not outcome.met]


def sections(programme: Programme, answers: Answers) -> list[str]:
    found = fitting_instead(programme, unmet(programme, answers), answers, FIRST_SESSION, KNOWN)
    return [other.section for other in found]


def of_age(programme: Programme, years: int) -> Answers:
    """Somebody of that age who meets the rest: the age as this programme asks it."""
    answers, born = fitting(programme), date(FIRST_SESSION.year - years, 1, 1)
    if programme.age_asked == "birth_date":
        return replace(answers, birth_date=born)
    inside = programme.age is not None and programme.age.holds(years)
    if programme.age_asked == "band":
        band = next((b.key for b in programme.age_bands if b.min <= years <= b.max), "outside")
        return replace(answers, age_band=band)
    return replace(answers, age_declared=inside if programme.age_asked == "declared" else None)


@given(st.sampled_from(EDITION.programmes), st.integers(0, 100), st.data())
def test_nobody_is_sent_where_their_age_or_their_answers_rule_them_out(
    programme: Programme, years: int, data: st.DataObject
) -> None:
    said = {d.key: data.draw(st.sampled_from([True, False, None])) for d in programme.declarations if d.asked}
    answers = replace(of_age(programme, years), residency=data.draw(st.sampled_from([True, False, None])), declarations=said)
    for section in sections(programme, answers):
        other = KNOWN[section]
        assert other is not programme
        mine, theirs = programme.age, other.age
        if mine and theirs and mine.subject in OWN and theirs.subject in OWN:
            if answers.birth_date:
                assert theirs.holds(age_on(answers.birth_date, FIRST_SESSION))
            elif mine.holds(years):
                assert theirs.holds(years)
            else:
                assert any(theirs.holds(age) and not mine.holds(age) for age in range(101))
        assert not {key for key, value in said.items() if value is False} & {d.key for d in other.declarations if d.asked}
        assert answers.residency is not False or other.residency_kind != programme.residency_kind


@every_programme
def test_everything_that_the_edition_suggests_is_suggested_to_somebody(programme: Programme) -> None:
    for condition, others in programme.instead.items():
        met = fitting(programme)
        if condition == "age":
            shown = {section for years in range(101) for section in sections(programme, of_age(programme, years))}
        else:
            shown = set(sections(programme, replace(met, declarations={**met.declarations, condition: False})))
        assert shown >= set(others), condition


@every_programme
def test_who_meets_everything_is_sent_nowhere(programme: Programme) -> None:
    assert sections(programme, fitting(programme)) == []


@pytest.mark.parametrize(
    ("section", "years", "expected"),
    [
        ("2.7", 17, ["2.10"]),
        ("2.8", 17, ["2.10"]),
        ("2.18", 15, ["2.10"]),
        ("2.3", 15, ["2.16", "2.10"]),
        ("2.3", 9, ["2.10"]),
        ("2.15", 9, ["2.10"]),
        ("2.16", 18, ["2.10", "2.3"]),
        ("2.12", 5, ["2.1", "2.11"]),
        ("2.1", 15, ["2.12", "2.11"]),
        ("2.8", 40, []),
    ],
)
def test_another_age_has_its_own_programmes(section: str, years: int, expected: list[str]) -> None:
    assert sections(KNOWN[section], of_age(KNOWN[section], years)) == expected


def test_who_has_no_help_with_the_debts_yet_is_pointed_to_the_advice_unless_not_registered_here() -> None:
    programme = KNOWN["2.17"]
    answers = replace(fitting(programme), declarations={"debt_at_kronofogden": True, "active_at_debt_advice": False})
    assert sections(programme, answers) == ["2.5"]
    assert sections(programme, replace(answers, residency=False)) == []


def test_an_unanswered_question_is_no_no() -> None:
    programme = KNOWN["2.17"]
    answers = replace(fitting(programme), declarations={"debt_at_kronofogden": True})
    assert sections(programme, answers) == []


def test_an_age_that_was_not_chosen_sends_nobody_anywhere() -> None:
    for programme in EDITION.programmes:
        if programme.age_asked == "band":
            asked = [Outcome("age", False, programme.section, "unanswered")]
            assert fitting_instead(programme, asked, fitting(programme), FIRST_SESSION, KNOWN) == ()


def test_a_reading_that_lets_older_in_widens_what_is_suggested() -> None:
    """2.8 read as from 19: who is 18 is not let into 2.10."""
    programme = KNOWN["2.8"].reread({"lower_age_included": False})
    assert sections(programme, of_age(programme, 18)) == []
