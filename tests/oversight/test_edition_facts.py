"""Two editions are compared in everything that the software obeys: each field is changed, and the comparison may not be
silent, nor say the same of both."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from programmes.catalogue import edition_file, file_services, rules
from programmes.catalogue.edition_rules import Difference, differences, of_all_sections, sections_touched
from programmes.catalogue.file_services import EDITIONS
from programmes.catalogue.rules import Programme
from programmes.core.i18n import speaking
from programmes.oversight.compliance.edition_wording_rules import (
    change_words,
    fact_words,
    language_of,
    told,
    value_words,
)
from tests.oversight.test_statistics_rules import EDITION

PROGRAMMES = list(EDITION.values())
[FILE] = EDITIONS.glob("*.toml")
ROWS = edition_file.decode(FILE.read_bytes())

# How something is put, with the reason why that settles nothing. Anything else is a fact, and has its line.
WORDING: Mapping[str, str] = {
    "section": "it says which section another edition's is compared with",
    "short_name": "how the name is shortened in lists",
    "lead": "plain words about what the section says",
    "what[]": "plain words about what the section says",
    "steps[]": "plain words about the way to a place",
    "records": "plain words made of the level, the figures and the study visit, which have lines of their own",
    "good_to_know[]": "plain words",
    "length": "plain words for the number of sessions",
    "form_name": "plain words for the form",
    "age_wording.label": "what the condition is called", "age_wording.question": "the same condition as a question",
    "age_wording.public": "the same condition in the list for everyone", "age_wording.unmet": "the same in a refusal",
    "guardian.label": "what the condition is called", "guardian.question": "the same condition as a question",
    "guardian.public": "the same condition in the list for everyone", "guardian.unmet": "the same in a refusal",
    "help": "what a condition means, in plainer words",
    "evaluation_texts": "plain words about the evaluation, which has a line of its own",
    "residency.label": "what the condition is called",
    "residency.question": "the same condition as a question",
    "residency.public": "the same condition in the list for everyone",
    "residency.unmet": "the same condition in a refusal",
    "audience[].rank": "the order of the chips",
    "age_bands[].key": "a code that only this edition's own answers use", "age_bands[].label": "the same span in words",
    "urgent[].note": "a word beside a number",
    "declarations[].fact": "where in the file's facts it comes from",
    "declarations[].label": "what the condition is called", "declarations[].why_not_asked": "a reason for staff",
    "declarations[].question": "the same condition as a question",
    "declarations[].public": "the same condition in the list for everyone; where nothing is asked it is compared",
    "declarations[].unmet": "the same condition in a refusal",
    "declarations[].question_on": "the same condition as a question", "declarations[].unmet_on": "the same in a refusal",
    "interpretations[].value": "what the office chose, which an edition does not change",
    "interpretations[].label": "the question about an unclear point", "interpretations[].reason": "why it is read so",
    "interpretations[].section": "the section's own number", "interpretations[].told": "plain words for the public",
    "interpretations[].settles": "which notes on unclear points it answers",
    "interpretations[].answers": "what the values are called",
}  # fmt: skip
# A code that changes alone: the line is there, and what the file calls it is the same. In a file its words change with it.
SAME_WORDS = {
    "form", "residency_kind", "proof_kind", "audience[].key", "declarations[].key", "declarations[].asked_if",
    "declarations[].statement_on", "interpretations[].key",
}  # fmt: skip


def _leaves(value: Any, hint: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every place in a value with the value as it would be with only that place changed."""
    options = [one for one in typing.get_args(hint) if one is not type(None)]
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        if value is None:
            yield path, _any(options[0])
            return
        yield from _leaves(value, next((o for o in options if _of(value, o)), type(value)), path)
    elif dataclasses.is_dataclass(value) and not isinstance(value, rules.Text) and path not in WORDING:
        hints = typing.get_type_hints(type(value))
        for field in (one for one in dataclasses.fields(value) if one.name != "facts"):
            below = f"{path}.{field.name}".lstrip(".")
            for place, other in _leaves(getattr(value, field.name), hints[field.name], below):
                yield place, dataclasses.replace(value, **{field.name: other})  # type: ignore[type-var]
    elif (
        isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]) and not {path, f"{path}[]"} & set(WORDING)
    ):
        if not isinstance(value[0], rules.Text):
            yield path, value[1:]
        for n, one in enumerate(value):
            for place, other in _leaves(one, type(one), f"{path}[]"):
                yield place, (*value[:n], other, *value[n + 1 :])
    else:
        yield (f"{path}[]" if f"{path}[]" in WORDING else path), _other(value, hint)


