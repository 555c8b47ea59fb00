"""The edition says what the guideline says, fact by fact."""

import dataclasses
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from programmes.catalogue.rules import Programme
from programmes.catalogue.stated_rules import contradictions
from tests.catalogue.cast import EDITION

SOURCE: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "guideline" / "programmes.toml").read_text(encoding="utf-8")
)
ROWS: list[dict[str, Any]] = SOURCE["programme"]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: r["section"])


def loaded(row: dict[str, Any]) -> Programme:
    return EDITION.programme(row["slug"])


def test_the_edition_has_the_25_programmes_in_the_guidelines_order() -> None:
    assert [p.section for p in EDITION.programmes] == [row["section"] for row in ROWS]
    assert len(EDITION.programmes) == 25


@every_row
def test_every_fact_is_carried_over_unchanged_and_nothing_is_stated_beyond_them(row: dict[str, Any]) -> None:
    assert dict(loaded(row).facts) == row


def test_the_guidelines_own_facts_are_carried_over_unchanged() -> None:
    assert EDITION.facts == SOURCE["guideline"]
    assert EDITION.valid_from == SOURCE["guideline"]["valid_from"]
    assert EDITION.diary_number == SOURCE["guideline"]["diary_number"]
    newest = max(date.fromisoformat(entry.split()[0]) for entry in SOURCE["guideline"]["revised"])
    assert EDITION.revised_on == newest


@every_row
def test_the_fields_that_rules_use_say_what_the_facts_say(row: dict[str, Any]) -> None:
    programme = loaded(row)
    for field in ("sessions_min", "sessions_max", "duration_weeks", "participants_min", "participants_max"):
        assert getattr(programme, field) == row.get(field), field
    assert programme.starts_per_year_min == row.get("starts_per_year_min")
    assert programme.name == row["name_sv"]
    assert programme.exempt == (row["doc_level"] == "operational")
    assert list(programme.figures) == row["figures"]
    assert programme.study_visit == (row["study_visit"] == "required_before")
    assert programme.accept_conditions == row["accept_conditions"]
    assert programme.rules_commitment == row["rules_commitment"]
    assert programme.residency_kind == row["residency"]
    assert programme.proof_kind == row["show_on_request"]
    assert list(programme.evaluation_dimensions) == row["evaluation_dimensions"]


@every_row
def test_the_age_limit_is_the_stated_one_with_ambiguous_ends_as_interpreted(row: dict[str, Any]) -> None:
    age = loaded(row).age
    if "age_subject" not in row:
        assert age is None
        return
    assert age is not None
    assert age.subject == row["age_subject"]
    assert age.youngest == (row.get("age_min") or None)  # "over 18" includes 18
    up_to = row.get("age_max_inclusive") == "no" or (
        row.get("age_max_inclusive") == "ambiguous" and row["section"] != "2.13"
    )
    assert age.oldest == (None if "age_max" not in row else row["age_max"] - 1 if up_to else row["age_max"])


@every_row
def test_every_condition_of_the_section_is_a_declaration_or_says_why_it_is_not_asked(row: dict[str, Any]) -> None:
    """Judged by the rule that reading the file calls, against the source's own facts."""
    assert contradictions(dataclasses.replace(loaded(row), facts=row)) == []


@every_row
def test_every_ambiguity_is_settled_by_an_interpretation_with_a_reason(row: dict[str, Any]) -> None:
    programme = loaded(row)
    assert {n for i in programme.interpretations for n in i.settles} == set(range(len(row["ambiguities"])))
    assert all(i.reason.sv and i.reason.en and i.section == row["section"] for i in programme.interpretations)


@every_row
def test_evaluation_is_required_offered_or_chosen_as_the_design_says(row: dict[str, Any]) -> None:
    programme = loaded(row)
    expected = row["evaluation"]
    if expected == "none":
        expected = "default_on" if row["form"] == "group" else "offered" if row["section"] == "2.14" else "off"
    assert programme.evaluation == expected
    changeable = next(i for i in programme.interpretations if i.key == "evaluation").changeable
    if row["evaluation"] != "none":
        assert not changeable


@every_row
def test_the_way_in_is_open_on_the_web_only_where_the_design_opens_it(row: dict[str, Any]) -> None:
    on_the_web = {"2.1", "2.3", "2.7", "2.8", "2.12", "2.15", "2.16", "2.17", "2.18"}
    expected = "web" if row["section"] in on_the_web else "contact"
    expected = {"drop_in": "drop_in", "home_service": "catalogue_only"}.get(row["form"], expected)
    assert loaded(row).way_in == expected


def test_an_exemption_without_a_known_board_decision_waits_for_one() -> None:
    """The guideline says that a decision should be made and cites none; until then staff are warned."""
    missing = [p.section for p in EDITION.programmes if p.reading("board_decision", "none") == ""]
    assert missing == [p.section for p in EDITION.programmes if p.exempt]


@pytest.mark.parametrize(
    ("section", "key", "said", "never"),
    [
        ("4.1", "lower_age_included", "Över 80 år", "artonåringar"),
        ("4.4", "lower_age_included", "Över 80 år", "artonåringar"),
        ("2.8", "lower_age_included", "artonåringar", "80"),
        ("2.10", "guardian_consent_under", "då ska åldern visas", "Vi följer 2.10"),
        ("2.16", "guardian_consent_under", "Vi följer 2.10", "ska åldern visas"),
        ("2.9", "age_counted_on", "Den dag man kommer första gången", "gruppen"),
        ("2.1", "age_counted_on", "Den dag gruppen börjar", "första gången"),
    ],
)
def test_the_reason_of_a_reading_is_about_the_section_it_stands_in(section: str, key: str, said: str, never: str) -> None:
    [programme] = [p for p in EDITION.programmes if p.section == section]
    [reading] = [i for i in programme.interpretations if i.key == key]
    assert said in reading.reason.sv
    assert never not in reading.reason.sv
