"""Pages of the catalogue itself: how data is handled, accessibility, contact, and the readings for staff."""

from dataclasses import replace
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import pages, queries, services
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import language
from programmes.web.forms import read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# The day the accessibility of this release was last gone through; the statement must say it.
_STATEMENT_OF = date(2026, 11, 22)


@get("/uppgifter")
async def data_page(request: AnyRequest) -> Response[Any]:
    """How data is handled."""
    return page(request, "catalogue/data.html")


@get("/tillganglighet")
async def accessibility_page(request: AnyRequest) -> Response[Any]:
    """The accessibility statement that the law on accessibility of digital public service asks for."""
    return page(request, "catalogue/accessibility.html", _STATEMENT_OF)


@get("/kontakt")
async def contact_page(request: AnyRequest) -> Response[Any]:
    """How to reach the office."""
    return page(request, "catalogue/contact.html")


@get("/personal/tolkningar", guards=[signed_in])
async def readings(request: AnyRequest) -> Response[Any]:
    """How unclear points are read; first those that the office can change, on request all of them."""
    in_force = [p for _id, p in await queries.in_force(_today(request))]
    mine = {p.section for p in in_force if principal(request).coordinates(p.section)}
    everything = request.query_params.get("visa") == "alla"
    view = pages.readings_page(in_force, everything, mine, language(), _municipality(request))
    return page(request, "catalogue/readings.html", view)


@get("/personal/tolkningar/{section:str}/{key:str}", guards=[signed_in])
async def show_choice(request: AnyRequest, section: FromPath[str], key: FromPath[str]) -> Response[Any]:
    """The page that changes one reading."""
    return page(request, "catalogue/choice.html", await _choice(request, section, key))


@post("/personal/tolkningar/{section:str}/{key:str}", guards=[signed_in], status_code=200)
async def choose(request: AnyRequest, section: FromPath[str], key: FromPath[str]) -> Response[Any]:
    """Read one point another way from now on."""
    view = await _choice(request, section, key)
    form = await read_form(request)
    value = pages.chosen_value(view, form.raw("val"))
    if value is None:
        error = _("Välj ett av alternativen.") if view.options else _("Skriv högst %(most)s tecken.", most=200)
        return page(request, "catalogue/choice.html", replace(view, current=form.raw("val"), error=error), 422)
    _id, programme = await queries.by_section(section, _today(request))
    await services.choose_reading(programme, key, value, principal(request).staff_id, request.app.state.clock.now())
    return Response("", status_code=303, headers={"location": f"/personal/tolkningar#a-{section}"})


async def _choice(request: AnyRequest, section: str, key: str) -> pages.ChoicePage:
    """Raises NotFound where there is nothing to choose, Forbidden for who does not coordinate the programme."""
    _id, programme = await queries.by_section(section, _today(request))
    view = pages.choice_page(programme, key, language(), _municipality(request))
    if view is None:
        raise NotFound
    if not principal(request).coordinates(section):
        raise Forbidden
    return view


def _today(request: AnyRequest) -> date:
    return local_date(request.app.state.clock.now())


def _municipality(request: AnyRequest) -> str:
    return str(request.app.state.settings.municipality)


HANDLERS = [data_page, accessibility_page, contact_page, readings, show_choice, choose]
