"""From Min plats of a cancelled or postponed start: to another one, and whether one can come on the new days."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post

from programmes.cohorts import queries as cohorts
from programmes.core.errors import Conflict
from programmes.core.i18n import gettext as _
from programmes.desk.moving import pages, services
from programmes.desk.place.siblings_views import to_place
from programmes.desk.place.views import Place, opened, place_of
from programmes.enrolment.leaving import first_right_queries, first_right_services
from programmes.enrolment.leaving import transfer_services as transfers
from programmes.enrolment.records import apart_queries
from programmes.web.forms import read_form
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_MOST_WAYS = 6


async def _ways(request: AnyRequest, place: Place) -> tuple[pages.Way, ...]:
    state, found = request.app.state, []
    now = state.clock.now()
    right = await first_right_queries.of_start(place.cohort.cohort_id, now)
    for other in (await first_right_queries.other_starts(place.cohort, now))[:_MOST_WAYS]:
        planned = await transfers.plan(place.facts.enrolment_id, other.cohort_id, state.key_folder, now)
        krock = bool(await apart_queries.days_of(place.facts.enrolment_id, other.cohort_id))
        found.append(pages.way_to(planned, krock, state.settings.municipality, right))
    return tuple(found)


async def _show(
    request: AnyRequest, place: Place, status: int = 200, changed: bool = False, wrong: str = ""
) -> Response[Any]:
    cancelled = place.cohort.state == "cancelled" or place.cohort.called_off
    view = pages.MyMovePage(await _ways(request, place), cancelled, changed, wrong)
    return page(request, "desk/place_move.html", view, status)


@get("/min-plats/flytta")
async def move_page(request: AnyRequest) -> Response[Any]:
    """The other starts, and what one gets at each."""
    now = request.app.state.clock.now()
    place = await place_of(await opened(request), now)
    if not await services.leads_away(place.facts, place.cohort, now):
        return to_place()
    return await _show(request, place)


@post("/min-plats/flytta", status_code=200)
async def move(request: AnyRequest) -> Response[Any]:
    """Move there as it was shown; when it would be otherwise by now, that is shown first."""
    form, state = await read_form(request), request.app.state
    now, target = state.clock.now(), form.number("till", 1, 999_999)
    try:
        one = await opened(request)
    except Conflict:
        # Their Min plats shows the new place by now, in whatever browser it is open.
        if await services.moved_there(form.raw("denna"), target, request.state.shown_place):
            return to_place("flyttad")
        raise
    place = await place_of(one, now)
    if not await services.leads_away(place.facts, place.cohort, now):
        return to_place()
    if form.errors or target not in {o.cohort_id for o in await first_right_queries.other_starts(place.cohort, now)}:
        return await _show(request, place, 409, changed=True)
    planned = await transfers.plan(place.facts.enrolment_id, target, state.key_folder, now)
    met = frozenset(form.all("svarat"))
    if form.raw("sett") == planned.seen and not met.issuperset(planned.asked):
        wrong = _("Kryssa i allt som stämmer. Stämmer något inte går det inte att flytta dit.")
        return await _show(request, place, 422, wrong=wrong)
    new = await services.move_myself(place.facts.enrolment_id, target, form.raw("sett"), state.key_folder, now, met)
    if new is None:
        return await _show(request, place, 409, changed=True)
    return to_place("flyttad")


@post("/min-plats/kan-da", status_code=303)
async def can_then(request: AnyRequest) -> Response[Any]:
    """Whether one can come on the new days; can be changed as long as the start is not decided."""
    place, form = await place_of(await opened(request), request.app.state.clock.now()), await read_form(request)
    asked_at = await cohorts.postponed_at(place.cohort.cohort_id)
    if place.cohort.state != "postponed" or asked_at is None or form.raw("svar") not in {"ja", "nej"}:
        return to_place()
    if pages.asked_key(asked_at) != form.raw("sett"):
        raise Conflict("day_moved")
    now: datetime = request.app.state.clock.now()
    await first_right_services.answer(place.facts.enrolment_id, form.raw("svar") == "ja", asked_at, now)
    return to_place("svarat")


HANDLERS = [move_page, move, can_then]
