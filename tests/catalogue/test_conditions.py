"""Conditions are objective, checked all at once, and an unanswered one meets nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from programmes.catalogue.condition_rules import check
from programmes.catalogue.rules import Answers, Outcome, Programme
from tests.catalogue.cast import EDITION, FIRST_SESSION, NOBODY, fitting, refusing

every_programme = pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)


def unmet(outcomes: list[Outcome]) -> dict[str, str]:
    return {o.condition: o.code for o in outcomes if not o.met}


def asked_of(programme: Programme, first: date, answers: Answers) -> dict[str, str]:
    return unmet(check(programme, answers, first))


@every_programme
def test_whoever_meets_everything_is_refused_nothing(programme: Programme) -> None:
    assert asked_of(programme, FIRST_SESSION, fitting(programme)) == {}


@every_programme
def test_an_unanswered_condition_is_unmet_with_a_code_of_its_own(programme: Programme) -> None:
    found = asked_of(programme, FIRST_SESSION, NOBODY)
    expected = {d.key for d in programme.declarations if d.asked and not d.asked_if} | {"residency"}
    expected |= {"age"} if programme.age else set()
    assert set(found) == expected
    assert set(found.values()) == {"unanswered"}


@every_programme
def test_every_reason_is_given_at_once(programme: Programme) -> None:
    found = asked_of(programme, FIRST_SESSION, refusing(programme))
    assert set(found) == {
        *(["age"] if programme.age else []),
        "residency",
        *(d.key for d in programme.declarations if d.asked and d.kind == "requirement"),
    }
    assert "unanswered" not in found.values()


@every_programme
def test_one_wrong_answer_gives_exactly_that_reason(programme: Programme) -> None:
    good = fitting(programme)
    assert set(asked_of(programme, FIRST_SESSION, replace(good, residency=False))) == {"residency"}
    for d in programme.declarations:
        if d.asked and d.kind == "requirement":
            one_no = replace(good, declarations={**good.declarations, d.key: False})
            assert set(asked_of(programme, FIRST_SESSION, one_no)) == {d.key}


@every_programme
def test_every_outcome_carries_its_section(programme: Programme) -> None:
    assert {o.section for o in check(programme, NOBODY, FIRST_SESSION)} == {programme.section}


@pytest.mark.parametrize("slug", ["spelfrihet_grupp", "aterfallsprevention", "samtal_om_vald", "spelfrihet_individuell"])
def test_over_18_includes_18_on_the_day_of_the_first_session(slug: str) -> None:
    programme = EDITION.programme(slug)
    eighteen = replace(fitting(programme), birth_date=date(2008, 10, 7))
    assert asked_of(programme, FIRST_SESSION, eighteen) == {}
    assert asked_of(programme, FIRST_SESSION - timedelta(days=1), eighteen) == {"age": "too_young"}


def test_over_18_can_be_read_literally_by_the_office() -> None:
    programme = EDITION.programme("aterfallsprevention").reread({"lower_age_included": False})
    assert asked_of(programme, FIRST_SESSION, replace(fitting(programme), birth_date=date(2008, 10, 7))) == {
        "age": "too_young"
    }
    assert asked_of(programme, FIRST_SESSION, replace(fitting(programme), birth_date=date(2007, 10, 7))) == {}


def test_who_is_too_young_is_told_the_day_they_are_old_enough() -> None:
    programme = EDITION.programme("aterfallsprevention")
    answers = replace(fitting(programme), birth_date=date(2009, 3, 14))
    age = next(o for o in check(programme, answers, FIRST_SESSION) if o.condition == "age")
    assert age.params["turns_on"] == date(2027, 3, 14)
    assert age.params["on"] == FIRST_SESSION


@pytest.mark.parametrize("slug", ["bekymringssamtal", "drogtest", "familjebehandling", "foraldrastod"])
def test_up_to_18_means_under_18_unless_the_office_reads_it_otherwise(slug: str) -> None:
    programme = EDITION.programme(slug)
    assert programme.age is not None
    assert programme.age.oldest == 17
    reread = programme.reread({"upper_age_included": True})
    assert reread.age is not None
    assert reread.age.oldest == 18


def test_until_the_day_one_turns_18_is_not_open_to_another_reading() -> None:
    """2.10 says exactly when it ends."""
    programme = EDITION.programme("personligt_stod").reread({"upper_age_included": True})
    assert programme.age is not None
    assert programme.age.oldest == 17


@pytest.mark.parametrize("programme", [p for p in EDITION.programmes if p.exempt], ids=lambda p: p.section)
def test_a_birth_date_is_never_taken_where_identity_is_exempt(programme: Programme) -> None:
    assert programme.age_asked in {"declared", "band"}
    with pytest.raises(ValueError, match="exempt"):
        check(programme, replace(fitting(programme), birth_date=date(1980, 1, 1)), FIRST_SESSION)


@pytest.mark.parametrize("slug", ["barn_skilda_foraldrar", "barn_missbruk_familj"])
@pytest.mark.parametrize(
    ("band", "guardian", "reasons"),
    [
        ("12_17", None, {}),
        ("12_17", False, {}),
        ("10_11", True, {}),
        ("10_11", False, {"guardian_consent": "unmet"}),
        ("10_11", None, {"guardian_consent": "unanswered"}),
        ("outside", True, {"age": "unmet"}),
        ("0_99", True, {"age": "unmet"}),
        (None, None, {"age": "unanswered"}),
    ],
)
def test_a_child_ticks_an_age_band_and_only_the_youngest_need_a_guardian(
    slug: str, band: str | None, guardian: bool | None, reasons: dict[str, str]
) -> None:
    programme = EDITION.programme(slug)
    answers = replace(fitting(programme), age_band=band, guardian_consent=guardian)
    assert asked_of(programme, FIRST_SESSION, answers) == reasons


def test_the_office_can_ask_for_a_guardian_from_everyone_under_18() -> None:
    programme = EDITION.programme("barn_skilda_foraldrar").reread({"guardian_consent_under": 18})
    assert asked_of(programme, FIRST_SESSION, fitting(programme)) == {"guardian_consent": "unanswered"}


def test_personal_support_takes_12_year_olds_alone_and_younger_children_with_a_guardian() -> None:
    programme = EDITION.programme("personligt_stod")
    under_12 = replace(fitting(programme), age_band="under_12", guardian_consent=False)
    assert asked_of(programme, FIRST_SESSION, under_12) == {"guardian_consent": "unmet"}
    assert asked_of(programme, FIRST_SESSION, replace(under_12, guardian_consent=True)) == {}
    assert asked_of(programme, FIRST_SESSION, fitting(programme)) == {}


@pytest.mark.parametrize(
    ("together", "consents", "reasons"),
    [
        (True, True, {}),
        (True, False, {"partner_contact": "unmet"}),
        (True, None, {"partner_contact": "unanswered"}),
        (False, None, {}),
        (False, False, {}),
        (None, None, {"still_in_relationship": "unanswered"}),
    ],
)
def test_consent_to_partner_contact_is_asked_only_in_an_ongoing_relationship(
    together: bool | None, consents: bool | None, reasons: dict[str, str]
) -> None:
    programme = EDITION.programme("samtal_om_vald")
    good = fitting(programme)
    answers = {**good.declarations, "still_in_relationship": together, "partner_contact": consents}
    assert asked_of(programme, FIRST_SESSION, replace(good, declarations=answers)) == reasons


def test_nothing_that_would_be_an_assessment_is_asked() -> None:
    """2.2, 2.14: the degree of violence, the ability to change and the outcome are not for a form."""
    asked = {d.key for p in EDITION.programmes for d in p.declarations if d.asked}
    assert asked.isdisjoint({"degree_of_violence", "unable_to_change_alone", "apply_or_wait", "risk_of_relapse"})
    assert all(d.why_not_asked for p in EDITION.programmes for d in p.declarations if not d.asked)


def test_what_the_office_may_not_choose_is_left_out() -> None:
    programme = EDITION.programme("aterfallsprevention")
    assert programme.reread({"lower_age_included": 0, "evaluation": "required", "nonsense": True}) == programme
