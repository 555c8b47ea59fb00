"""View models of the statistics, and the same as rows of files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from programmes.core.i18n import gettext as _
from programmes.core.i18n import listed as in_words
from programmes.core.i18n import ngettext, thousands
from programmes.oversight.statistics.rules import FIGURES, Figure, Period, Section, halves_of, year_of
from programmes.oversight.statistics.suppression_rules import Given
from programmes.oversight.statistics.wording_rules import (
    definition,
    filed,
    filed_label,
    half_words,
    label,
    period_words,
    said,
)

ADDRESS = "/personal/statistik"
# Shown though there is none.
_ALWAYS: frozenset[Figure] = frozenset({"starts", "people", "visits", "talks", "occasions"})
_OF_PLACES: tuple[Figure, ...] = ("occasions", "visits", "visits_women", "visits_men", "visits_other")


@dataclass(frozen=True)
class Row:
    """A figure of a section in both periods. `more`: how many more or fewer, in words; empty where it can't be said."""

    figure: Figure
    label: str
    now: str
    before: str
    more: str


@dataclass(frozen=True)
class Place:
    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class SectionView:
    """A section with its table, what is to be said of it, and its meeting places, if each is shown by itself. `none`: the
    figures of which there is nothing in either period."""

    section: str
    name: str
    rows: tuple[Row, ...]
    none: tuple[Row, ...]
    notes: tuple[str, ...]
    place_heads: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class StatisticsPage:
    """The page. `links`: periods to choose, the one that is shown marked. `nothing`: the programmes without any figure,
    `quiet` their names. `compared`: that there is anything to stand beside the period."""

    period: str
    before: str
    compared: bool
    links: tuple[tuple[str, str, bool], ...]
    sections: tuple[SectionView, ...]
    nothing: str
    quiet: tuple[str, ...]
    definitions: tuple[tuple[str, str], ...]
    programmes: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    inside: str
    outside: tuple[tuple[int, str], ...]
    form: Any


def address(period: Period, section: str = "", to: str = ADDRESS) -> str:
    """Where the figures of a period are."""
    query = {"fran": period.first.isoformat(), "till": period.last.isoformat()} | ({"insats": section} if section else {})
    return f"{to}?{urlencode(query)}"


def links(today: date, shown: Period, section: str) -> tuple[tuple[str, str, bool], ...]:
    """The periods that are asked for most: this year and the last, and the half-years that have begun, newest first."""
    halves = [h for year in (today.year, today.year - 1) for h in reversed(halves_of(year)) if h.first <= today]
    named = [(_("I år"), year_of(today.year)), (_("Förra året"), year_of(today.year - 1))]
    named += [(period_words(half), half) for half in halves[:3]]
    return tuple((name, address(period, section), period == shown) for name, period in named)


def section_view(section: Section, name: str, left_open: int, period: Period) -> SectionView:
    """One section in words."""
    places = section.places if any(not v.empty for pair in section.places.values() for v in pair) else {}
    heads = [figure for figure in _OF_PLACES if figure in section.figures]
    # Where nobody is asked, it is said once.
    figures = [f for f in section.figures if section.exempt or f not in {"women", "men"}]
    shown = [f for f in figures if f in _ALWAYS or section.value(f, 0) or section.value(f, 1)]
    return SectionView(
        section=section.section,
        name=name,
        rows=tuple(_row(section, figure) for figure in shown),
        none=tuple(_row(section, figure) for figure in figures if figure not in shown),
        notes=tuple(_notes(section, left_open, period)),
        place_heads=tuple(label(figure, section.form) for figure in heads),
        places=tuple(Place(place, tuple(said(section, f, 0, place) for f in heads)) for place in places),
    )


def _row(section: Section, figure: Figure) -> Row:
    now, before = section.value(figure, 0), section.value(figure, 1)
    more = _more(now - before) if now is not None and before is not None else ""
    return Row(figure, label(figure, section.form), said(section, figure, 0), said(section, figure, 1), more)


def _more(difference: int) -> str:
    if difference == 0:
        return _("lika")
    return f"+{thousands(difference)}" if difference > 0 else f"−{thousands(-difference)}"


def _notes(section: Section, left_open: int, period: Period) -> Iterable[str]:
    if section.half_years is not None:
        yield _half_year_note(section.half_years[0], period)
    if left_open and section.form == "group":
        yield ngettext(
            "%(n)s grupp som har haft sin sista träff i perioden är inte avslutad. Den räknas när den avslutas.",
            "%(n)s grupper som har haft sin sista träff i perioden är inte avslutade. De räknas när de avslutas.",
            left_open,
        )
    elif left_open:
        yield ngettext(
            "%(n)s serie som har haft sitt sista samtal i perioden är inte avslutad. Den räknas när den avslutas.",
            "%(n)s serier som har haft sitt sista samtal i perioden är inte avslutade. De räknas när de avslutas.",
            left_open,
        )


def _half_year_note(halves: Sequence[str], period: Period) -> str:
    if not halves:
        return _(
            "Här sparas siffrorna bara per halvår, och inget helt halvår ligger i perioden. Välj ett halvår eller ett år "
            "för att se dem."
        )
    if period.is_whole_half_years:
        return _("Här sparas siffrorna bara per halvår. Varje serie räknas i det halvår då sista samtalet var.")
    return _(
        "Här sparas siffrorna bara per halvår. De gäller %(halves)s, inte hela perioden.",
        halves=in_words([half_words(half) for half in halves]),
    )


