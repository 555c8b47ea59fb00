"""Whether what is asked, read and written of a section is what its facts state: the facts are what managers are told that
another edition changes, the rest is what applicants meet. Pure."""

import re
from collections.abc import Iterator

from programmes.catalogue.rules import Programme, Text

_LISTS, _FLAGS = ("other_conditions", "exclusions", "consent"), ("condition_own_wish", "condition_no_more_extensive_need")
_NUMBER = re.compile(r"\d+")


def contradictions(programme: Programme) -> list[str]:
    """Every fact of a section that nothing follows, and what follows from none, by its field in the file."""
    return [
        *_conditions(programme),
        *_evaluation(programme),
        *_exemption(programme),
        *_ages(programme),
        *_bands(programme),
        *_consent(programme),
        *_length(programme),
    ]


def _conditions(programme: Programme) -> Iterator[str]:
    """Each condition is a declaration, asked or with the reason why not (`asked = false`), and none is of our own making."""
    stated = {f"{field}: {text}": field for field in _LISTS for text in _listed(programme, field)}
    stated |= {field: field for field in _FLAGS if programme.facts.get(field) is True}
    declared = {d.fact: d.key for d in programme.declarations}
    for fact, field in stated.items():
        if fact not in declared:
            what = fact.removeprefix(f"{field}: ")
            yield f"facts.{field}: {what!r} is no declaration, neither asked nor with the reason why it is not asked"
    for fact, key in declared.items():
        if fact not in stated and fact != "target_group":
            yield f"declaration {key!r}: the facts do not state {fact!r}"


def evaluations(programme: Programme) -> frozenset[str]:
    """How the evaluation of a section is read, and may be."""
    options = next((i.options for i in programme.interpretations if i.key == "evaluation"), ())
    return frozenset({programme.evaluation, *(str(option) for option in options)})


def _evaluation(programme: Programme) -> Iterator[str]:
    """What is required or offered is no choice; nothing is required that the section does not require."""
    stated = programme.facts.get("evaluation")
    read = evaluations(programme)
    wrong = read & {"required"} if stated == "none" else read - {stated}
    for other in sorted(wrong):
        yield f"facts.evaluation is {stated!r}, and interpretation 'evaluation' is or allows {other!r}"


def _exemption(programme: Programme) -> Iterator[str]:
    """The board decides an exemption from documentation, so that a section with one has the place for the decision."""
    decided = any(i.key == "board_decision" for i in programme.interpretations)
    if decided != programme.exempt:
        level, has = programme.facts.get("doc_level"), "has" if decided else "has no"
        yield f"facts.doc_level is {level!r}, and the section {has} interpretation 'board_decision'"


def _ages(programme: Programme) -> Iterator[str]:
    stated, wording = programme.age_facts, programme.age_wording
    if stated is None or wording is None:
        return
    # 0 is no limit, which nobody writes out.
    limits = {number for number in (stated.minimum, stated.maximum) if number}
    for field, text in (("facts.quote_age", stated.quote), *_both("age label", wording.label)):
        written = _numbers(text)
        if written and written != limits:
            yield f"{field} says {_said(written)}, and facts.age_min and facts.age_max {_said(limits)}"


def _bands(programme: Programme) -> Iterator[str]:
    """Together the bands are the ages of the section: a band half outside would leave out who may come."""
    limit = programme.age
    if limit is None or not programme.age_bands:
        return
    span = (min(band.min for band in programme.age_bands), max(band.max for band in programme.age_bands))
    if span != (limit.youngest or 0, limit.oldest):
        yield f"age_bands are {span[0]} to {span[1]}, and the age of the section {limit.youngest or 0} to {limit.oldest}"


def _consent(programme: Programme) -> Iterator[str]:
    under = programme.guardian_consent_under
    for text in (*_listed(programme, "consent"), str(programme.facts.get("quote_consent", ""))):
        written = _numbers(text)
        if under is not None and written and under not in written:
            yield f"facts.consent says {_said(written)}, and interpretation 'guardian_consent_under' {under}"


def _length(programme: Programme) -> Iterator[str]:
    stated = {programme.sessions_min, programme.sessions_max, programme.duration_weeks}
    for field, text in _both("length", programme.length):
        for number in sorted(_numbers(text) - stated):
            yield f"{field} says {number}, which is no number of sessions or weeks among the facts"


def _listed(programme: Programme, field: str) -> list[str]:
    found = programme.facts.get(field, [])
    return found if isinstance(found, list) else []


def _both(field: str, text: Text | None) -> tuple[tuple[str, str], ...]:
    return () if text is None else ((f"{field}.sv", text.sv), (f"{field}.en", text.en))


def _numbers(text: str) -> set[int]:
    return {int(number) for number in _NUMBER.findall(text)}


def _said(numbers: set[int]) -> str:
    return " and ".join(str(number) for number in sorted(numbers)) or "nothing"
