"""The year's report: to read, to establish, and as files. It holds only what may leave the house."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import day_plain, speaking
from programmes.core.i18n import gettext as _
from programmes.core.naming_rules import points_to_somebody
from programmes.core.typesetting import typeset, unprintable
from programmes.oversight.report import pages
from programmes.oversight.report import queries as report_queries
from programmes.oversight.report import services as report_services
from programmes.oversight.report.missing_pages import missing_notes
from programmes.oversight.report.pages import Programmed
from programmes.oversight.report.queries import Established
from programmes.oversight.report.services import LONGEST_WORDS, Report, mark_of
from programmes.oversight.statistics import queries as statistics
from programmes.oversight.statistics.queries import Period, year_of
from programmes.web.forms import Form, read_form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page
from programmes.web.xlsx_files import Bars, xlsx_file

AnyRequest = Request[Any, Any, Any]
_SHEETS = {".pdf": Path(__file__).with_name("report.typ"), "-kort.pdf": Path(__file__).with_name("short.typ")}
_NAME = re.compile(r"(2[0-9]{3})(\.pdf|-kort\.pdf|\.xlsx)")
# How many years back one may still be made for the first time.
_YEARS = 3


async def _draft(year: int, municipality: str, now: datetime, sees: Callable[[str], bool] | None = None) -> Report:
    """The report of a year, from the figures as they are, in Swedish, whoever reads it. What is established of
    its own year or the one before stands in it as it was told. `sees`: of which sections; none for the whole, as it would be
    established: two drafts differ by few, so that whoever sees some sections' figures reads of those only (decision 42)."""
    period = year_of(year)
    day = min(period.last, local_date(now))
    everything = await statistics.of_period(period)
    told = {section: p for section, p in everything.items() if sees is None or sees(section)}
    at_the_end = {p.section: p.starts_per_year_min for _id, p in await catalogue.in_force(day)}
    open_groups = await statistics.left_open(period, (), now)
    began = await report_queries.begun()
    found = await report_queries.leaving(year, set(told), now) if told else []
    until = await report_queries.editions_until(day)
    by = {given.section: given.editions for given in found}
    with speaking("sv"):
        named = {
            section: Programmed(
                programme.short_name,
                at_the_end.get(section),
                open_groups.get(section, 0),
                pages.edition_words(_days(section, by.get(section), until, period), day, section in at_the_end),
            )
            for section, programme in told.items()
        }
        return pages.report(
            found,
            named,
            year,
            municipality,
            first=began is not None and began.year == year,
            going_on=day < period.last,
            narrowed=len(told) < len(everything),
        )


def _days(section: str, editions: frozenset[int] | None, until: Mapping[int, tuple[str, date]], of: Period) -> list[date]:
    """The last days of the editions that a section's figures come from: of those by which something was counted, or where
    nothing may tell that, of all that were in force in the year or the one before."""
    if editions is None:
        return sorted({day for at, day in until.values() if at == section and day >= of.year_before.first})
    return sorted({until[number][1] for number in editions if number in until})


async def _found(year: int, request: AnyRequest) -> tuple[Report, Established | None]:
    """The report, and how it was established, unless it is a draft: of that, what whoever asks may see."""
    known = await report_queries.established(year)
    if known is not None:
        return known.report, known
    state, who = request.app.state, require_role(request, "coordinator", "manager")
    return await _draft(year, state.settings.municipality, state.clock.now(), who.sees_figures), None


def _day(known: Established | None) -> str:
    """The day on which it was established, in the language that is spoken; empty for a draft."""
    return day_plain(local_date(known.at)) if known else ""


async def _known(year: int) -> bool:
    """Whether there is a report of a year, or anything to make it from."""
    return (await report_queries.year(year)).known


async def _years(now: datetime) -> list[int]:
    """This year, of which there is a draft so far, and those before."""
    this = local_date(now).year
    return sorted({*range(this - _YEARS, this + 1), *await report_queries.years()}, reverse=True)


async def _year(form: Form, now: datetime) -> int:
    """The year that was asked for. If none was, or there is none of it, which is said, the last that is over, or this one
    where nothing is known of that."""
    typed, years = form.raw("ar"), await _years(now)
    if typed in map(str, years):
        return int(typed)
    if typed:
        form.fail("ar", _("Det finns ingen berättelse om det året. Välj ett av åren här."))
    last = local_date(now).year - 1
    return last if await _known(last) else last + 1


