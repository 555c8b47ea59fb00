"""What the words in braces of an edition's texts stand for, and which of its texts are filled in: everywhere else people
would read the brace itself. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from programmes.catalogue.rules import Programme, Text

Names = frozenset[str]
NOTHING: Names = frozenset()
TOWN: Names = frozenset({"municipality"})
SECTION: Names = TOWN | {"youngest", "oldest", "under", "guardian_under"}
DAYS: Names = frozenset({"first", "since"})
DIMENSIONS: Names = frozenset({"dimensions"})

# By table of the file and field, with what every page that says the text fills in; a comparison of editions knows of no
# section's numbers. A text that is not here is said as it stands, so that it takes no braces.
FILLED: Mapping[tuple[str, ...], Names] = {
    **dict.fromkeys([("residency", f) for f in ("question", "statement", "public", "unmet")], TOWN),
    **dict.fromkeys([(t, f) for t in ("age", "guardian") for f in ("question", "statement", "public", "unmet")], SECTION),
    **dict.fromkeys([("declaration", f) for f in ("question", "unmet")], SECTION),
    **dict.fromkeys([("declaration", f) for f in ("statement", "public")], TOWN),
    **dict.fromkeys([("declaration", f) for f in ("question_on", "statement_on", "unmet_on")], DAYS),
    ("interpretation", "told"): SECTION,
    **dict.fromkeys([("interpretation", f) for f in ("label", "reason", "reason_alone", "answers")], TOWN),
    **dict.fromkeys([("programme", f) for f in ("lead", "what", "good_to_know", "help")], SECTION),
    ("note",): SECTION,
    **dict.fromkeys([("steps", f) for f in ("title", "text")], SECTION),
    **dict.fromkeys([("records", f) for f in ("kept", "not_kept", "kept_for_now", "retention")], SECTION),
    ("records", "study_visit"): SECTION,
    ("records", "no_head_count"): SECTION,
    ("figure",): SECTION,
    ("urgent", "name"): TOWN,
    ("urgent", "note"): SECTION,
    ("evaluation",): DIMENSIONS,
}
# Tables whose rows are known by a key of their own: `residency.resident.public`, `note.own_pace`.
_KEYED = frozenset(
    {"residency", "age", "declaration", "interpretation", "note", "steps", "figure", "urgent", "evaluation", "proof"}
)
_BRACE = re.compile(r"\{[^{}]*\}|\{[^{}\s]*|\}")
# Placeholders of other kinds, which nothing fills in at all. What quotes the guideline may leave out `[...]`.
_OTHER = re.compile(r"%\(\w*\)\w?|%[sd]\b|\$\w+|\$(?=\{)|<[^<>]*>|\[[^\[\]]*\]|[｛｝]")


def of_section(programme: Programme, municipality: str) -> Mapping[str, object]:
    """The values of `SECTION`; a number that the section does not have is empty (`unnumbered`)."""
    return {"municipality": municipality, **programme.numbers}


def of_days(first: str, since: str) -> Mapping[str, object]:
    """The values of `DAYS`: a first session, and the day from which something counts to it."""
    return {"first": first, "since": since}


def of_dimensions(listed: str) -> Mapping[str, object]:
    """The values of `DIMENSIONS`: what the participants are asked about."""
    return {"dimensions": listed}


def unfilled(path: tuple[str, ...], text: str) -> Iterator[str]:
    """What people would read of braces and other placeholders in a text of the file, by its keys from the table on, the
    language last."""
    filled = _filled(path)
    for found in _BRACE.findall(text):
        if found == "}":
            yield "has '}', which nothing opens"
        elif not found.endswith("}"):
            yield f"has {found!r}, which is not closed"
        elif found[1:-1] not in filled:
            yield f"has {found!r}, which nothing fills in"
    if "facts" not in path:
        yield from (f"has {found!r}, which nothing fills in" for found in _OTHER.findall(text))


def _filled(path: tuple[str, ...]) -> Names:
    if path[-1] not in ("sv", "en"):
        return NOTHING
    table, *fields_ = path[:-1]
    if "declarations" in fields_:  # One of a section's own, which is written as the shared ones are.
        return FILLED.get(("declaration", fields_[-1]), NOTHING)
    if table == "programme" and fields_[0] == "interpretations":
        return FILLED.get(("interpretation", fields_[-1]), NOTHING)
    if table == "programme":
        return FILLED.get((table, fields_[0]), NOTHING)
    if table == "records":
        return FILLED.get((table, fields_[-1]), NOTHING)
    return FILLED.get((table, *fields_[1 if table in _KEYED else 0 :]), NOTHING)


def unnumbered(programme: Programme) -> list[str]:
    """Every text of a section that has a number in braces which the section does not have: it would be a gap."""
    missing = [name for name, value in programme.numbers.items() if value == ""]
    return [
        f"{place} has '{{{name}}}', and the section has no such number"
        for place, text in _said(programme, "")
        for name in missing
        if f"{{{name}}}" in text
    ]


def _said(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Text):
        yield from ((f"{place}.sv", value.sv), (f"{place}.en", value.en))
    elif is_dataclass(value):
        for one in fields(value):
            yield from _said(getattr(value, one.name), f"{place}.{one.name}".removeprefix("."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _said(inner, f"{place}.{key}")
    elif isinstance(value, tuple):
        for n, inner in enumerate(value):
            yield from _said(inner, f"{place}.{_key(inner, n)}")


def _key(value: object, n: int) -> str:
    """What a row is called in the file, where it has a name."""
    return str(getattr(value, "key", n))
