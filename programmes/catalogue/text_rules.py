"""Whether the texts of an edition's file can be read: an empty one says nothing, and a character that is not seen may turn
the others round, and a brace that nothing fills in would be read as it stands. Pure."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date

from programmes.catalogue.filling_rules import unfilled

# Hidden: marks of direction, joiners, soft hyphens, controls; and what is no character, or one of somebody's own.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What must stand: the two languages of a text, and what the guideline says for all sections.
_NEEDED = frozenset(
    {
        "sv", "en", "name_sv", "short_name", "target_group", "diary_number", "decided_by_sv", "adopted", "municipality_sv",
        "doc_main_rule",
    }
)  # fmt: skip


def unreadable(file: Mapping[str, object]) -> list[str]:
    """Every text of the file (as plain dicts and lists) that is empty where it must not be, has hidden characters, or has
    braces that nothing fills in, by section and field."""
    return [
        f"{place}: {why}"
        for place, path, text in _texts(file, "", ())
        for why in (*_empty(path[-1], text), *_hidden(text), *unfilled(path, text))
    ]


def not_the_last_revision(revised_on: date, revised: list[str], adopted: str) -> str:
    """Why the day of the last revision is not the newest of those listed, or the adoption's where none is; else ''."""
    days = sorted(filter(None, map(_day, revised or [adopted.rpartition(", ")[2]])))
    if days and days[-1] == revised_on:
        return ""
    return f"revised_on is {revised_on}, and the last among the facts {days[-1] if days else 'is no day'}"


def _day(revision: str) -> date | None:
    """`2026-03-19 § 32`."""
    try:
        return date.fromisoformat(revision[:10])
    except ValueError:
        return None


def _texts(value: object, place: str, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each text with where it stands in words, and by its keys, without which of several it is."""
    if isinstance(value, str):
        yield place, path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            # A key is shown too (that of a shared text, in what is refused).
            yield f"{place or 'edition file'} (a key)", ("a key",), str(key)
            yield from _texts(inner, f"{place}.{key}" if place else str(key), (*path, str(key)))
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from _texts(inner, _section(inner) if place == "programme" else f"{place}[{n}]", path)


def _section(row: object) -> str:
    facts = row.get("facts") if isinstance(row, Mapping) else None
    return str(facts.get("section", "?")) if isinstance(facts, Mapping) else "?"


def _empty(field: str, text: str) -> Iterator[str]:
    if field in _NEEDED and not text.strip():
        yield "is empty"


def _hidden(text: str) -> Iterator[str]:
    for character in dict.fromkeys(text):
        if unicodedata.category(character) in _HIDDEN:
            yield f"has the hidden character U+{ord(character):04X}"
