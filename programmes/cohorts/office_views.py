"""Closures of the office, and who works with a cohort. Coordinators only."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import office_pages as pages
from programmes.cohorts import office_services as services
from programmes.cohorts import queries, schedule_queries
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.people.queries import leaders
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, recently_confirmed, require_role, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_CLOSURES = "/personal/stangningar"


def _back(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


def _line(c: services.StoredClosure) -> pages.ClosureLine:
    return pages.closure_line(c.closure_id, c.first_day, c.last_day, c.reason, c.venue, c.sessions)


async def _show_closures(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    who, today = require_role(request, "coordinator"), local_date(request.app.state.clock.now())
    lines = [_line(closure) for closure in await services.closures(who, today)]
    venues = [("", _("Alla lokaler")), *((str(v.venue_id), v.name) for v in await schedule_queries.venues())]
    return page(request, "cohorts/closures.html", pages.ClosuresPage(tuple(lines), tuple(venues), form), status)


@get(_CLOSURES, guards=[signed_in])
async def closures_page(request: AnyRequest) -> Response[Any]:
    """Days on which nothing is scheduled, and the form for more."""
    return await _show_closures(request, Form())


@get(f"{_CLOSURES}.csv", guards=[recently_confirmed])
async def closures_file(request: AnyRequest) -> Response[bytes]:
    """The same list to take home, in Swedish."""
    who, today = require_role(request, "coordinator"), local_date(request.app.state.clock.now())
    found = await services.closures(who, today)
    with speaking("sv"):
        rows = (pages.closure_row(c.first_day, c.last_day, c.reason, c.venue, c.sessions) for c in found)
        return csv_file("stangningar.csv", pages.closure_heads(), rows)


@post(_CLOSURES, guards=[signed_in], status_code=200)
async def close(request: AnyRequest) -> Response[Any]:
    """Enter a closure."""
    who = require_role(request, "coordinator")
    form = await read_form(request)
    first, last = form.day("forsta"), form.day("sista")
    reason = form.text("namn", 60, _("Skriv vad det är, till exempel Sportlov."))
    chosen = form.choice("lokal", ["", *(str(v.venue_id) for v in await schedule_queries.venues())], _("Välj en lokal."))
    if form.errors or first is None or last is None:
        return await _show_closures(request, form, 422)
    now = request.app.state.clock.now()
    for refused in await services.close(int(chosen) if chosen else None, first, last, reason, who, now):
        form.fail(refused.beside, pages.said(refused))
    return await _show_closures(request, form, 422) if form.errors else _back(_CLOSURES)


@get("/personal/stangningar/{closure_id:int}/ta-bort", guards=[signed_in])
async def reopen_page(request: AnyRequest, closure_id: FromPath[int]) -> Response[Any]:
    """Which closure goes, before it is taken away. Raises NotFound for one that is over or gone."""
    who, today = require_role(request, "coordinator"), local_date(request.app.state.clock.now())
    found = [c for c in await services.closures(who, today) if c.closure_id == row_id(closure_id)]
    if not found:
        raise NotFound
    return page(request, "cohorts/reopen.html", _line(found[0]))


@post("/personal/stangningar/{closure_id:int}/ta-bort", guards=[signed_in], status_code=303)
async def reopen(request: AnyRequest, closure_id: FromPath[int]) -> Response[Any]:
    """Take a closure away."""
    await services.reopen(row_id(closure_id), require_role(request, "coordinator"), request.app.state.clock.now())
    return _back(_CLOSURES)


async def _show_workers(request: AnyRequest, cohort_id: int, form: Form, status: int = 200) -> Response[Any]:
    who, today = principal(request), local_date(request.app.state.clock.now())
    cohort = await queries.mine(who, today, row_id(cohort_id))
    if not who.coordinates(cohort.section):
        raise Forbidden
    view = pages.WorkersPage(
        cohort_id,
        cohort.name,
        pages.worker_lines(await services.workers(cohort_id, today)),
        tuple((person.staff_id, person.name) for person in await leaders(cohort.section)),
        form,
    )
    return page(request, "cohorts/workers.html", view, status)


@get("/personal/grupper/{cohort_id:int}/ledare", guards=[signed_in])
async def workers_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Who works with a cohort."""
    return await _show_workers(request, cohort_id, Form())


@post("/personal/grupper/{cohort_id:int}/ledare", guards=[signed_in], status_code=200)
async def change_workers(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Let somebody in, as leader or as a substitute until a day, or take somebody out."""
    who, now = principal(request), request.app.state.clock.now()
    form = await read_form(request)
    cohort = await queries.mine(who, local_date(now), row_id(cohort_id))
    known = [str(person.staff_id) for person in await leaders(cohort.section)]
    if form.ticked("bort"):
        present = await services.workers(row_id(cohort_id), local_date(now))
        chosen = form.choice("bort", [str(worker.staff_id) for worker in present])
        refused = await services.take_out(row_id(cohort_id), int(chosen), who, now) if chosen else []
    else:
        chosen = form.choice("vem", known, _("Välj vem."))
        substitute = form.choice("roll", ["ledare", "vikarie"], _("Välj gruppledare eller vikarie.")) == "vikarie"
        until = form.day("till") if substitute else None
        if form.errors:
            return await _show_workers(request, cohort_id, form, 422)
        refused = await services.let_in(row_id(cohort_id), int(chosen), until, who, now, meant=form.meant)
    form.asked |= pages.signs(refused)
    for reason in refused:
        form.fail(reason.beside, pages.said(reason))
    if form.errors:
        return await _show_workers(request, cohort_id, form, 422)
    return _back(f"/personal/grupper/{cohort_id}/ledare")


HANDLERS = [closures_page, closures_file, close, reopen_page, reopen, workers_page, change_workers]
