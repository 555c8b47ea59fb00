"""Statistics: on a page for coordinators (their own programmes) and managers (all), and as files that say what they are."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from litestar import Request, Response, get

from programmes.catalogue.queries import in_force
from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.oversight.report import queries as report_queries
from programmes.oversight.statistics import pages, queries
from programmes.oversight.statistics.queries import Period, listed, why_not_period, year_of
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _asked(request: AnyRequest) -> tuple[Principal, datetime, Form]:
    values: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, []).append(value)
    return require_role(request, "coordinator", "manager"), request.app.state.clock.now(), Form(values)


async def _programmes(who: Principal, period: Period, now: datetime | None = None) -> dict[str, str]:
    """The programmes whose figures somebody may see, by section: a coordinator's own, a manager's all; with the figures that
    there are of a period, and now, if it is said, though they may have come or gone meanwhile."""
    told = await queries.of_period(period)
    today = {p.section: p for _id, p in await in_force(local_date(now)) if listed(p)} if now else {}
    return {
        section: programme.short_name
        for section, programme in (today | {s: p for s, p in told.items() if s not in today}).items()
        if who.sees_figures(section)
    }


def _period(form: Form, now: datetime) -> Period:
    """The days that were asked for; this year where none were, or none that can be."""
    this_year = year_of(local_date(now).year)
    if not form.raw("fran") and not form.raw("till"):
        return this_year
    first, last = form.day("fran"), form.day("till")
    if first is None or last is None:
        return this_year
    wrong = why_not_period(first, last)
    if wrong == "backwards":
        form.fail("till", _("Perioden slutar före den börjar. Byt plats på dagarna."))
    elif wrong == "too_long":
        form.fail("till", _("Välj högst elva år."))
    return Period(first, last) if wrong is None else this_year


def _section(form: Form, names: Mapping[str, str]) -> str:
    wanted = form.raw("insats")
    if wanted and wanted not in names:
        form.fail("insats", _("Välj en insats i listan."))
        return ""
    return wanted


async def _sections(period: Period, wanted: Collection[str], now: datetime) -> tuple[queries.Section, ...]:
    """The figures of a period and the one before, of what was after the service came into use."""
    found = await queries.sections(period, wanted, now)
    return queries.known_since(found, period, await report_queries.begun())


@get("/personal/statistik", guards=[signed_in])
async def statistics(request: AnyRequest) -> Response[Any]:
    """The figures of a period beside those of the year before, of each section just what it lists."""
    who, now, form = _asked(request)
    period = _period(form, now)
    names = await _programmes(who, period, now)
    chosen = _section(form, names)
    wanted = {chosen} if chosen else set(names)
    found = await _sections(period, wanted, now) if wanted else ()
    left_open = await queries.left_open(period, wanted, now) if wanted else {}
    view = pages.statistics_page(found, names, left_open, period, chosen, local_date(now), form)
    return page(request, "oversight/statistics.html", view, 422 if form.errors else 200)


@get("/personal/statistik.csv", guards=[recently_confirmed])
async def inside(request: AnyRequest) -> Response[Any]:
    """The same as a file for the house: every number as it is, and every line says so."""
    who, now, form = _asked(request)
    period = _period(form, now)
    names = await _programmes(who, period, now)
    chosen = _section(form, names)
    if form.errors or not names:
        return _back(request)
    found = await _sections(period, {chosen} if chosen else set(names), now)
    with speaking("sv"):
        name = f"statistik-{period.first}-{period.last}-internt-sekretess.csv"
        return csv_file(name, pages.heads(), pages.inside_rows(found, names, period))


@get("/personal/statistik/utlamning.csv", guards=[recently_confirmed])
async def outside(request: AnyRequest) -> Response[Any]:
    """A year that is over, with small numbers hidden, for whoever asks. Other periods would overlap, and differ by few."""
    who, now, form = _asked(request)
    year = _year_over(form, now)
    names = await _programmes(who, year_of(year))
    if form.errors or not names or not await _known(year):
        return _back(request, f"{pages.ADDRESS}/utlamning")
    found = await report_queries.leaving(year, set(names), now)
    with speaking("sv"):
        return csv_file(f"statistik-{year}.csv", pages.heads(), pages.outside_rows(found, names, year))


@get("/personal/statistik/utlamning", guards=[signed_in])
async def outside_shown(request: AnyRequest) -> Response[Any]:
    """What that file has, to look through first."""
    who, now, form = _asked(request)
    year = _year_over(form, now)
    names, known = await _programmes(who, year_of(year)), await _known(year)
    found = await report_queries.leaving(year, set(names), now) if names and known and not form.errors else []
    view = pages.outside_page(found, names, year, local_date(now), form, known)
    return page(request, "oversight/statistics_outside.html", view, 422 if form.errors else 200)


async def _known(year: int) -> bool:
    """Whether there is anything to tell of a year: a year of which there is not is no mistake of whoever asks."""
    return (await report_queries.year(year)).known


def _year_over(form: Form, now: datetime) -> int:
    """The year that was asked for, the last where none was. What is no year that is over is said to be none."""
    last = local_date(now).year - 1
    typed = form.raw("ar")
    if not typed:
        return last
    if re.fullmatch(r"2[0-9]{3}", typed) is None or int(typed) > last:
        form.fail("ar", _("Bara år som är över kan lämnas ut. Välj ett av åren här."))
        return last
    return int(typed)


def _back(request: AnyRequest, to: str = pages.ADDRESS) -> Response[Any]:
    """To the page, which says what was wrong with what was asked for."""
    query = request.url.query
    return Response("", status_code=303, headers={"location": f"{to}?{query}" if query else to})


HANDLERS = [statistics, inside, outside, outside_shown]
