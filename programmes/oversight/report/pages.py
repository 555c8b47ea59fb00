"""The year's report in words, from the figures that may leave the house, and the same for paper, sheet and screen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from programmes.core.i18n import day_plain, ngettext, number_word, thousands
from programmes.core.i18n import gettext as _
from programmes.core.i18n import listed as in_words
from programmes.oversight.report.missing_pages import Note
from programmes.oversight.report.rules import Bar, Chart, Defined, Line, Part, Report
from programmes.oversight.statistics.rules import FIGURES, Figure
from programmes.oversight.statistics.suppression_rules import Given, Published
from programmes.oversight.statistics.wording_rules import amount, definition, label, source, unit

ADDRESS = "/personal/rapport"
# What a chart is about, in this order; a programme stands in each for which its section has a figure.
_CHARTS: tuple[Figure, ...] = ("starts", "people", "occasions", "visits")
_OF_PLACES: tuple[Figure, ...] = ("occasions", "visits")


@dataclass(frozen=True)
class Programmed:
    """What is said of a programme: its name, how many starts a year the guideline or the office wants, and by which editions
    its figures are listed. `open`: groups whose last session was in the year and that are not closed."""

    name: str
    wanted_starts: int | None
    open: int = 0
    edition: str = ""


def report(
    found: Sequence[Given],
    programmes: Mapping[str, Programmed],
    year: int,
    municipality: str,
    words: str = "",
    first: bool = False,
    going_on: bool = False,
    narrowed: bool = False,
) -> Report:
    """The whole report of a year, as it would be established now. `first`: the service came into use in the year, so that
    nothing is known of what was before, and it is not said that too little was. `going_on`: the year is not over, so neither
    is it then. `narrowed`: there are other sections, of which whoever reads it may not see drafts."""
    told = [given for given in found if not given.nothing or programmes[given.section].wanted_starts]
    used = {figure for given in told for figure in given.figures}
    charts = tuple(chart for figure in _CHARTS if (chart := _chart(figure, told, programmes, year)))
    quiet = [f"{given.section} {programmes[given.section].name}" for given in found if given not in told]
    return Report(
        year=year,
        municipality=municipality,
        words=words,
        lead=(
            *_narrowed_words(programmes, narrowed),
            *(going_on_words() if going_on else ()),
            *_lead(told, programmes, year, first),
        ),
        charts=charts,
        parts=tuple(_part(given, programmes[given.section], year, first or going_on) for given in told),
        quiet=_("Inget att räkna %(year)s eller året före: %(names)s.", year=year, names=in_words(quiet)) if quiet else "",
        definitions=tuple(Defined(label(f, "group"), definition(f), source(f)) for f in FIGURES if f in used),
        short=tuple(_short(told, programmes)),
    )


def _narrowed_words(programmes: Mapping[str, Programmed], narrowed: bool) -> Iterable[str]:
    """Which sections a draft is of, where it is not the whole."""
    if narrowed and programmes:
        names = in_words([f"{section} {of.name}" for section, of in programmes.items()])
        yield _("Utkastet visar dina insatser: %(names)s. De andra syns när berättelsen är fastställd.", names=names)
    elif narrowed:
        yield _(
            "Utkastet visar bara dina insatser, och för dem finns inga siffror. De andra syns när berättelsen är fastställd."
        )


def edition_words(days: Sequence[date], day: date, stands: bool) -> str:
    """By which editions the figures of a section are listed: `days` the last of each, `day` that of the report; `stands`:
    the one in force then has the section."""
    if not stands:
        return _("i en utgåva som gällde före %(day)s", day=day_plain(day))
    if len(days) > 1:
        return _("i de utgåvor som gällde %(days)s", days=in_words([day_plain(one) for one in days]))
    return _("i den utgåva som gällde %(day)s", day=day_plain(days[0] if days else day))


def going_on_words() -> tuple[str, ...]:
    """That a year's figures are not all there yet."""
    return (_("Året är inte slut. Här står det som är avslutat och räknat hittills, och det går inte att fastställa än."),)