async def _page(request: AnyRequest, form: Form, year: int) -> Response[Any]:
    who = require_role(request, "coordinator", "manager")
    known = await _known(year)
    municipality = request.app.state.settings.municipality
    found, established = await _found(year, request) if known else (pages.empty(year, municipality), None)
    now = request.app.state.clock.now()
    years, over = await _years(now), year < local_date(now).year
    with speaking("sv"):
        said = pages.paper(found, _day(established))
    mark = mark_of(found) if who.has("manager") and known and not established and over else ""
    view = pages.ReportPage(
        report=found,
        said=said,
        established=_day(established),
        by=established.by if established else "",
        years=tuple((one, f"{pages.ADDRESS}?ar={one}") for one in years),
        files=pages.files(year, established=established is not None) if known and over else (),
        mark=mark,
        missing=missing_notes(await report_queries.missing(year), who.coordinates) if mark else (),
        form=form,
        unknown="" if known else pages.unknown_words(year),
    )
    return page(request, "oversight/report.html", view, 422 if form.errors else 200)


@get("/personal/rapport", guards=[signed_in])
async def shown(request: AnyRequest) -> Response[Any]:
    """A year's report as it reads."""
    require_role(request, "coordinator", "manager")
    form = Form({name: [value] for name, value in request.query_params.items()})
    return await _page(request, form, await _year(form, request.app.state.clock.now()))


@post("/personal/rapport", guards=[signed_in])
async def establish(request: AnyRequest) -> Response[Any]:
    """Establish it as it was read, with the manager's own words: from then on it stays as it is. None of a year from which
    nothing is known."""
    who, now, form = require_role(request, "manager"), request.app.state.clock.now(), await read_form(request)
    year = await _year(form, now)
    if form.errors:
        return await _page(request, form, year)
    if await report_queries.established(year) is not None:
        raise Conflict("report_established")
    if year >= local_date(now).year or not await _known(year):
        form.fail("ar", pages.unknown_words(year) if year < local_date(now).year else pages.going_on_words()[0])
        return await _page(request, form, year)
    words = form.paragraphs("ord", LONGEST_WORDS)
    if words and not form.errors and (signs := await to_thread.run_sync(unprintable, words)):
        form.fail("ord", pages.unprintable_words(signs))
    if points_to_somebody(words) == "personal_number":
        form.fail("ord", pages.number_in_words())
    # The very report that is compared is the one that is kept: made again it could be another. Of all sections, always.
    draft = await _draft(year, request.app.state.settings.municipality, now)
    if mark_of(draft) != form.raw("sedd"):
        form.fail("sedd", _("Siffrorna har ändrats sedan du läste. Läs igen, och fastställ sedan."))
    if form.errors:
        return await _page(request, form, year)
    if not await report_services.establish(replace(draft, words=words), who.staff_id, now):
        raise Conflict("report_established")
    return Response("", status_code=303, headers={"location": f"{pages.ADDRESS}?ar={year}"})


@get("/personal/rapport/{document:str}", guards=[signed_in])
async def file(request: AnyRequest, document: FromPath[str]) -> Response[bytes]:
    """One of its files: `2026.pdf`, `2026.xlsx`, or `2026-kort.pdf` once it is established. Raises NotFound for anything
    else, and of a year that goes on."""
    require_role(request, "coordinator", "manager")
    if not document.endswith("-kort.pdf"):
        # The half page is everybody's; the rest is taken home as other files are.
        await recently_confirmed(request, request.route_handler)
    now = request.app.state.clock.now()
    wanted = _NAME.fullmatch(document)
    year = int(wanted[1]) if wanted else 0
    if wanted is None or year not in await _years(now) or year >= local_date(now).year or not await _known(year):
        raise NotFound
    found, known = await _found(year, request)
    if known is None and wanted[2] == "-kort.pdf":
        raise NotFound
    with speaking("sv"):
        established = _day(known)
        if wanted[2] == ".xlsx":
            sheets = pages.sheets(found, established)
            return xlsx_file(f"verksamhetsberattelse-{document}", sheets, charts_of(found), pages.title(year))
        paper = pages.paper(found, established)
    made = await to_thread.run_sync(typeset, _SHEETS[wanted[2]], paper, True)
    headers = {"content-disposition": f'inline; filename="verksamhetsberattelse-{document}"', "cache-control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


def charts_of(found: Report) -> list[Bars]:
    """Where the rows of each chart are in its sheet."""
    charts, row = [], 1
    for chart in found.charts:
        charts.append(Bars(_("Diagram"), chart.title, chart.told, row, row + len(chart.bars) - 1))
        row += len(chart.bars)
    return charts


HANDLERS = [shown, establish, file]
