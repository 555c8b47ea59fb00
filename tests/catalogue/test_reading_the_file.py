"""A slip of the pen in an edition's file stops it with a line that says where."""

from pathlib import Path

import pytest

from programmes.catalogue.file_services import EDITIONS, EditionError, read_edition

SOURCE = (EDITIONS / "2026-04-01.toml").read_text(encoding="utf-8")


def read(tmp_path: Path, old: str, new: str) -> None:
    """Reads the edition with the first `old` replaced."""
    assert old in SOURCE
    path = tmp_path / "changed.toml"
    path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    read_edition(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('short_name = "ABC"', 'short_name = "ABC"\nnick_name = "A"', "unknown field `nick_name`"),
        ('short_name = "ABC"\n', "", "missing required field `short_name`"),
        ("sessions_min = 4", "sessions_minn = 4", "unknown field `sessions_minn`"),
        ("sessions_min = 4", 'sessions_min = "4"', "Expected `int | null`, got `str`"),
        ("[edition]", "[edition", "changed.toml"),
        ('way_in = "web"', 'way_in = "mail"', "Invalid enum value 'mail'"),
        ('way_in = "web"', 'way_in = "drop_in"', "way_in 'drop_in' does not go with form 'group'"),
        ('audience = ["parents"]', 'audience = ["parants"]', "audience has no 'parants'"),
        ('audience = ["parents"]', "audience = []", "audience has no ''"),
        ('steps = "group_unnamed"', 'steps = "group_named_not"', "2.1 abc: steps has no"),
        ('use = "own_wish"', 'use = "own_whish"', "2.1 abc: declaration has no 'own_whish'"),
        ('{use = "size_set_by", settles = [0]},', "", "2.1 abc: ambiguities settled: [1, 2, 3, 4, 5] of 6"),
        ("settles = [5]", "settles = [5, 6]", "ambiguities settled"),
        ('asked_if = "still_in_relationship"', 'asked_if = "still"', "which is no fork before it"),
        ('slug = "lft"', 'slug = "abc"', "slug 'abc' stands twice"),
        ('section = "2.12"', 'section = "2.1"', "section '2.1' stands twice"),
        ('value = "default_on", options = ["default_on", "off"]', 'value = "on", options = ["off"]', "none of its options"),
        ('age = {wording = "parent_between"', 'age = {wording = "parents"', "age has no 'parents'"),
        ('instead = {age = ["2.12"', 'instead = {age = ["2.21"', "2.1 abc: instead has no '2.21'"),
        ('instead = {age = ["2.12"', 'instead = {age = ["2.1"', "2.1 abc: instead has no '2.1'"),
        ("instead = {age", "instead = {aeg", "2.1 abc: 'aeg' is not asked"),
        (
            '  {sv = "Från 19 år',
            '  {sv = "x", en = "x"},\n  {sv = "Från 19 år',
            "'adult_included' has 3 answers to 2 options",
        ),
        ("participants_min = 5", "participants_min = 9", "participants: from 9 to 8 is nothing"),
        ("participants_max = 8", "participants_max = -3", "participants: -3 is not from 1 to 200"),
        ("participants_max = 8", "participants_max = 2000", "participants: 2000 is not from 1 to 200"),
        ("sessions_min = 4", "sessions_min = 0", "2.1 abc: sessions: 0 is not from 1 to 52"),
        ("sessions_max = 4", "sessions_max = 3", "2.1 abc: sessions: from 4 to 3 is nothing"),
        ("duration_weeks = 10", "duration_weeks = 0", "duration_weeks: 0 is not from 1 to 52"),
        ("starts_per_year_min = 2", "starts_per_year_min = -1", "starts_per_year_min: -1 is not from 1"),
        ("age_min = 3", "age_min = 13", "2.1 abc: age: from 13 to 12 is nothing"),
        ("age_max = 12", "age_max = 1200", "age: 1200 is not from 0 to 130"),
        ("min = 12, max = 17, label", "min = 11, max = 17, label", "age band '12_17' begins within another"),
        ("min = 12, max = 17, label", "min = 19, max = 17, label", "age band '12_17': from 19 to 17 is nothing"),
        ('key = "under_12"', 'key = "12_17"', "an age band stands twice"),
        ("parties = 2", "parties = 0", "parties: 0 is not from 1"),
        ("within_years = 5", "within_years = -5", "within_years: -5 is not from 1"),
        ('section = "2.17"', 'section = "2.x"', "section '2.x' is no section"),
        ('slug = "lft"', 'slug = "l/f"', "slug 'l/f' cannot be the last part of an address"),
        ('["participant_count", "sex"]', '["sex", "sex"]', "2.1 abc: a figure stands twice"),
        ("figures = []", 'figures = ["shoe_size"]', "facts.figures[0]: Invalid enum value 'shoe_size'"),
        ('"sex"]', '"Xsex"]', "2.1: facts.figures[1]: Invalid enum value 'Xsex'"),
        ('age_subject = "participant"', 'age_subject = "Xparticipant"', "2.2: facts.age_subject: Invalid enum value 'Xpart"),
        ('age_min_inclusive = "yes"', 'age_min_inclusive = "Xyes"', "facts.age_min_inclusive: Invalid enum value 'Xyes'"),
        ('age_max_inclusive = "yes"', 'age_max_inclusive = "Xyes"', "facts.age_max_inclusive: Invalid enum value 'Xyes'"),
        ('form = "group"', 'form = "Xgroup"', "2.1 abc: form has no 'Xgroup'"),
        ('way_in = "web"', 'way_in = "Xweb"', "2.1: way_in: Invalid enum value 'Xweb'"),
        ('doc_level = "operational"', 'doc_level = "Xoperational"', "2.1: facts.doc_level: Invalid enum value 'Xop"),
        ('evaluation = "required"', 'evaluation = "Xrequired"', "2.1: facts.evaluation: Invalid enum value 'Xreq"),
        ('study_visit = "none"', 'study_visit = "Xnone"', "2.1: facts.study_visit: Invalid enum value 'Xnone'"),
        ('residency = "', 'residency = "X', "2.1 abc: residency has no 'X"),
        ('evaluation_dimensions = ["', 'evaluation_dimensions = ["X', "2.9 familjebehandling: dimension has no 'X"),
        ('value = "required"', 'value = "Xrequired"', "2.1 abc: interpretation 'evaluation' is 'Xrequired', which no rule"),
        (
            'options = ["default_on", "off"]',
            'options = ["default_on", "Xoff"]',
            "interpretation 'evaluation' is 'Xoff', which no rule",
        ),
        ('default = "with_agreement"', 'default = "Xwith"', "interpretation 'neighbouring_municipality' is 'Xwith'"),
        ("valid_from = 2026-04-01", "valid_from = 2027-01-01", "valid_from is 2027-01-01, and among the facts 2026-04-01"),
        (
            "revised_on = 2026-03-19",
            "revised_on = 2026-03-20",
            "revised_on is 2026-03-20, and the last among the facts 2026-03-19",
        ),
        ('"2026-03-19 § 32"]', '"2026-13-19 § 32"]', "revised_on is 2026-03-19, and the last among the facts 2025-10-23"),
        ('doc_main_rule = "documentation', 'doc_main_rule = "" # "', "edition.facts.doc_main_rule: is empty"),
        ('short_name = "ABC"', 'short_name = " "', "2.1.short_name: is empty"),
        ('short_name = "ABC"', 'short_name = "A\u202eBC"', "2.1.short_name: has the hidden character U+202E"),
        (
            'statement = {sv = "Jag vill',
            'statement = {sv = "Jag\u200b vill',
            "declaration.own_wish.statement.sv: has the hidden",
        ),
        (
            'length = {sv = "1 tillfälle"',
            'length = {sv = "2 tillfällen"',
            "2.6 drogtest: length.sv says 2, which is no number",
        ),
        ('show_on_request = "nothing"', 'show_on_request = "anything"', "proof has no 'anything'"),
        ("[evaluation]\nrequired = {", "[evaluation]\nrequird = {", "2.1 abc: evaluation has no 'required'"),
        ("\noffered = {sv", "\noffred = {sv", "2.2 ambivalenssamtal: evaluation has no 'offered'"),
        ("\ndefault_on = {sv", "\ndefault_onn = {sv", "2.7 spelfrihet_grupp: evaluation has no 'default_on'"),
        ('number = "112"', 'number = ""', "urgent.emergency.number: '' is no number to dial, like 112"),
        ('number = "112"', 'number = "ring pappa"', "urgent.emergency.number: 'ring pappa' is no number to dial"),
        ('number = "112"', 'number = "112 eller 911"', "urgent.emergency.number: '112 eller 911' is no number to dial"),
        ('number = "020-50 50 50"', 'number = "20-50 50 50"', "urgent.kvinnofridslinjen.number: '20-50 50 50' is no"),
        (
            'number = "020-50 50 50"',
            'number = "+46 20 50 50 50"',
            "urgent.kvinnofridslinjen.number: '+46 20 50 50 50' is no",
        ),
        (
            "[interpretation.lower_age_included]\ndefault = true",
            '[interpretation.lower_age_included]\ndefault = ""',
            "interpretation 'lower_age_included' is '', which is none of its options",
        ),
        (
            "[interpretation.lower_age_included]\ndefault = true",
            "[interpretation.lower_age_included]\ndefault = 1",
            "interpretation 'lower_age_included' is 1, which is none of its options",
        ),
        (
            '{use = "guardian_consent_under", options = [12]',
            '{use = "guardian_consent_under", value = "", options = [12]',
            "2.10 personligt_stod: interpretation 'guardian_consent_under' is '', which is none of its options",
        ),
        (
            "[interpretation.figures_by_venue]\ndefault = true",
            '[interpretation.figures_by_venue]\ndefault = "ja"',
            "3.2 traffpunkter: interpretation 'figures_by_venue' is 'ja', which no rule of this release follows",
        ),
    ],
)
def test_a_slip_in_the_file_is_said_where_it_is(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(EditionError) as refusal:
        read(tmp_path, old, new)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("section", "field", "value", "says"),
    [
        (
            "2.7",
            "other_conditions",
            '["wish to stop gambling and keep gambling-free", "no debts"]',
            "2.7 spelfrihet_grupp: facts.other_conditions: 'no debts' is no declaration",
        ),
        (
            "2.7",
            "other_conditions",
            "[]",
            "declaration 'wish_to_stop_gambling': the facts do not state 'other_conditions: wish",
        ),
        ("2.7", "exclusions", '["debts"]', "2.7 spelfrihet_grupp: facts.exclusions: 'debts' is no declaration"),
        ("2.7", "consent", '["a friend"]', "2.7 spelfrihet_grupp: facts.consent: 'a friend' is no declaration"),
        ("2.7", "condition_own_wish", "true", "facts.condition_own_wish: 'condition_own_wish' is no declaration"),
        ("2.7", "condition_no_more_extensive_need", "true", "facts.condition_no_more_extensive_need: "),
        ("2.1", "condition_own_wish", "false", "2.1 abc: declaration 'own_wish': the facts do not state"),
        (
            "2.7",
            "evaluation",
            '"required"',
            "facts.evaluation is 'required', and interpretation 'evaluation' is or allows 'default_on'\n  2.7"
            " spelfrihet_grupp: facts.evaluation is 'required', and interpretation 'evaluation' is or allows 'off'",
        ),
        (
            "2.7",
            "evaluation",
            '"offered"',
            "facts.evaluation is 'offered', and interpretation 'evaluation' is or allows 'off'",
        ),
        (
            "2.1",
            "evaluation",
            '"none"',
            "facts.evaluation is 'none', and interpretation 'evaluation' is or allows 'required'",
        ),
        ("2.7", "doc_level", '"operational"', "'operational', and the section has no interpretation 'board_decision'"),
        ("2.1", "doc_level", '"individual_main_rule"', "and the section has interpretation 'board_decision'"),
        ("2.1", "age_min", "4", "age label.sv says 3 and 12, and facts.age_min and facts.age_max 4 and 12"),
        (
            "2.1",
            "quote_age",
            '"Barn 3–13 år"',
            "facts.quote_age says 3 and 13, and facts.age_min and facts.age_max 3 and 12",
        ),
        ("2.15", "age_max", "18", "age_bands are 10 to 17, and the age of the section 10 to 18"),
        ("2.10", "quote_consent", '"från 15 år"', "facts.consent says 15, and interpretation 'guardian_consent_under' 12"),
    ],
)
def test_a_fact_that_nothing_follows_is_refused_by_section_and_field(
    tmp_path: Path, section: str, field: str, value: str, says: str
) -> None:
    """What managers would be told as a change is what applicants are asked, and the other way round."""
    before, found, after = SOURCE.partition(f'section = "{section}"\n')
    facts, rest, others = after.partition("\n[")
    assert found
    assert f"\n{field} = " in facts
    lines = [f"{field} = {value}" if line.startswith(f"{field} = ") else line for line in facts.split("\n")]
    path = tmp_path / "changed.toml"
    path.write_text(before + found + "\n".join(lines) + rest + others, encoding="utf-8")
    with pytest.raises(EditionError) as refusal:
        read_edition(path)
    assert says in str(refusal.value)


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "commented.toml"
    path.write_text(SOURCE + "# one more line\n", encoding="utf-8")
    assert read_edition(path).digest != read_edition(EDITIONS / "2026-04-01.toml").digest
    assert read_edition(path).programmes == read_edition(EDITIONS / "2026-04-01.toml").programmes