def statistics_page(
    sections: Sequence[Section],
    names: Mapping[str, str],
    left_open: Mapping[str, int],
    period: Period,
    chosen: str,
    today: date,
    form: Any,
) -> StatisticsPage:
    """The whole page. `names`: every programme that may be chosen, by section, in order."""
    shown = [s for s in sections if chosen or not s.empty or left_open.get(s.section)]
    views = tuple(section_view(s, names.get(s.section, ""), left_open.get(s.section, 0), period) for s in shown)
    used = {row.figure for view in views for row in (*view.rows, *view.none)}
    group_words = "individual" if {s.form for s in shown} == {"individual"} else "group"
    quiet = [f"{s.section} {names.get(s.section, '')}" for s in sections if s not in shown]
    return StatisticsPage(
        period=period_words(period),
        before=period_words(period.year_before),
        compared=all(s.known[1] for s in sections),
        links=links(today, period, chosen),
        sections=views,
        nothing=_("Inget att räkna i perioden eller året före: %(names)s.", names=in_words(quiet)) if quiet else "",
        quiet=tuple(quiet),
        definitions=tuple((label(f, group_words), definition(f)) for f in FIGURES if f in used),
        programmes=(("", _("Alla insatser")), *((s, f"{s} {name}") for s, name in names.items())),
        values={
            "fran": form.raw("fran") or period.first.isoformat(),
            "till": form.raw("till") or period.last.isoformat(),
            "insats": chosen,
        },
        inside=address(period, chosen, f"{ADDRESS}.csv"),
        outside=outside_years(today),
        form=form,
    )


def outside_years(today: date) -> tuple[tuple[int, str], ...]:
    """The years whose figures may be given out, the last first, and the page of each."""
    return tuple((year, f"{ADDRESS}/utlamning?ar={year}") for year in range(today.year - 1, today.year - 4, -1))


@dataclass(frozen=True)
class OutsidePage:
    """What may be given out of a year: by section and figure, or figure and place, this year and the one before. `draft`:
    the year's report has not been established, so that figures may still change. `unknown`: why there can be none."""

    year: int
    years: tuple[tuple[int, str], ...]
    sections: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
    file: str
    draft: bool
    form: Any
    unknown: str = ""


def outside_page(
    found: Sequence[Given], names: Mapping[str, str], year: int, today: date, form: Any, known: bool = True
) -> OutsidePage:
    """The same as the file, to look through before it leaves. Each section looks the same, whatever is hidden of it."""
    shown = []
    for given in found:
        values: dict[str, list[str]] = {}
        for _mark, _number, _name, place, figure, at, value in outside_rows([given], names, year):
            pair = values.setdefault(f"{place}, {figure}" if place else figure, ["–", "–"])
            pair[0 if at == str(year) else 1] = thousands(int(value)) if value.isdecimal() else value
        name = f"{given.section} {names.get(given.section, '')}"
        shown.append((name, tuple((figure, now, before) for figure, (now, before) in values.items())))
    draft = not any(given.settled[0] for given in found)
    file = f"{ADDRESS}/utlamning.csv?ar={year}"
    return OutsidePage(year, outside_years(today), tuple(shown), file, draft, form, "" if known else unknown_words(year))


def unknown_words(year: int) -> str:
    """Why there is nothing to give out of a year."""
    return _(
        "Från %(year)s finns inga uppgifter: det var före tjänsten, eller före den första utgåvan av riktlinjen.", year=year
    )


def heads() -> tuple[str, ...]:
    """The first line of both files."""
    return (_("Märkning"), _("Avsnitt"), _("Insats"), _("Mötesplats"), _("Mått"), _("Period"), _("Värde"))


def inside_rows(sections: Sequence[Section], names: Mapping[str, str], period: Period) -> Iterable[tuple[str, ...]]:
    """Every figure as it is, for the house only."""
    mark = _("Internt, sekretess")
    periods = (period_words(period), period_words(period.year_before))
    for section in sections:
        for figure in section.figures:
            for window in (0, 1):
                head = (mark, section.section, names.get(section.section, ""))
                name = filed_label(figure, section.form)
                yield (*head, "", name, periods[window], filed(section, figure, window))
                for place in section.places if figure in _OF_PLACES else ():
                    yield (*head, place, name, periods[window], filed(section, figure, window, place))


def outside_rows(
    found: Sequence[Given], names: Mapping[str, str], year: int
) -> Iterable[tuple[str, str, str, str, str, str, str]]:
    """Every figure of a year and the one before that may leave the house; small numbers, and what tells them, are hidden."""
    for given in found:
        for window, known in enumerate(given.windows):
            if known is None:
                continue
            mark = _("Små tal är dolda") if given.settled[window] else _("Små tal är dolda, inte fastställt")
            head = (mark, given.section, names.get(given.section, ""))
            for place, figures in (("", known.figures), *known.places.items()):
                for figure, n in figures.items():
                    value = _("dolt") if n is None else str(n)
                    yield (*head, place, filed_label(figure, given.form), str(year - window), value)
