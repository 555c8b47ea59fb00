"""What another edition of a section asks that this one didn't, or puts otherwise. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from programmes.catalogue.rules import Programme

Fact = Literal[
    "name", "form", "way_in", "records", "age", "residency", "proof", "conditions", "participants", "sessions", "weeks",
    "starts", "study_visit", "accept_conditions", "accept_rules", "figures", "evaluation",
]  # fmt: skip


def asked_anew(before: Programme, after: Programme) -> tuple[str, ...]:
    """Conditions of `after` that somebody who met those of `before` has not answered, in the order of the form.

    An age by birth date is left out, as it is checked again by itself; so are questions that hang on another. A reading
    that has been changed since is no new condition: earlier decisions stand.
    """
    found = []
    if after.age is not None and after.age_asked != "birth_date" and after.age_facts != before.age_facts:
        found.append("age")
    if after.residency_kind != before.residency_kind or after.residency.statement != before.residency.statement:
        found.append("residency")
    known = {d.key: d.statement for d in before.declarations if d.asked}
    for declared in after.declarations:
        asked = declared.asked and declared.kind == "requirement" and declared.asked_if is None
        if asked and known.get(declared.key) != declared.statement:
            found.append(declared.key)
    return tuple(found)


@dataclass(frozen=True)
class Difference:
    """A fact of a section that another edition has otherwise. Values are as the editions have them; None: there is none,
    or no such section."""

    section: str
    fact: Fact
    before: object
    after: object


# What a section settles that the software obeys, and how to read it. How things are put is no fact.
_FACTS: Mapping[Fact, Callable[[Programme], object]] = {
    "name": lambda p: p.name,
    "form": lambda p: p.form,
    "way_in": lambda p: p.way_in,
    "records": lambda p: p.doc_level,
    "age": lambda p: p.age_facts.quote if p.age_facts else None,
    "residency": lambda p: p.residency.statement,
    "proof": lambda p: p.proof,
    "conditions": lambda p: tuple(d.statement for d in p.declarations),
    "participants": lambda p: _span(p.participants_min, p.participants_max),
    "sessions": lambda p: _span(p.sessions_min, p.sessions_max),
    "weeks": lambda p: p.duration_weeks,
    "starts": lambda p: p.starts_per_year_min,
    "study_visit": lambda p: p.study_visit,
    "accept_conditions": lambda p: p.accept_conditions,
    "accept_rules": lambda p: p.rules_commitment,
    "figures": lambda p: tuple(sorted(p.figures)),
    "evaluation": lambda p: next((i.default for i in p.interpretations if i.key == "evaluation"), None),
}


def _span(least: int | None, most: int | None) -> tuple[int | None, int | None] | None:
    return None if least is None and most is None else (least, most)


def differences(before: Iterable[Programme], after: Iterable[Programme]) -> tuple[Difference, ...]:
    """Fact by fact, in the order of `after`; sections that are gone come last, with their name only, as new ones do."""
    old, new = {p.section: p for p in before}, {p.section: p for p in after}
    found = []
    for section in [*new, *(s for s in old if s not in new)]:
        was, becomes = old.get(section), new.get(section)
        facts: Iterable[Fact] = _FACTS if was and becomes else ("name",)
        for fact in facts:
            values = tuple(_FACTS[fact](p) if p else None for p in (was, becomes))
            if values[0] != values[1]:
                found.append(Difference(section, fact, *values))
    return tuple(found)