def _of(value: Any, hint: Any) -> bool:
    kind = typing.get_origin(hint) or hint
    return isinstance(value, kind) if isinstance(kind, type) else isinstance(value, str)


def _any(hint: Any) -> Any:
    known: dict[Any, Any] = {bool: True, int: 7, str: "annat", rules.Text: rules.Text("Annat", "Other")}
    if hint in known:
        return known[hint]
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)[0]
    options = [one for one in typing.get_args(hint) if one is not type(None)]
    if typing.get_origin(hint) is tuple:
        return ()
    if options:
        return _any(options[0])
    values = {f.name: _any(typing.get_type_hints(hint)[f.name]) for f in dataclasses.fields(hint)}
    return hint(**values)


def _other(value: Any, hint: Any) -> Any:
    if typing.get_origin(hint) is typing.Literal:
        return next(one for one in typing.get_args(hint) if one != value)
    ways: dict[type, Callable[[Any], Any]] = {
        bool: lambda one: not one,
        int: lambda one: one + 1,
        str: lambda one: one + "annat",
        rules.Text: lambda one: rules.Text(one.sv + " annat", one.en + " other"),
        tuple: lambda one: (
            one[1:] if one and not isinstance(one[0], str) else (*one, _any((*typing.get_args(hint), str)[0]))
        ),
        dict: lambda one: {key: _other(below, None) for key, below in one.items()} or {"annat": ("9.9",)},
    }
    if type(value) in ways:
        return ways[type(value)](value)
    first = dataclasses.fields(value)[0]
    return dataclasses.replace(value, **{first.name: _other(getattr(value, first.name), None)})


def _changed(programme: Programme) -> list[tuple[str, Programme]]:
    """The facts of the file apart: of a file that is read they stand in the fields too."""
    return list(_leaves(programme, Programme, ""))


def _of_no_limit(programme: Programme, place: str) -> bool:
    """Whether an end of the age is included is no question where there is none."""
    end = place.removeprefix("age_facts.").removesuffix("_inclusive")
    return place == f"age_facts.{end}_inclusive" and not getattr(programme.age_facts, end)


def _told(before: Programme, after: Programme) -> list[Difference]:
    return list(differences([before], [after]))


def _words(one: Difference) -> tuple[str, str]:
    return value_words(one.fact, one.before), value_words(one.fact, one.after)


@pytest.mark.parametrize("key", [key for key in typing.get_type_hints(edition_file.GuidelineFacts) if key != "valid_from"])
def test_every_fact_that_is_said_for_all_sections_is_told_in_words_in_both_languages(key: str) -> None:
    """Its first day is what the comparison is headed with."""
    before = dict(file_services.read_edition(FILE).facts)
    value = before[key]
    assert isinstance(value, str | list)
    after = before | {key: [*value[:-1], value[-1] + " annat"] if isinstance(value, list) else value + " annat"}
    assert of_all_sections(before, before) == of_all_sections(None, after) == ()
    [one] = of_all_sections(before, after)
    said = set()
    for language in ("sv", "en"):
        with speaking(language):  # type: ignore[arg-type]
            [line] = told([one])
            assert line.before != line.after
            assert line.after == (value[-1] if isinstance(value, list) else value) + " annat"
            assert line.language == ("en" if key.startswith("doc_") and language == "sv" else "")
            said.add((line.section, line.what))
    assert len(said) == 2, "in both languages"
    every = {p.section for p in PROGRAMMES}
    touched = key in {"doc_main_rule", "doc_exemptions", "municipality_sv"}
    assert sections_touched([one], every) == (sorted(every) if touched else [])


