"""Rooms, and giving one another name. Coordinators only."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post

from programmes.cohorts import schedule_queries, venue_services
from programmes.cohorts.office_pages import said
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/lokaler"


@dataclass(frozen=True)
class VenuesPage:
    """Every room with how many sessions are to come there; `done` after one was renamed."""

    lines: tuple[schedule_queries.VenueUse, ...]
    form: Form
    done: bool

    @property
    def choices(self) -> tuple[tuple[int, str], ...]:
        return tuple((line.venue_id, line.name) for line in self.lines)


async def _show(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    lines = await schedule_queries.venue_use(request.app.state.clock.now())
    view = VenuesPage(tuple(lines), form, request.query_params.get("klart") == "namn")
    return page(request, "cohorts/venues.html", view, status)


@get(_PAGE, guards=[signed_in])
async def venues_page(request: AnyRequest) -> Response[Any]:
    """Every room, and the form for another name."""
    require_role(request, "coordinator")
    return await _show(request, Form())


@get(f"{_PAGE}.csv", guards=[recently_confirmed])
async def venues_file(request: AnyRequest) -> Response[bytes]:
    """The same list to take home, in Swedish."""
    require_role(request, "coordinator")
    lines = await schedule_queries.venue_use(request.app.state.clock.now())
    with speaking("sv"):
        heads = (_("Lokal"), _("Adress"), _("Kommande tider"))
        return csv_file("lokaler.csv", heads, ((line.name, line.address, str(line.coming)) for line in lines))


@post(_PAGE, guards=[signed_in], status_code=200)
async def rename(request: AnyRequest) -> Response[Any]:
    """Another name for a room."""
    who, form = require_role(request, "coordinator"), await read_form(request)
    known = {str(v.venue_id): v.name for v in await schedule_queries.venues()}
    chosen = form.choice("lokal", list(known), _("Välj en lokal."))
    name = form.text("namn", 80, _("Skriv vad lokalen heter nu."))
    if chosen and name == known[chosen]:
        form.fail("namn", _("Den heter redan så."))
    if form.errors:
        return await _show(request, form, 422)
    try:
        if not await venue_services.rename_venue(int(chosen), name, who, request.app.state.clock.now()):
            form.fail("namn", _("En annan lokal heter så."))
    except venue_services.NotAllowed as refused:
        form.fail_all((reason.beside, said(reason)) for reason in refused.reasons)
    if form.errors:
        return await _show(request, form, 422)
    return Response("", status_code=303, headers={"location": f"{_PAGE}?klart=namn"})


HANDLERS = [venues_page, venues_file, rename]
