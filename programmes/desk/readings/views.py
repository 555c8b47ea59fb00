"""How unclear points of the guideline are read, and reading one another way with those who are affected in view."""

from dataclasses import replace
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries, services
from programmes.catalogue.reading_rules import can_be_looked_up
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import language
from programmes.core.naming_rules import leads_beside_a_decision
from programmes.desk.readings import pages
from programmes.desk.readings import services as readings_services
from programmes.enrolment import queries as enrolment
from programmes.people.looks import looking
from programmes.web.forms import read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/personal/tolkningar", guards=[signed_in])
async def readings(request: AnyRequest) -> Response[Any]:
    """How unclear points are read; first those that the office can change, on request all of them."""
    state = request.app.state
    in_force = [p for _id, p in await queries.in_force(local_date(state.clock.now()))]
    mine = {p.section for p in in_force if principal(request).coordinates(p.section)}
    everything = request.query_params.get("visa") == "alla"
    view = pages.readings_page(in_force, everything, mine, language(), state.settings.municipality)
    return page(request, "desk/readings.html", view)


@get("/personal/tolkningar/{section:str}/{key:str}", guards=[signed_in])
async def show_choice(request: AnyRequest, section: FromPath[str], key: FromPath[str]) -> Response[Any]:
    """The page that changes one reading."""
    view, programme = await _choice(request, section, key)
    return await _show(request, view, programme)


@post("/personal/tolkningar/{section:str}/{key:str}", guards=[signed_in], status_code=200)
async def choose(request: AnyRequest, section: FromPath[str], key: FromPath[str]) -> Response[Any]:
    """Read one point another way from now on."""
    view, programme = await _choice(request, section, key)
    form = await read_form(request)
    value = pages.chosen_value(view, form.raw("val") if view.options else form.text("val", pages.LONGEST_REFERENCE))
    if value is None:
        form.fail("val", _("Välj ett av alternativen."))
    if not view.options and not can_be_looked_up(str(value)):
        form.fail("val", _("Skriv så att det går att hitta: en paragraf eller ett namn, och en siffra."))
    elif not view.options and leads_beside_a_decision(str(value), local_date(request.app.state.clock.now())):
        form.fail(
            "val",
            _(
                "Skriv vilket beslut eller avtal det är. Personnummer, födelsedatum, telefonnummer och adress får inte stå "
                "här."
            ),
        )
    if value is None or form.errors:
        return await _show(request, replace(view, current=form.raw("val"), error=form.errors["val"]), programme, 422)
    await services.choose_reading(programme, key, value, principal(request).staff_id, request.app.state.clock.now())
    return Response("", status_code=303, headers={"location": f"/personal/tolkningar#a-{section}"})


async def _show(request: AnyRequest, view: pages.ChoicePage, programme: Programme, status: int = 200) -> Response[Any]:
    now = request.app.state.clock.now()
    alive = await cohorts.all_mine(principal(request), local_date(now), ["planned", "open", "postponed", "started"])
    theirs = [c for c in alive if c.section == programme.section and (c.last_end is None or c.last_end > now)]
    reading = next(i for i in programme.interpretations if i.key == view.reading.key)
    rows, sentence = pages.affected(reading, theirs, await enrolment.places((c.cohort_id for c in theirs), now))
    shown: dict[str, Any] = {"view": view, "affected": rows, "sentence": sentence, "others": (), "ticks": ""}
    if pages.reads_age(reading) and programme.exempt:
        shown["ticks"] = pages.ticks_text(await readings_services.ages_ticked(theirs))
    elif pages.reads_age(reading):
        state = request.app.state
        async with looking(principal(request), "readings", now) as look:
            found = await readings_services.left_out(reading, theirs, state.key_folder, look)
        shown["others"] = pages.other_readings(programme, reading, found, language(), state.settings.municipality)
    return page(request, "desk/choice.html", shown, status)


async def _choice(request: AnyRequest, section: str, key: str) -> tuple[pages.ChoicePage, Programme]:
    """Raises NotFound where there is nothing to choose, Forbidden for who does not coordinate the programme."""
    state = request.app.state
    _id, programme = await queries.by_section(section, local_date(state.clock.now()))
    view = pages.choice_page(programme, key, language(), state.settings.municipality)
    if view is None:
        raise NotFound
    if not principal(request).coordinates(section):
        raise Forbidden
    return view, programme


HANDLERS = [readings, show_choice, choose]
