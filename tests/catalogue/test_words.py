"""Every text of the edition is whole, in both languages, and every refusal says why and where it stands."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from programmes.catalogue.condition_rules import check
from programmes.catalogue.rules import Lang, Outcome, Programme, Text
from programmes.catalogue.wording import Words, conditions, key_facts, questions, refusal_text
from tests.catalogue.cast import EDITION, FIRST_SESSION, MUNICIPALITY, NOBODY, fitting, refusing

every_programme = pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)
each_language = pytest.mark.parametrize("lang", ["sv", "en"])


def texts_of(thing: object) -> Iterator[Text]:
    """Every text inside a programme, wherever it stands."""
    if isinstance(thing, Text):
        yield thing
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from texts_of(getattr(thing, field.name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from texts_of(part)


@every_programme
@each_language
def test_every_text_is_whole_once_filled_in(programme: Programme, lang: Lang) -> None:
    words = Words(programme, lang, MUNICIPALITY)
    for text in texts_of(programme):
        shown = words.say(text).replace("{first}", "14 december 2026").replace("{since}", "14 december 2021")
        assert shown.strip() == shown != ""
        assert not re.search(r"[{}]|None|  ", shown)


@every_programme
def test_swedish_avoids_the_words_that_make_people_into_cases(programme: Programme) -> None:
    for text in texts_of(programme):
        assert not re.search(r"\b(klient|brukare|ärende|avslag|medborgare)", text.sv.replace("betyder medborgare", ""), re.I)


@every_programme
def test_the_edition_does_not_name_one_municipality(programme: Programme) -> None:
    """The municipality is a setting; only the name of 3.1 carries a place."""
    for text in texts_of(programme):
        assert "Karlshamn" not in text.sv + text.en


@every_programme
@each_language
def test_questions_and_checks_are_about_the_same_conditions(programme: Programme, lang: Lang) -> None:
    asked = [q.condition for q in questions(programme, lang, MUNICIPALITY)]
    assert asked == [o.condition for o in check(programme, NOBODY, FIRST_SESSION)] or programme.age_asked == "band"
    assert set(asked) >= {o.condition for o in check(programme, refusing(programme), FIRST_SESSION)}
    assert len(set(asked)) == len(asked)


@every_programme
@each_language
def test_every_refusal_is_one_sentence_with_its_section(programme: Programme, lang: Lang) -> None:
    for answers in (NOBODY, refusing(programme)):
        for outcome in check(programme, answers, FIRST_SESSION):
            if outcome.met:
                continue
            refusal = refusal_text(outcome, programme, lang, MUNICIPALITY)
            assert refusal.sentence[-1] in ".?"
            assert f" {programme.section}, " in refusal.source
            assert not re.search(r"[{}%]|None", refusal.sentence + refusal.source)


@every_programme
@pytest.mark.parametrize(
    ("lang", "answered", "omitted"), [("sv", "Du svarade ", "inte svarat"), ("en", "You answered ", "not answered")]
)
def test_who_answered_no_is_never_told_that_they_have_not_answered(
    programme: Programme, lang: Lang, answered: str, omitted: str
) -> None:
    """What was left out and what was answered stand in the same box, and must read differently."""
    said_no = {o.condition: o for o in check(programme, refusing(programme), FIRST_SESSION) if not o.met}
    said_nothing = {o.condition: o for o in check(programme, NOBODY, FIRST_SESSION) if not o.met}
    declared = {d.key for d in programme.declarations}
    for condition, outcome in said_no.items():
        sentence = refusal_text(outcome, programme, lang, MUNICIPALITY).sentence
        assert omitted not in sentence
        assert condition not in declared or sentence.startswith(answered)
        if condition in said_nothing:
            assert sentence != refusal_text(said_nothing[condition], programme, lang, MUNICIPALITY).sentence
    for text in (d.unmet for d in programme.declarations if d.unmet):
        assert omitted not in text.say(lang)


def test_a_refusal_says_when_someone_is_old_enough_and_how_over_18_is_read() -> None:
    programme = EDITION.programme("aterfallsprevention")
    answers = replace(fitting(programme), birth_date=date(2009, 3, 14), residency=False)
    refused = [o for o in check(programme, answers, date(2027, 2, 1)) if not o.met]
    age, residency = (refusal_text(o, programme, "sv", MUNICIPALITY) for o in refused)
    assert age.sentence == "Du fyller 18 år den 14 mars 2027, och gruppen börjar den 1 februari 2027."
    assert age.source == "Riktlinjen 2.8, över 18 år. Vi läser det som att du har fyllt 18 år."
    assert residency.sentence == "Du är inte folkbokförd i Karlshamns kommun."
    assert residency.source == "Riktlinjen 2.8, folkbokförd"


def test_a_guardians_consent_that_the_section_does_not_state_is_said_to_be_our_reading() -> None:
    outcome = Outcome("guardian_consent", False, "2.15", "unmet")
    ours = refusal_text(outcome, EDITION.programme("barn_skilda_foraldrar"), "sv", MUNICIPALITY)
    stated = refusal_text(replace(outcome, section="2.10"), EDITION.programme("personligt_stod"), "sv", MUNICIPALITY)
    assert ours.source.startswith("Vår läsning av riktlinjen 2.15, ")
    assert stated.source.startswith("Riktlinjen 2.10, ")


def test_what_is_met_is_not_refused() -> None:
    programme = EDITION.programme("abc")
    with pytest.raises(ValueError, match="is met"):
        refusal_text(Outcome("residency", True, "2.1", "met"), programme, "sv", MUNICIPALITY)


@each_language
def test_the_four_wordings_of_residency_are_kept_apart(lang: Lang) -> None:
    said = {p.residency_kind: p.residency for p in EDITION.programmes}
    assert len(said) == 4
    for part in ("label", "question", "statement", "public", "unmet"):
        assert len({getattr(wording, part).say(lang) for wording in said.values()}) == 4


def test_the_texts_follow_when_the_office_reads_an_age_otherwise() -> None:
    programme = EDITION.programme("foraldrastod").reread({"upper_age_included": True})
    assert "Du är förälder till ett barn under 19 år." in conditions(programme, "sv", MUNICIPALITY)
    assert Words(programme, "sv", MUNICIPALITY).say(programme.lead).startswith("För dig som har barn under 19 år")


def test_programmes_with_like_names_are_told_apart_by_their_form() -> None:
    """2.7 and 2.18 are both Till spelfriheten!."""
    group, single = EDITION.programme("spelfrihet_grupp"), EDITION.programme("spelfrihet_individuell")
    assert [f.value for f in key_facts(group, "sv")][:2] == ["5–8 personer i grupp", "10 träffar, 10 veckor"]
    assert [f.value for f in key_facts(single, "sv")][:2] == ["Enskilda samtal", "12 samtal"]


@every_programme
def test_what_is_recorded_is_exactly_what_the_section_lists(programme: Programme) -> None:
    kept = " ".join(t.sv for t in programme.records.kept)
    listed = {"participant_count": "Hur många som är med", "sex": "Kön", "open_occasions": "Hur många gånger det är öppet"}
    listed |= {
        "form_of_intervention": "Vilken form",
        "number_of_talks": "Hur många samtal",
        "how_intervention_ended": "avslutas",
    }
    if not programme.exempt:
        assert "Ditt namn" in kept
        assert (
            programme.form == "catalogue_only" or "senast fem år efter" in (programme.records.retention or Text("", "")).sv
        )
        return
    assert {key for key, words in listed.items() if words in kept} == set(programme.figures)
    assert len(programme.records.kept) == len(programme.figures)
    not_kept = " ".join(t.sv for t in programme.records.not_kept)
    assert "Vem du är" in not_kept
    assert ("Hur många som är med, eller kön" in not_kept) == ("participant_count" not in programme.figures)


def test_someone_in_danger_gets_the_numbers_first() -> None:
    programme = EDITION.programme("ambivalenssamtal")
    assert [line.number for line in programme.urgent] == ["112", "020-50 50 50"]


@every_programme
def test_nobody_is_promised_that_a_name_waits_for_the_first_talk(programme: Programme) -> None:
    """Staff write the name down when they write a place down, and that may be before anything has begun."""
    for text in texts_of(programme):
        assert not re.search(r"sparar .*namn när .* börjat", text.sv)
        assert not re.search(r"keep your name once the talks", text.en)


@each_language
def test_a_question_that_yes_and_no_do_not_answer_has_answers_in_words(lang: Lang) -> None:
    asks_for_more = r"(Vem|Vad|Vilk|Från|När|Hur|Under|Var |Vart|På|Till|From|What|Who|Which|When|How|Under|Where|On|To )"
    for programme in EDITION.programmes:
        for reading in programme.interpretations:
            if len(reading.options) > 1 and re.match(asks_for_more, reading.label.say(lang)):
                assert reading.answers or all(not isinstance(option, bool) for option in reading.options), reading.key
    assert all(i.answers for p in EDITION.programmes for i in p.interpretations if i.key == "adult_included")