def _lead(told: Sequence[Given], programmes: Mapping[str, Programmed], year: int, first: bool) -> Iterable[str]:
    if told and all(given.windows[1] is None for given in told):
        yield _(
            "Här står vad kommunens grupper, samtal och öppna mötesplatser kom till %(year)s. Från året före finns inga "
            "uppgifter. Av varje insats står bara det som riktlinjen låter oss räkna.",
            year=year,
        )
    else:
        yield _(
            "Här står vad kommunens grupper, samtal och öppna mötesplatser kom till %(year)s, jämfört med %(before)s. Av "
            "varje insats står bara det som riktlinjen låter oss räkna.",
            year=year,
            before=year - 1,
        )
    if first:
        yield _("Tjänsten började användas under året. Det som var före finns inte med.")
    yield _(
        "Ingen ska gå att räkna fram. Antal människor under fem är därför dolda, noll också, och det som skulle avslöja "
        "dem. En insats där allt är dolt kan ha haft några få, eller ingen."
    )
    open_groups = sum(programmes[given.section].open for given in told if given.form == "group")
    if open_groups:
        yield ngettext(
            "%(n)s grupp som hade sin sista träff under året är inte avslutad. Den räknas det år då den avslutas.",
            "%(n)s grupper som hade sin sista träff under året är inte avslutade. De räknas det år då de avslutas.",
            open_groups,
        )


def _part(given: Given, of: Programmed, year: int, first: bool) -> Part:
    now, before = given.windows
    hidden = [f for f in given.figures if now.figures[f] is None and (before is None or before.figures[f] is None)]
    sentences = list(_sentences(given, of, year, first))
    names = in_words([label(f, given.form).lower() for f in hidden])
    if hidden and before is None:
        sentences.append(_("Dolt: %(names)s.", names=names))
    elif hidden:
        sentences.append(_("Dolt båda åren: %(names)s.", names=names))
    return Part(
        section=given.section,
        name=of.name,
        sentences=tuple(sentences),
        lines=tuple(
            _line(label(f, given.form), f, "", now.figures, before.figures if before else None)
            for f in given.figures
            if f not in hidden
        ),
        places=tuple(_places(now, before)),
        source=_("Riktlinjen, avsnitt %(section)s (%(edition)s).", section=given.section, edition=of.edition),
    )


def _line(
    name: str,
    figure: Figure,
    place: str,
    now: Mapping[Figure, int | None] | None,
    before: Mapping[Figure, int | None] | None,
) -> Line:
    n, n_before = (pair.get(figure) if pair else None for pair in (now, before))
    return Line(name, _shown(figure, now), _shown(figure, before), figure, place, n, n_before)


def _places(now: Published, before: Published | None) -> Iterable[Line]:
    then = before.places if before else {}
    for place in sorted({*now.places, *then}):
        for figure in _OF_PLACES:
            name = f"{place}, {label(figure, 'drop_in').lower()}"
            yield _line(name, figure, place, now.places.get(place), then.get(place))


def _shown(figure: Figure, found: Mapping[Figure, int | None] | None) -> str:
    """A figure in words; a dash where nothing was, or nothing is known."""
    if found is None:
        return "–"
    n = found.get(figure)
    return _("dolt") if n is None else amount(figure, n)


def _sentences(given: Given, of: Programmed, year: int, first: bool) -> Iterable[str]:
    now = given.windows[0].figures
    starts = now.get("starts")
    if given.form == "group" and starts is not None:
        words = ngettext("Det blev %(n)s start under året.", "Det blev %(n)s starter under året.", starts)
        yield words if starts else _("Det blev ingen start under året.")
    if of.wanted_starts and starts is not None and starts < of.wanted_starts and not first:
        yield _(
            "Det ska vara minst %(wanted)s starter om året. %(year)s blev det färre.",
            wanted=number_word(of.wanted_starts),
            year=year,
        )
    if "occasions" in now:
        times = now["occasions"] or 0
        words = ngettext("Det var öppet %(n)s gång.", "Det var öppet %(n)s gånger.", times)
        yield words if times else _("Det var inte öppet någon gång.")
    people = now.get("people")
    if people:
        yield ngettext("%(n)s person deltog.", "%(n)s personer deltog.", people)
    visits = now.get("visits")
    if visits and "people" not in now:
        yield ngettext("Det var %(n)s besök.", "Det var %(n)s besök.", visits)
    if given.by_half_year:
        yield _("Här sparas siffrorna bara per halvår. Varje serie räknas i det halvår då sista samtalet var.")


