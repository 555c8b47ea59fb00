"""View models for staff: how unclear points of the guideline are read, and which the office can change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from programmes.catalogue.rules import Interpretation, Lang, Programme, Value
from programmes.catalogue.wording import Words
from programmes.core.i18n import gettext as _

_LONGEST_REFERENCE = 200


@dataclass(frozen=True)
class Reading:
    """One unclear point. `value` is said only where it can be another; `missing` is a board decision not yet given."""

    key: str
    label: str
    reason: str
    value: str
    changed: bool
    missing: bool
    href: str


@dataclass(frozen=True)
class Group:
    section: str
    name: str
    readings: Sequence[Reading]


@dataclass(frozen=True)
class ReadingsPage:
    """`undecided` are the programmes whose exemption rests on no known decision; `everything` shows fixed readings too."""

    groups: Sequence[Group]
    undecided: Sequence[Group]
    everything: bool


@dataclass(frozen=True)
class ChoicePage:
    """A point that can be read otherwise: a list of values and words, or one line of text."""

    group: Group
    reading: Reading
    options: Sequence[tuple[str, str]]
    current: str
    default: str
    error: str = ""


def readings_page(
    programmes: Sequence[Programme], everything: bool, changeable_sections: set[str], lang: Lang, municipality: str
) -> ReadingsPage:
    """All readings by programme. Links to change one stand only where the reader coordinates."""
    groups = [_group(Words(p, lang, municipality), everything, p.section in changeable_sections) for p in programmes]
    undecided = [Group(g.section, g.name, [r for r in g.readings if r.missing]) for g in groups]
    return ReadingsPage([g for g in groups if g.readings], [g for g in undecided if g.readings], everything)


def _group(words: Words, everything: bool, may_change: bool) -> Group:
    programme = words.programme
    shown = [i for i in programme.interpretations if everything or i.changeable]
    return Group(programme.section, programme.name, [_reading(words, i, may_change) for i in shown])


def _reading(words: Words, reading: Interpretation, may_change: bool) -> Reading:
    return Reading(
        key=reading.key,
        label=words.say(reading.label),
        reason=words.say(reading.reason),
        value=value_words(reading.value) if reading.changeable else "",
        changed=reading.changed,
        missing=reading.value == "",
        href=f"/personal/tolkningar/{reading.section}/{reading.key}" if may_change and reading.changeable else "",
    )


def choice_page(programme: Programme, key: str, lang: Lang, municipality: str) -> ChoicePage | None:
    """The page that changes one reading, or None where there is nothing to choose."""
    reading = next((i for i in programme.interpretations if i.key == key and i.changeable), None)
    if reading is None:
        return None
    words = Words(programme, lang, municipality)
    return ChoicePage(
        group=Group(programme.section, programme.name, []),
        reading=_reading(words, reading, True),
        options=[(json.dumps(option), value_words(option)) for option in reading.options],
        current=json.dumps(reading.value) if reading.options else str(reading.value),
        default=value_words(reading.default),
    )


def chosen_value(page: ChoicePage, typed: str) -> Value | None:
    """What was chosen, or None when it is none of the options or too long a reference."""
    if page.options:
        return json.loads(typed) if typed in {value for value, _words in page.options} else None
    text = " ".join(typed.split())
    return text if len(text) <= _LONGEST_REFERENCE and text.isprintable() else None


def value_words(value: Value) -> str:
    """A value as the office reads it."""
    known = {
        True: _("Ja"),
        False: _("Nej"),
        "": _("Saknas"),
        "required": _("Krävs"),
        "offered": _("Erbjuds"),
        "default_on": _("Påslagen"),
        "off": _("Av"),
    }
    if isinstance(value, int) and not isinstance(value, bool):
        return _("%(n)s år", n=value)
    return known.get(value, str(value))