def test_what_is_changed_in_one_language_only_is_told_as_a_change_of_that_text() -> None:
    before = next(p for p in PROGRAMMES if p.section == "2.8")
    [wish] = [d for d in before.declarations if d.key == "own_wish"]
    [sober] = [d for d in before.declarations if d.key == "sober_at_sessions"]
    assert wish.statement is not None
    assert sober.statement is not None
    in_english = dataclasses.replace(wish, statement=dataclasses.replace(wish.statement, en="I want this."))
    both = dataclasses.replace(sober, statement=rules.Text("Jag är nykter.", "I am sober."))
    changed = {wish: in_english, sober: both}
    after = dataclasses.replace(before, declarations=tuple(changed.get(d, d) for d in before.declarations))
    said = [(line.what, line.before, line.after, line.language) for line in told(_told(before, after))]
    assert said == [
        ("Villkor", sober.statement.sv, "Jag är nykter.", ""),
        ("Villkor, den engelska texten", wish.statement.en, "I want this.", "en"),
    ]
    in_swedish = dataclasses.replace(before.residency, statement=rules.Text("Annat", before.residency.statement.en))
    with speaking("en"):
        [line] = told(_told(before, dataclasses.replace(before, residency=in_swedish)))
        assert (line.what, line.after, line.language) == ("Residence, the Swedish text", "Annat", "sv")
    # A code alone: the same words on both sides, and it is said that it is not the words.
    [line] = told(_told(before, dataclasses.replace(before, residency_kind="resident_annat")))
    assert line.what == "Bosättning: samma ord, men reglerna följer en annan kod"


def test_the_sentences_that_follow_from_an_age_are_told_with_its_numbers() -> None:
    row = next(row for row in ROWS.programme if row.facts.section == "2.15")
    before = next(p for p in PROGRAMMES if p.section == "2.15")
    readings = tuple(
        msgspec.structs.replace(r, value=18) if r.use == "guardian_consent_under" else r for r in row.interpretations
    )
    other = msgspec.structs.replace(row, interpretations=readings)
    said = {
        line.what: (line.before, line.after) for line in told(_told(before, file_services._Reader(ROWS, other).programme()))
    }
    assert said["Vad man svarar om vårdnadshavare"] == tuple(
        f"En vårdnadshavare har sagt ja till att jag är med (behövs bara under {n} år)." for n in (12, 18)
    )
    # What the office chose is nothing that the edition changes.
    assert told(_told(before.reread({"guardian_consent_under": 18}), before)) == []
    group = next(row for row in ROWS.programme if row.facts.section == "2.8")
    facts = msgspec.structs.replace(group.facts, age_min=20)
    after = file_services._Reader(ROWS, msgspec.structs.replace(group, facts=facts)).programme()
    said = {
        line.what: (line.before, line.after)
        for line in told(_told(next(p for p in PROGRAMMES if p.section == "2.8"), after))
    }
    assert said["Vad man svarar om åldern"] == tuple(f"Jag har fyllt {n} år när gruppen börjar." for n in (18, 20))


def test_every_field_of_a_programme_that_is_changed_alone_is_told_unless_it_is_wording() -> None:
    silent, same, wordy, seen = set[str](), set[str](), set[str](), set[str]()
    for programme in PROGRAMMES:
        for place, other in _changed(programme):
            seen.add(place)
            if place == "section" or _of_no_limit(programme, place):
                continue
            found = _told(programme, other)
            if place in WORDING:
                wordy |= {place} if found and not place.endswith("public") else set()
            elif not found:
                silent.add(place)
            elif place not in SAME_WORDS and any(a == b for a, b in map(_words, found)):
                same.add(place)
    assert silent == set(), "changed, and the comparison says nothing"
    assert same == set(), "both sides are said alike"
    assert wordy == set(), "said to be wording, and told all the same"
    fields = {f.name for f in dataclasses.fields(Programme)} - {"facts"}
    assert {place.split(".")[0].removesuffix("[]") for place in seen} == fields
    assert set(WORDING) | SAME_WORDS <= seen | {"section"}, "a place that is there no more"


# Facts that point to a table of the file take another row of it; other facts are changed as their kind is.
_TABLES: Mapping[str, Callable[[], list[str]]] = {
    "form": lambda: list(file_services._FORMS),
    "residency": lambda: list(ROWS.residency),
    "show_on_request": lambda: list(ROWS.proof),
    "figures": lambda: list(ROWS.figure),
    "evaluation_dimensions": lambda: list(ROWS.dimension),
}
_FACTS = typing.get_type_hints(edition_file.Facts)


