"""By what the starts of the cockpit can be narrowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.oversight.rules import (
    Filter,
    Start,
    half_of,
)


@dataclass(frozen=True)
class Choice:
    """One entry of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Filters:
    """By what the starts can be narrowed: the name of the field, what it is called, what there is to choose. `compact`: all
    in one table; `view`: which look was chosen, if one was. `address`: what the next page of the table keeps; `as_cards` and
    `as_list`: the same with another look. `all`: without what it is narrowed to."""

    fields: tuple[tuple[str, str, tuple[Choice, ...]], ...]
    narrowed: bool
    compact: bool
    view: str
    shown: str
    address: str
    as_cards: str
    as_list: str
    all: str


def filters(starts: Sequence[Start], shown: int, chosen: Filter, view: str, compact: bool) -> Filters:
    """What there is to choose among, of all the starts that one may see."""
    names = {start.section: f"{start.section} {start.programme}".strip() for start in starts}
    sections = sorted(names, key=lambda section: [int(part) for part in section.split(".")])
    leaders = sorted({leader for start in starts for leader in start.leaders}, key=lambda leader: leader[1])
    halves = sorted({half for start in starts if (half := half_of(start.first_start))})
    fields = (
        ("insats", _("Insats"), _choices([(section, names[section]) for section in sections], chosen.section)),
        ("ledare", _("Ledare"), _choices([(str(n), name) for n, name in leaders], str(chosen.leader or ""))),
        ("plats", _("Plats"), _choices([(v, v) for v in sorted({start.venue for start in starts})], chosen.venue)),
        ("halvar", _("Halvår"), _choices([(half, _half(half)) for half in halves], chosen.half)),
    )
    kept = {"insats": chosen.section, "ledare": str(chosen.leader or ""), "plats": chosen.venue, "halvar": chosen.half}
    query = {name: value for name, value in kept.items() if value}
    looks = {"vy": view} if view else {}
    return Filters(
        fields,
        bool(chosen),
        compact,
        view,
        ngettext("%(n)s av %(all)s starter", "%(n)s av %(all)s starter", shown, all=len(starts)),
        urlencode({**query, **looks}),
        urlencode({**query, "vy": "kort"}),
        urlencode({**query, "vy": "lista"}),
        urlencode(looks),
    )


def _choices(found: Sequence[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, text, value == chosen) for value, text in found)


def _half(half: str) -> str:
    year, number = half.split("-")
    return _("våren %(year)s", year=year) if number == "1" else _("hösten %(year)s", year=year)
