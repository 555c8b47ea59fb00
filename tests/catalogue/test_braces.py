"""A brace that nothing fills in is read by applicants as it stands: whichever text of an edition's file has one, the file
is refused with the place."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any

import msgspec
import pytest

from programmes.catalogue import filling_rules, wording
from programmes.catalogue.edition_file import decode
from programmes.catalogue.file_services import EDITIONS, EditionError
from programmes.catalogue.filling_rules import DAYS, DIMENSIONS, FILLED, SECTION, TOWN
from programmes.catalogue.rules import Text
from programmes.catalogue.text_rules import unreadable
from tests.catalogue.cast import EDITION
from tests.catalogue.test_reading_the_file import SOURCE, read

[FILE] = EDITIONS.glob("*.toml")
ROWS: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(decode(FILE.read_bytes())))
_WORD = re.compile(r"\{\w+\}")
# What is misspelt, forgotten, of another kind, or a name that is filled in elsewhere only.
_PLANTED = [
    "{kommun}",
    "{yongest}",
    "{ under }",
    "{under",
    "{",
    "}",
    "{}",
    "{{under}}",
    "{dimensionss}",
    "{sinse}",
    "{Under}",
]
_OTHERS = ["%(municipality)s", "%s", "$municipality", "${under}", "<kommun>", "[kommun]", "｛under｝"]


def _texts(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*place, key))


TEXTS = [*_texts(ROWS)]


def _with(place: tuple[str | int, ...], text: str) -> list[str]:
    """What is wrong with a text when it stands in that place of the file."""
    inner: Any = text
    for key in reversed(place):
        inner = {key: inner} if isinstance(key, str) else [inner]
    return unreadable(inner)


def test_the_shipped_file_passes() -> None:
    assert unreadable(ROWS) == []
    assert len(TEXTS) > 2000


def test_every_brace_word_of_the_shipped_file_that_is_changed_is_refused_by_its_place() -> None:
    seen = set()
    for place, text in TEXTS:
        for found in _WORD.finditer(text):
            seen.add(found[0])
            word = found[0][1:-1]
            for wrong in (
                f"{{{word[:-1]}}}",
                f"{{{word}x}}",
                f"{{{word}",
                f"{word}}}",
                "{}",
                f"{{{word.upper()}}}",
                "{kommun}",
            ):
                lines = _with(place, text[: found.start()] + wrong + text[found.end() :])
                assert lines, (place, wrong)
                assert all(str(place[-2]) in line for line in lines if isinstance(place[-2], str))
    assert {name[1:-1] for name in seen} == SECTION | DAYS | DIMENSIONS


@pytest.mark.parametrize("planted", _PLANTED)
def test_a_brace_that_nothing_fills_in_is_refused_in_every_text(planted: str) -> None:
    assert [place for place, text in TEXTS if not _with(place, f"{text} {planted}")] == []


@pytest.mark.parametrize("planted", _OTHERS)
def test_a_placeholder_of_another_kind_is_refused_in_every_text_but_those_that_quote_the_guideline(planted: str) -> None:
    passed = [place for place, text in TEXTS if not _with(place, f"{text} {planted}")]
    assert [place for place in passed if "facts" not in place] == []


def test_a_text_that_is_not_filled_in_takes_no_brace_at_all() -> None:
    taking = {name: [place for place, text in TEXTS if not _with(place, f"{text} {{{name}}}")] for name in SECTION | DAYS}
    assert {place[-1] for places in taking.values() for place in places} == {"sv", "en"}
    assert {place[-2] for place in (*taking["first"], *taking["since"])} == {"question_on", "statement_on", "unmet_on"}
    for name in SECTION:
        fields_ = {str(key) for place in taking[name] for key in place}
        assert not fields_ & {"form_name", "length", "why_not_asked", "proof", "dimension", "audience", "age_bands", "facts"}
        assert {place[0] for place in taking[name] if place[-2] == "label"} <= {"interpretation"}, (
            "others are said as they are"
        )


@pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)
def test_the_names_that_are_let_in_are_those_that_are_filled_in(programme: Any) -> None:
    assert set(filling_rules.of_section(programme, "Ronneby")) == SECTION
    assert set(filling_rules.of_days("a", "b")) == DAYS
    assert set(filling_rules.of_dimensions("a")) == DIMENSIONS
    assert set(FILLED.values()) == {TOWN, SECTION, DAYS, DIMENSIONS}
    # Nothing is left of them in what people read.
    for lang in ("sv", "en"):
        words = wording.Words(programme, lang, "Ronneby", date(2026, 9, 2))
        said = [
            *wording.conditions(programme, lang, "Ronneby"),
            *(q.question + q.statement + q.source + q.help for q in wording.questions(programme, lang, "Ronneby", words.on)),
            *(words.say(text) for text in (programme.lead, *programme.what, *programme.good_to_know)),
            *(words.say(i.told) for i in programme.interpretations if i.told),
            wording.evaluation_text(programme, lang),
        ]
        assert [text for text in said if "{" in text] == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "i {municipality}?",
            "i {kommun}?",
            "residency.registered_in_population_register.question.sv: has '{kommun}', which",
        ),
        ("i {municipality}.", "i {municipalty}.", ".statement.sv: has '{municipalty}', which nothing fills in"),
        ("är under {under} år", "är under {under år", "has '{under', which is not closed"),
        ("barn {youngest}–{oldest}", "barn {yngsta}–{oldest}", "2.1.lead.sv: has '{yngsta}', which nothing fills in"),
        ("barn {youngest}–{oldest}", "barn youngest}–{oldest}", "2.1.lead.sv: has '}', which nothing opens"),
        ("{dimensions}", "{dimension}", "evaluation.offered.sv: has '{dimension}', which nothing fills in"),
        ("räknat till {first}?", "räknat till {under}?", ".question_on.sv: has '{under}', which nothing fills in"),
        # A name that is known, of a number that the section does not have.
        (
            "barn under {under} år och vill ha det",
            "barn över {youngest} år och vill ha det",
            "lead.sv has '{youngest}', and",
        ),
        ('label = {sv = "egen önskan"', 'label = {sv = "egen önskan i {municipality}"', "label.sv: has '{municipality}'"),
    ],
)
def test_it_is_said_where_it_stands(tmp_path: Any, old: str, new: str, says: str) -> None:
    with pytest.raises(EditionError) as refusal:
        read(tmp_path, old, new)
    assert says in str(refusal.value)


def test_a_shared_text_with_a_number_that_a_section_does_not_have_is_refused_by_the_section(tmp_path: Any) -> None:
    """2.7 has no oldest age, and the note is said there."""
    old = 'gambling_other_single = {sv = "Vill du'
    assert old in SOURCE
    with pytest.raises(EditionError) as refusal:
        read(tmp_path, old, 'gambling_other_single = {sv = "{oldest} Vill du')
    assert "2.7 spelfrihet_grupp: good_to_know." in str(refusal.value)
    assert "has '{oldest}', and the section has no such number" in str(refusal.value)


def test_every_text_of_a_section_is_looked_at_for_its_numbers() -> None:
    programme = next(p for p in EDITION.programmes if p.section == "2.7")
    named = [field.name for field in fields(programme) if isinstance(getattr(programme, field.name), Text)]
    assert {"lead", "proof"} <= set(named)
    for name in named:
        [line] = filling_rules.unnumbered(replace(programme, **{name: Text("{oldest}", "Fine")}))  # type: ignore[arg-type]
        assert line.startswith(f"{name}.sv has '{{oldest}}'")
    told = replace(programme.interpretations[0], told=Text("Fine", "{oldest}"))
    [line] = filling_rules.unnumbered(replace(programme, interpretations=(told, *programme.interpretations[1:])))
    assert line.startswith(f"interpretations.{told.key}.told.en has")
    [line] = filling_rules.unnumbered(replace(programme, help={"age": Text("{under}", "Fine")}))
    assert line.startswith("help.age.sv has '{under}'")
