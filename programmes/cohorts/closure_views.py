"""Closures of the office. Coordinators only."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import closure_pages as pages
from programmes.cohorts import closure_services as services
from programmes.cohorts import schedule_queries
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import recently_confirmed, require_role, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_CLOSURES = "/personal/stangningar"


def _back(done: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"{_CLOSURES}?klart={done}"})


async def _entered(request: AnyRequest) -> list[tuple[services.Entered, Sequence[services.Lying]]]:
    """Every closure that is not over, with what lies in it of the asker's."""
    who, now = require_role(request, "coordinator"), request.app.state.clock.now()
    entered = await services.closures(local_date(now))
    lying = await services.lying_in({c.closure_id: c.days for c in entered}, who, now)
    return [(closure, lying.get(closure.closure_id, [])) for closure in entered]


async def _one(request: AnyRequest, closure_id: int) -> pages.ClosurePage:
    """One of them with all that lies in it. Raises NotFound for one that is over or gone."""
    for closure, lying in await _entered(request):
        if closure.closure_id == row_id(closure_id):
            return pages.ClosurePage(pages.closure_line(closure, lying, None))
    raise NotFound


async def _show(request: AnyRequest, form: Form, status: int = 200, asked: pages.LyingPart | None = None) -> Response[Any]:
    lines = tuple(pages.closure_line(closure, lying) for closure, lying in await _entered(request))
    venues = [("", _("Alla lokaler")), *((str(v.venue_id), v.name) for v in await schedule_queries.venues())]
    done = pages.done(request.query_params.get("klart", ""))
    return page(request, "cohorts/closures.html", pages.ClosuresPage(lines, tuple(venues), form, asked, done), status)


@get(_CLOSURES, guards=[signed_in])
async def closures_page(request: AnyRequest) -> Response[Any]:
    """Days on which nothing is scheduled, and the form for more."""
    return await _show(request, Form())


@get(f"{_CLOSURES}.csv", guards=[recently_confirmed])
async def closures_file(request: AnyRequest) -> Response[bytes]:
    """The same list to take home, in Swedish."""
    found = await _entered(request)
    with speaking("sv"):
        rows = (pages.closure_row(c.days, c.reason, c.venue, len(lying)) for c, lying in found)
        return csv_file("stangningar.csv", pages.closure_heads(), rows)


@post(_CLOSURES, guards=[signed_in], status_code=200)
async def close(request: AnyRequest) -> Response[Any]:
    """Enter a closure; what lies in it already is shown before it is."""
    who, now = require_role(request, "coordinator"), request.app.state.clock.now()
    form = await read_form(request)
    first, last = form.day("forsta"), form.day("sista")
    reason = form.text("namn", 60, _("Skriv vad det är, till exempel Sportlov."))
    chosen = form.choice("lokal", ["", *(str(v.venue_id) for v in await schedule_queries.venues())], _("Välj en lokal."))
    if form.errors or first is None or last is None:
        return await _show(request, form, 422)
    days = services.Days(first, last, int(chosen) if chosen else None)
    refused = await services.close(days, reason, who, now, meant=form.meant)
    if not refused:
        return _back("inlagd")
    form.asked |= pages.signs(refused)
    for beside in {one.beside: None for one in refused}:
        form.fail(beside, " ".join(pages.said(one) for one in refused if one.beside == beside))
    lying = (await services.lying_in({0: days}, who, now)).get(0) if form.asked else None
    return await _show(request, form, 422, pages.lying_part(lying, pages.ASKED) if lying else None)


@get("/personal/stangningar/{closure_id:int}", guards=[signed_in])
async def closure_page(request: AnyRequest, closure_id: FromPath[int]) -> Response[Any]:
    """All that lies in one closure. Raises NotFound for one that is over or gone."""
    return page(request, "cohorts/closure.html", await _one(request, closure_id))


@get("/personal/stangningar/{closure_id:int}/ta-bort", guards=[signed_in])
async def reopen_page(request: AnyRequest, closure_id: FromPath[int]) -> Response[Any]:
    """Which closure goes, before it is taken away. Raises NotFound for one that is over or gone."""
    return page(request, "cohorts/reopen.html", await _one(request, closure_id))


@post("/personal/stangningar/{closure_id:int}/ta-bort", guards=[signed_in], status_code=303)
async def reopen(request: AnyRequest, closure_id: FromPath[int]) -> Response[Any]:
    """Take a closure away."""
    await services.reopen(row_id(closure_id), require_role(request, "coordinator"), request.app.state.clock.now())
    return _back("borttagen")


HANDLERS = [closures_page, closures_file, close, closure_page, reopen_page, reopen]
