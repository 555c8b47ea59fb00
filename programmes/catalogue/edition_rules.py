"""What another edition of a section asks that this one didn't, or puts otherwise. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from programmes.catalogue.edition_fact_rules import FACTS, OF_ALL, ONE_BY_ONE, TOUCHES_ALL, Fact
from programmes.catalogue.rules import Programme

# A guideline is decided some months before its day; further off than this a figure of the year is wrong.
MOST_YEARS_AHEAD = 10


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


def not_its_day(valid_from: date, today: date, present: date | None) -> str:
    """Why the first day of an edition is a slip of the pen, else ''. `present`: that of the edition in force."""
    if present is not None and valid_from < present:
        return f"edition.valid_from: {valid_from} is before the edition that is in force, which is from {present}"
    if valid_from > today + timedelta(days=MOST_YEARS_AHEAD * 365.25):
        return f"edition.valid_from: {valid_from} is more than {MOST_YEARS_AHEAD} years ahead"
    return ""


@dataclass(frozen=True)
class Difference:
    """A fact of a section that another edition has otherwise. Values are as `edition_fact_rules` reads them, of what stands
    one by one only what the other has not; None: there is none, or no such section. No `section`: it is said for all."""

    section: str
    fact: Fact
    before: object
    after: object


def differences(before: Iterable[Programme], after: Iterable[Programme]) -> tuple[Difference, ...]:
    """Fact by fact, in the order of `after`; sections that are gone come last, with their name only, as new ones do."""
    old, new = {p.section: p for p in before}, {p.section: p for p in after}
    found = []
    for section in [*new, *(s for s in old if s not in new)]:
        was, becomes = old.get(section), new.get(section)
        facts: Iterable[Fact] = FACTS if was and becomes else ("name",)
        for fact in facts:
            values = _values(fact, was, becomes)
            if values[0] != values[1]:
                found.append(Difference(section, fact, *values))
    return tuple(found)


def of_all_sections(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> tuple[Difference, ...]:
    """The same of what the guideline says for all sections. None: an older release stored the edition without it; that then
    nothing could be compared is for who asks to say."""
    if before is None or after is None:
        return ()
    pairs = [(fact, *_apart(fact, _listed(before[key]), _listed(after[key]))) for fact, key in OF_ALL.items()]
    return tuple(Difference("", fact, was, becomes) for fact, was, becomes in pairs if was != becomes)


def sections_touched(changes: Iterable[Difference], every: Iterable[str]) -> list[str]:
    """The sections for which something is otherwise, out of `every` one that there is."""
    found = {one.section for one in changes if one.section}
    return sorted({*found, *every} if any(one.fact in TOUCHES_ALL and not one.section for one in changes) else found)


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _values(fact: Fact, was: Programme | None, becomes: Programme | None) -> tuple[object, object]:
    return _apart(fact, *(FACTS[fact](p) if p else None for p in (was, becomes)))


def _apart(fact: Fact, before: object, after: object) -> tuple[object, object]:
    if fact in ONE_BY_ONE and isinstance(before, tuple) and isinstance(after, tuple):
        return tuple(one for one in before if one not in after), tuple(one for one in after if one not in before)
    return before, after