def _chart(figure: Figure, told: Sequence[Given], programmes: Mapping[str, Programmed], year: int) -> Chart | None:
    """A figure of all programmes that have it and where something was counted; None where there are fewer than two."""
    compared = any(given.windows[1] is not None for given in told)
    bars = tuple(
        Bar(programmes[given.section].name, now.figures[figure], before.figures[figure] if before else None)
        for given in told
        for now, before in [given.windows]
        if figure in now.figures and (figure != "visits" or "people" not in now.figures)
    )
    bars = tuple(bar for bar in bars if bar.now or bar.before)
    if len(bars) < 2:
        return None
    if not compared:
        title = _("%(figure)s %(year)s", figure=label(figure, "group"), year=year)
        said = [f"{bar.name} {_bar(bar.now)}" for bar in bars]
        return Chart(title, f"{title}. {'. '.join(said)}.", bars, compared=False)
    title = _("%(figure)s %(year)s och %(before)s", figure=label(figure, "group"), year=year, before=year - 1)
    said = [_("%(name)s %(now)s, året före %(before)s", name=b.name, now=_bar(b.now), before=_bar(b.before)) for b in bars]
    return Chart(title, f"{title}. {'. '.join(said)}.", bars)


def _bar(n: int | None) -> str:
    return _("dolt") if n is None else thousands(n)


def _short(told: Sequence[Given], programmes: Mapping[str, Programmed]) -> Iterable[str]:
    """A line for each programme of which anything may be said."""
    for given in told:
        now = given.windows[0].figures
        said = [
            words
            for figure in ("starts", "occasions", "people", "visits", "talks")
            if (n := now.get(figure)) and not (figure == "visits" and "people" in now)
            for words in [_counted(figure, n, given.form)]
        ]
        if said:
            yield f"{programmes[given.section].name}: {in_words(said)}."


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
    return _("Fastställd %(day)s", day=established) if established else _("Utkast, inte fastställd: lämna inte ut")


def paper(found: Report, established: str) -> dict[str, Any]:
    """What the sheet is set from."""
    return {
        **asdict(found),
        "title": title(found.year),
        "state": state_words(established),
        "heading": title(found.year) if established else _("Utkast: %(title)s", title=title(found.year)),
        "draft": "" if established else state_words(""),
        "heads": [_("Mått"), str(found.year), str(found.year - 1)],
        "charts_title": _("I bild"),
        "parts_title": _("Insats för insats"),
        "definitions_title": _("Så räknas det"),
        "words_title": _("Året med egna ord"),
        "places_title": _("Mötesplatser"),
        "source_title": _("Källa:"),
        "hidden": _("dolt"),
        "told": [[[_bar(n) for n in (bar.now, bar.before)] for bar in chart.bars] for chart in found.charts],
        "nothing": _("Inget räknades under %(year)s eller året före.", year=found.year),
        "page_of": _("Sida"),
        "most": [max((n for bar in chart.bars for n in (bar.now, bar.before) if n), default=1) for chart in found.charts],
        "short_title": _("Grupper och samtal %(year)s i korthet", year=found.year),
        "short_foot": _("Antal människor under fem visas inte. Vilka som var med får ingen veta."),
    }


Row = tuple[str | float | None, ...]
Sheet = tuple[str, tuple[str, ...], list[Row]]


