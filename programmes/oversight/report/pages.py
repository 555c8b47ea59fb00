"""The year's report in words, from the figures that may leave the house, and the same for paper, sheet and screen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from programmes.core.i18n import gettext as _
from programmes.core.i18n import listed as in_words
from programmes.core.i18n import ngettext, number_word
from programmes.oversight.report.rules import Bar, Chart, Defined, Line, Part, Report
from programmes.oversight.statistics.rules import FIGURES, Figure, Section
from programmes.oversight.statistics.suppression_rules import Published, published
from programmes.oversight.statistics.wording_rules import amount, definition, label, source, thousands

ADDRESS = "/personal/rapport"
# What a chart is about, in this order; a programme stands in each for which its section has a figure.
_CHARTS: tuple[Figure, ...] = ("starts", "people", "occasions", "visits")
_NOT_ASKED: frozenset[Figure] = frozenset({"women", "men", "other"})


@dataclass(frozen=True)
class Programmed:
    """What is said of a programme: its name, how many starts a year the guideline or the office wants, and by which words
    of the guideline it is documented. `open`: groups whose last session was in the year and that are not closed."""

    name: str
    wanted_starts: int | None
    open: int = 0


def report(
    sections: Sequence[Section], programmes: Mapping[str, Programmed], year: int, municipality: str, edition: str, words: str
) -> Report:
    """The whole report of a year, as it would be established now. `edition`: the diary number and day of the guideline."""
    told = [section for section in sections if not section.empty or programmes[section.section].wanted_starts]
    found = {section.section: (published(section), published(section, 1)) for section in told}
    used = {figure for pair in found.values() for one in pair for figure in one.figures}
    parts = tuple(_part(section, programmes[section.section], found[section.section], year, edition) for section in told)
    charts = tuple(chart for figure in _CHARTS if (chart := _chart(figure, told, programmes, found, year)))
    quiet = [f"{s.section} {programmes[s.section].name}" for s in sections if s not in told]
    return Report(
        year=year,
        municipality=municipality,
        words=words,
        lead=tuple(_lead(told, programmes, year)),
        charts=charts,
        parts=parts,
        quiet=_("Inget att räkna %(year)s eller året före: %(names)s.", year=year, names=in_words(quiet)) if quiet else "",
        definitions=tuple(Defined(label(f, "group"), definition(f), source(f)) for f in FIGURES if f in used),
        short=tuple(_short(told, programmes, found)),
    )


def _lead(told: Sequence[Section], programmes: Mapping[str, Programmed], year: int) -> Iterable[str]:
    yield _(
        "Här står vad kommunens grupper, samtal och öppna mötesplatser kom till %(year)s, jämfört med %(before)s. Av varje "
        "insats står bara det som riktlinjen låter oss räkna.",
        year=year,
        before=year - 1,
    )
    yield _(
        "Ingen ska gå att räkna fram. Antal människor under fem är därför dolda, noll också, och det som skulle avslöja dem."
    )
    open_groups = sum(programmes[s.section].open for s in told if s.form == "group")
    if open_groups:
        yield ngettext(
            "%(n)s grupp som hade sin sista träff under året är inte avslutad. Den räknas det år då den avslutas.",
            "%(n)s grupper som hade sin sista träff under året är inte avslutade. De räknas det år då de avslutas.",
            open_groups,
        )


def _part(section: Section, of: Programmed, found: tuple[Published, Published], year: int, edition: str) -> Part:
    now, before = found
    asked = [f for f in now.figures if section.exempt or f not in _NOT_ASKED]
    hidden = [f for f in asked if now.figures[f] is None and before.figures.get(f) is None]
    sentences = list(_sentences(section, of, now, year))
    if hidden:
        sentences.append(_("Dolt båda åren: %(names)s.", names=in_words([label(f, section.form).lower() for f in hidden])))
    return Part(
        section=section.section,
        name=of.name,
        sentences=tuple(sentences),
        lines=tuple(
            Line(label(f, section.form), _shown(f, now.figures[f]), _shown(f, before.figures.get(f)))
            for f in asked
            if f not in hidden
        ),
        places=tuple(_places(now, before)),
        source=_("Riktlinjen, avsnitt %(section)s (%(edition)s).", section=section.section, edition=edition),
    )


def _places(now: Published, before: Published) -> Iterable[Line]:
    for place in sorted({*now.places, *before.places}):
        for figure in ("occasions", "visits"):
            here, then = now.places.get(place), before.places.get(place)
            yield Line(
                f"{place}, {label(figure, 'drop_in').lower()}",
                _shown(figure, here[figure]) if here else "–",
                _shown(figure, then[figure]) if then else "–",
            )


def _shown(figure: Figure, n: int | None) -> str:
    return _("dolt") if n is None else amount(figure, n)


def _sentences(section: Section, of: Programmed, now: Published, year: int) -> Iterable[str]:
    starts = now.figures.get("starts")
    if section.form == "group" and starts is not None:
        words = ngettext("Det blev %(n)s start under året.", "Det blev %(n)s starter under året.", starts)
        yield words if starts else _("Det blev ingen start under året.")
    if of.wanted_starts and starts is not None and starts < of.wanted_starts:
        yield _(
            "Det ska vara minst %(wanted)s starter om året. %(year)s blev det färre.",
            wanted=number_word(of.wanted_starts),
            year=year,
        )
    if "occasions" in now.figures:
        yield ngettext("Det var öppet %(n)s gång.", "Det var öppet %(n)s gånger.", now.figures["occasions"] or 0)
    people = now.figures.get("people", 0)
    if people:
        yield ngettext("%(n)s person deltog.", "%(n)s personer deltog.", people)
    visits = now.figures.get("visits", 0)
    if visits and "people" not in now.figures:
        yield ngettext("Det var %(n)s besök.", "Det var %(n)s besök.", visits)
    if section.half_years is not None:
        yield _("Här sparas siffrorna bara per halvår. Varje serie räknas i det halvår då sista samtalet var.")


def _chart(
    figure: Figure,
    told: Sequence[Section],
    programmes: Mapping[str, Programmed],
    found: Mapping[str, tuple[Published, Published]],
    year: int,
) -> Chart | None:
    """A figure of all programmes that have it and where something was counted; None where there are fewer than two."""
    bars = tuple(
        Bar(programmes[s.section].name, now.figures[figure], before.figures.get(figure))
        for s in told
        for now, before in [found[s.section]]
        if figure in now.figures and (figure != "visits" or "people" not in now.figures)
    )
    bars = tuple(bar for bar in bars if bar.now or bar.before)
    if len(bars) < 2:
        return None
    title = _("%(figure)s %(year)s och %(before)s", figure=label(figure, "group"), year=year, before=year - 1)
    said = [_("%(name)s %(now)s, året före %(before)s", name=b.name, now=_bar(b.now), before=_bar(b.before)) for b in bars]
    return Chart(title, f"{title}. {'. '.join(said)}.", bars)


def _bar(n: int | None) -> str:
    return _("dolt") if n is None else thousands(n)


def _short(
    told: Sequence[Section], programmes: Mapping[str, Programmed], found: Mapping[str, tuple[Published, Published]]
) -> Iterable[str]:
    """A line for each programme of which anything may be said."""
    for section in told:
        now = found[section.section][0].figures
        said = [
            words
            for figure in ("starts", "occasions", "people", "visits", "talks")
            if (n := now.get(figure)) and not (figure == "visits" and "people" in now)
            for words in [_counted(figure, n, section.form)]
        ]
        if said:
            yield f"{programmes[section.section].name}: {in_words(said)}."


def _counted(figure: str, n: int, form: str) -> str:
    if figure == "starts" and form == "group":
        return ngettext("%(n)s grupp startade", "%(n)s grupper startade", n)
    if figure == "starts":
        return ngettext("%(n)s serie samtal började", "%(n)s serier samtal började", n)
    if figure == "occasions":
        return ngettext("öppet %(n)s gång", "öppet %(n)s gånger", n)
    if figure == "people":
        return ngettext("%(n)s person deltog", "%(n)s personer deltog", n)
    if figure == "visits":
        return ngettext("%(n)s besök", "%(n)s besök", n)
    return ngettext("%(n)s samtal", "%(n)s samtal", n)


def title(year: int) -> str:
    return _("Verksamhetsberättelse %(year)s", year=year)


def state_words(established: str) -> str:
    """What stands at the foot of each sheet: when it was established, or that it has not been."""
    return _("Fastställd %(day)s", day=established) if established else _("Utkast, inte fastställd")


def paper(found: Report, established: str) -> dict[str, Any]:
    """What the sheet is set from."""
    return {
        **asdict(found),
        "title": title(found.year),
        "state": state_words(established),
        "heads": [_("Mått"), str(found.year), str(found.year - 1)],
        "charts_title": _("I bild"),
        "parts_title": _("Insats för insats"),
        "definitions_title": _("Så räknas det"),
        "words_title": _("Året med egna ord"),
        "places_title": _("Mötesplatser"),
        "source_title": _("Källa:"),
        "hidden": _("dolt"),
        "nothing": _("Inget räknades under %(year)s eller året före.", year=found.year),
        "page_of": _("Sida"),
        "most": [max((n for bar in chart.bars for n in (bar.now, bar.before) if n), default=1) for chart in found.charts],
        "short_title": _("Grupper och samtal %(year)s i korthet", year=found.year),
        "short_foot": _("Antal människor under fem visas inte. Vilka som var med får ingen veta."),
    }


Sheet = tuple[str, tuple[str, ...], list[tuple[str | float | None, ...]]]


def sheets(found: Report, established: str) -> list[Sheet]:
    """The same as sheets of a workbook: figures, places, definitions, and what the charts show."""
    now, before = str(found.year), str(found.year - 1)
    figures: list[tuple[str | float | None, ...]] = [
        (p.section, p.name, "", line.label, line.now, line.before, p.source) for p in found.parts for line in p.lines
    ]
    figures += [(p.section, p.name, _("Mötesplats"), line.label, line.now, line.before, p.source)
                for p in found.parts for line in p.places]  # fmt: skip
    text = [(line,) for line in (title(found.year), found.municipality, state_words(established), *found.lead)]
    text += [(line,) for line in found.words.splitlines() if line]
    text += [(f"{p.section} {p.name}: {' '.join(p.sentences)}",) for p in found.parts if p.sentences]
    charts: list[tuple[str | float | None, ...]] = []
    for chart in found.charts:
        charts += [(chart.title, bar.name, bar.now, bar.before) for bar in chart.bars]
    return [
        (_("Text"), (title(found.year),), [(line[0],) for line in text[1:]]),
        (_("Siffror"), (_("Avsnitt"), _("Insats"), _("Mötesplats"), _("Mått"), now, before, _("Källa")), figures),
        (_("Diagram"), (_("Diagram"), _("Insats"), now, before), charts),
        (_("Så räknas det"), (_("Mått"), _("Så räknas det"), _("Källa")),
         [(d.label, d.text, d.source) for d in found.definitions]),
    ]  # fmt: skip


@dataclass(frozen=True)
class ReportPage:
    """The page: which report, what is said in it as on paper, of which years there may be one, and where its files are.
    `mark`: what was read, for whoever establishes it; empty where nobody can."""

    report: Report
    said: Mapping[str, Any]
    established: str
    by: str
    years: tuple[tuple[int, str], ...]
    files: tuple[tuple[str, str, str], ...]
    mark: str
    form: Any


def files(year: int) -> tuple[tuple[str, str, str], ...]:
    """Name, address and what it is of each file."""
    return (
        (_("PDF"), f"{ADDRESS}/{year}.pdf", _("Hela berättelsen, för att läsa och skriva ut.")),
        (_("XLSX"), f"{ADDRESS}/{year}.xlsx", _("Samma siffror och diagram i ett kalkylblad.")),
        (_("En halv sida, PDF"), f"{ADDRESS}/{year}-kort.pdf", _("Det viktigaste, för webben eller anslagstavlan.")),
    )


__all__ = ["ADDRESS", "Programmed", "ReportPage", "files", "paper", "report", "sheets", "title"]