def _other_facts(facts: edition_file.Facts, key: str) -> list[Any]:
    value, hint = getattr(facts, key), _FACTS[key]
    if key in _TABLES:
        rows = [one for one in _TABLES[key]() if one not in (value if isinstance(value, list) else [value])]
        if key == "form":
            rows = [one for one in rows if file_services._FORMS[one] == file_services._FORMS[value]]
        return [[*value, one] for one in rows] if isinstance(value, list) else rows
    if isinstance(value, list):
        return [[*value[:-1], value[-1] + " annat"]] if value else [["annat"]] if key != "ambiguities" else []
    if key.endswith("_inclusive") and not getattr(facts, key.removesuffix("_inclusive")):
        return []  # Of no limit it is no question.
    options = [one for one in typing.get_args(hint) if one is not type(None)] or [hint]
    if typing.get_origin(options[0]) is typing.Literal:
        options = list(typing.get_args(options[0]))
    if all(isinstance(one, str) for one in options):
        return [one for one in options if one != value]
    return [_any(options[0]) if value is None else _other(value, options[0])]


@pytest.mark.parametrize("key", [key for key in _FACTS if key != "section"])
def test_every_fact_of_the_file_that_is_changed_alone_is_told_in_words_in_both_languages(key: str) -> None:
    tried = 0
    for row in ROWS.programme:
        if key.startswith(("age_", "quote_age")) and row.facts.age_subject is None:
            continue  # Whose age would it be?
        before = file_services._Reader(ROWS, row).programme()
        for value in _other_facts(row.facts, key):
            facts = msgspec.structs.replace(row.facts, **{key: value})
            after = file_services._Reader(ROWS, msgspec.structs.replace(row, facts=facts)).programme()
            found = _told(before, after)
            assert found, (row.facts.section, key, value)
            tried += 1
            for language in ("sv", "en"):
                with speaking(language):  # type: ignore[arg-type]
                    for one in found:
                        was, becomes = _words(one)
                        assert was != becomes, (row.facts.section, key)
                        assert not any(sign in was + becomes for sign in ("Text(", "[", "{", "None", "True")), (was, becomes)
                        assert key == "slug" or "_" not in was + becomes, (was, becomes)
    assert tried or (key == "doc_level"), key


def test_another_age_and_a_duty_to_evaluate_are_said_in_plain_words() -> None:
    row = next(row for row in ROWS.programme if row.facts.section == "2.8")
    facts = msgspec.structs.replace(row.facts, age_min=20, evaluation="required")
    after = file_services._Reader(ROWS, msgspec.structs.replace(row, facts=facts)).programme()
    before = next(p for p in PROGRAMMES if p.section == "2.8")
    quote = "”Individer över 18 år”"
    assert [(change_words(one), *_words(one)) for one in _told(before, after)] == [
        ("Ålder", f"Deltagaren: från 18 år (oklart om 18 räknas med). {quote}",
         f"Deltagaren: från 20 år (oklart om 20 räknas med). {quote}"),
        ("Vad man svarar om åldern", "Jag har fyllt 18 år när gruppen börjar.", "Jag har fyllt 20 år när gruppen börjar."),
        ("Krav på utvärdering", "Inget krav", "Krävs"),
    ]  # fmt: skip
    wish = msgspec.structs.replace(row.facts, condition_own_wish=False, other_conditions=["sober"], target_group="all")
    found = _told(before, file_services._Reader(ROWS, msgspec.structs.replace(row, facts=wish)).programme())
    assert [(fact_words(one.fact), language_of(one.fact)) for one in found] == [
        ("Målgrupp", "en"), ("Egen önskan krävs", ""), ("Övriga villkor i riktlinjen", "en"),
    ]  # fmt: skip
    with speaking("en"):
        assert [language_of(one.fact) for one in found] == ["", "", ""]


def test_of_what_stands_one_by_one_only_what_is_otherwise_is_said() -> None:
    before = next(p for p in PROGRAMMES if p.section == "2.8")
    [wish] = [d for d in before.declarations if d.key == "own_wish"]
    after = dataclasses.replace(before, declarations=tuple(d for d in before.declarations if d is not wish))
    [one] = _told(before, after)
    assert wish.statement is not None
    assert _words(one) == (wish.statement.sv, "–")
    assert _told(before, dataclasses.replace(before, declarations=before.declarations[::-1])) == []