def sheets(found: Report, established: str) -> list[Sheet]:
    """The same as sheets of a workbook: figures, places, definitions, and what the charts show, where there
    are any: of what somebody coordinates there may be nothing to draw."""
    now, before = str(found.year), str(found.year - 1)
    text = [(line,) for line in (title(found.year), found.municipality, state_words(established), *found.lead)]
    text += [(line,) for line in found.words.splitlines() if line]
    text += [(f"{p.section} {p.name}. {' '.join(p.sentences)}",) for p in found.parts if p.sentences]
    charts: list[Row] = []
    for chart in found.charts:
        charts += [(chart.title, bar.name, bar.now, bar.before) for bar in chart.bars]
    heads = (_("Avsnitt"), _("Insats"), _("Mötesplats"), _("Mått"), now, before, _("Enhet"), _("Källa"))
    made: list[Sheet] = [
        (_("Text"), (title(found.year),), [(line[0],) for line in text[1:]]),
        (_("Siffror"), heads, [_row(part, line) for part in found.parts for line in (*part.lines, *part.places)]),
        *([(_("Diagram"), (_("Diagram"), _("Insats"), now, before), charts)] if charts else []),
        (_("Så räknas det"), (_("Mått"), _("Så räknas det"), _("Källa")),
         [(d.label, d.text, d.source) for d in found.definitions]),
    ]  # fmt: skip
    return made if established else [_marked(sheet) for sheet in made]


def _marked(sheet: Sheet) -> Sheet:
    """A sheet of a draft says so on every line, as a line may be copied out of it."""
    name, heads, rows = sheet
    return name, (*heads, _("Märkning")), [(*row, state_words("")) for row in rows]


def _row(part: Part, line: Line) -> Row:
    """Numbers as numbers, which a spreadsheet counts with; what is hidden as the word."""
    now, before = (said if n is None else n for n, said in ((line.n, line.now), (line.n_before, line.before)))
    name = line.label.removeprefix(f"{line.place}, ") if line.place else line.label
    return part.section, part.name, line.place, name, now, before, unit(line.figure), part.source


@dataclass(frozen=True)
class ReportPage:
    """The page: which report, what is said in it as on paper, of which years there may be one, and where its files are.
    `mark`: what was read, for whoever establishes it; empty where nobody can. `established`: the day, in the reader's words.
    `missing`: what would not be in it. `unknown`: why there is none of the year, and can be none."""

    report: Report
    said: Mapping[str, Any]
    established: str
    by: str
    years: tuple[tuple[int, str], ...]
    files: tuple[tuple[str, str, str], ...]
    mark: str
    form: Any
    missing: tuple[Note, ...] = ()
    unknown: str = ""


def empty(year: int, municipality: str) -> Report:
    """Of a year from which there is nothing to tell."""
    return Report(year, municipality, "", (), (), (), "", (), ())


def unknown_words(year: int) -> str:
    return _(
        "Från %(year)s finns inga uppgifter: det var före tjänsten, eller före den första utgåvan av riktlinjen. Därför "
        "finns inget att fastställa.",
        year=year,
    )


_MOST_SIGNS = 10


def number_in_words() -> str:
    """Why a manager's own words don't go into what everybody may read."""
    return _("Det står något som ser ut som ett personnummer. Berättelsen är en allmän handling: ta bort det.")


def unprintable_words(signs: Sequence[str]) -> str:
    """Which characters the paper has no letters for, so that nobody establishes a report with boxes in it."""
    return ngettext(
        "Det här tecknet går inte att skriva ut på papper: %(signs)s. Ta bort det, eller skriv det med bokstäver.",
        "De här tecknen går inte att skriva ut på papper: %(signs)s. Ta bort dem, eller skriv det med bokstäver.",
        len(signs),
        signs=" ".join(signs[:_MOST_SIGNS]) + (" …" if len(signs) > _MOST_SIGNS else ""),
    )


def files(year: int, established: bool) -> tuple[tuple[str, str, str], ...]:
    """Name, address and what it is of each file. The half page is for everybody, so there is none of a draft."""
    whole = (
        (_("PDF"), f"{ADDRESS}/{year}.pdf", _("Hela berättelsen, för att läsa och skriva ut.")),
        (_("XLSX"), f"{ADDRESS}/{year}.xlsx", _("Samma siffror och diagram i ett kalkylblad.")),
    )
    short = (
        _("En halv sida, PDF"),
        f"{ADDRESS}/{year}-kort.pdf",
        _("Det viktigaste, för alla. Lägg filen på kommunens webbplats, eller sätt upp den."),
    )
    return (*whole, short) if established else whole


__all__ = ["ADDRESS", "Programmed", "ReportPage", "empty", "files", "paper", "report", "sheets", "title", "unknown_words"]
