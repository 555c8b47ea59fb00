"""Everything that an edition settles, for all sections or for one, as two editions are compared. Pure.

A field of a programme, or a fact of its file, that is neither read here nor told to be wording fails the test that changes
each of them (`tests/oversight/test_edition_facts.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from programmes.catalogue.rules import Interpretation, Programme, Text, Value, Wording

Fact = Literal[
    "name", "name_variants", "address", "target_group", "audience", "form", "form_detail", "frequency", "way_in", "records",
    "records_basis", "age", "age_bands", "residency", "proof", "own_wish", "no_more_need", "conditions", "other_conditions",
    "exclusions", "consent", "instead", "participants", "parties", "sessions", "weeks", "starts", "study_visit",
    "accept_conditions", "accept_rules", "figures", "evaluation_duty", "evaluation", "evaluation_about", "readings",
    "urgent", "child_impact", "reporting_duty", "ambiguities", "quotes", "age_said", "guardian_said",
    "diary_number", "decided_by", "adopted", "revisions", "municipality", "main_rule", "exemptions",
]  # fmt: skip
# What stands one by one: of these only what the other edition has not is told. Their order is no fact.
ONE_BY_ONE: frozenset[Fact] = frozenset(
    {
        "audience", "conditions", "other_conditions", "exclusions", "consent", "instead", "readings", "ambiguities",
        "quotes", "revisions", "exemptions",
    }
)  # fmt: skip
# The file has these in English only, as notes on the guideline.
IN_ENGLISH: frozenset[Fact] = frozenset(
    {
        "target_group", "form_detail", "frequency", "records_basis", "other_conditions", "exclusions", "consent",
        "child_impact", "reporting_duty", "ambiguities", "main_rule", "exemptions",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """Something of the file by its key, and how it is put."""

    key: str
    text: Text


@dataclass(frozen=True)
class Limits:
    """The age as the section states it: of whom, from and to, and how sure the ends are."""

    subject: str
    quote: str
    least: int | None
    most: int | None
    least_included: str | None
    most_included: str | None


@dataclass(frozen=True)
class Asked:
    """What a person declares. `public` only where nobody is asked, so that nothing else says it."""

    key: str
    kind: str
    asked: bool
    asked_if: str | None
    within_years: int | None
    statement: Text | None
    statement_on: Text | None
    public: Text | None
    label: Text = field(compare=False)


@dataclass(frozen=True)
class Read:
    """How an unclear point is read by the edition itself, and what the office may choose instead; how that is put is no
    fact."""

    key: str
    default: Value
    options: tuple[Value, ...]
    point: Interpretation = field(compare=False)


@dataclass(frozen=True)
class Instead:
    """Which sections are shown to somebody who does not meet a condition."""

    condition: str
    sections: tuple[str, ...]
    label: Text | None = field(compare=False)


def _span(least: int | None, most: int | None) -> tuple[int | None, int | None] | None:
    return None if least is None and most is None else (least, most)


def _stated(key: str) -> Callable[[Programme], object]:
    """A fact of the file that stands nowhere else; what stands one by one as a tuple."""

    def read(programme: Programme) -> object:
        found = programme.facts.get(key)
        return tuple(found) if isinstance(found, list) else found

    return read


def _age(programme: Programme) -> Limits | None:
    stated = programme.age_facts
    if stated is None:
        return None
    # 0 is no limit, and of no limit it is no question whether it is included (`Programme.age`).
    least, most = stated.minimum or None, stated.maximum
    return Limits(
        stated.subject,
        stated.quote,
        least,
        most,
        (stated.minimum_inclusive or "yes") if least is not None else None,
        (stated.maximum_inclusive or "yes") if most is not None else None,
    )


def _said(programme: Programme, wording: Wording | None) -> Text | None:
    """What people say of it, with the numbers that the edition itself gives: not those that the office chose."""
    if wording is None:
        return None
    numbers = programme.reread({i.key: i.default for i in programme.interpretations}).numbers
    return Text(wording.statement.say("sv", numbers), wording.statement.say("en", numbers))


def _asked(programme: Programme) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            d.key,
            d.kind,
            d.asked,
            d.asked_if,
            d.within_years,
            d.statement,
            d.statement_on,
            None if d.asked else d.public,
            d.label,
        )
        for d in programme.declarations
    )


def _read(programme: Programme, evaluation: bool) -> tuple[Read, ...]:
    return tuple(
        Read(i.key, i.default, i.options, i) for i in programme.interpretations if (i.key == "evaluation") is evaluation
    )


def _instead(programme: Programme) -> tuple[Instead, ...]:
    labels: dict[str, Text] = {d.key: d.label for d in programme.declarations} | {"residency": programme.residency.label}
    for key, wording in (("age", programme.age_wording), ("guardian_consent", programme.guardian)):
        if wording is not None:
            labels[key] = wording.label
    return tuple(Instead(key, sections, labels.get(key)) for key, sections in programme.instead.items())


# How to read each. How things are put is no fact, except where somebody who has answered is asked anew.
FACTS: Mapping[Fact, Callable[[Programme], object]] = {
    "name": lambda p: p.name,
    "name_variants": _stated("name_variants"),
    "address": lambda p: p.slug,
    "target_group": _stated("target_group"),
    "audience": lambda p: tuple(Named(a.key, a.label) for a in p.audience),
    "form": lambda p: (p.form, p.facts.get("form")),
    "form_detail": _stated("form_detail"),
    "frequency": _stated("frequency"),
    "way_in": lambda p: p.way_in,
    "records": lambda p: p.doc_level,
    "records_basis": _stated("doc_basis"),
    "age": _age,
    "age_said": lambda p: _said(p, p.age_wording),
    "guardian_said": lambda p: _said(p, p.guardian),
    "age_bands": lambda p: tuple((b.min, b.max) for b in p.age_bands),
    "residency": lambda p: Named(p.residency_kind, p.residency.statement),
    "proof": lambda p: Named(p.proof_kind, p.proof),
    "own_wish": _stated("condition_own_wish"),
    "no_more_need": _stated("condition_no_more_extensive_need"),
    "conditions": _asked,
    "other_conditions": _stated("other_conditions"),
    "exclusions": _stated("exclusions"),
    "consent": _stated("consent"),
    "instead": _instead,
    "participants": lambda p: _span(p.participants_min, p.participants_max),
    "parties": lambda p: p.parties,
    "sessions": lambda p: _span(p.sessions_min, p.sessions_max),
    "weeks": lambda p: p.duration_weeks,
    "starts": lambda p: p.starts_per_year_min,
    "study_visit": lambda p: p.study_visit,
    "accept_conditions": lambda p: p.accept_conditions,
    "accept_rules": lambda p: p.rules_commitment,
    "figures": lambda p: tuple(sorted(p.figures)),
    "evaluation_duty": _stated("evaluation"),
    "evaluation": lambda p: _read(p, True),
    "evaluation_about": lambda p: p.evaluation_dimensions,
    "readings": lambda p: _read(p, False),
    "urgent": lambda p: tuple(Named(u.number, u.name) for u in p.urgent),
    "child_impact": _stated("child_impact"),
    "reporting_duty": _stated("reporting_duty"),
    "ambiguities": _stated("ambiguities"),
    "quotes": lambda p: tuple(p.facts[q] for q in ("quote_residency", "quote_consent", "quote_evaluation") if q in p.facts),
}

# What the guideline says for all sections, and where the file has it. Its first day is what the comparison is headed with.
OF_ALL: Mapping[Fact, str] = {
    "diary_number": "diary_number",
    "decided_by": "decided_by_sv",
    "adopted": "adopted",
    "revisions": "revised",
    "municipality": "municipality_sv",
    "main_rule": "doc_main_rule",
    "exemptions": "doc_exemptions",
}
# Those that settle something for every section; the others say who decided it and when.
TOUCHES_ALL: frozenset[Fact] = frozenset({"municipality", "main_rule", "exemptions"})
