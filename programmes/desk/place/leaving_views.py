"""Leaving, from Min plats: with one button, no reason asked, and for an hour a way back."""

from typing import Any

from litestar import Request, Response, get, post

from programmes.core.errors import Conflict
from programmes.core.i18n import moment_long
from programmes.core.retention import amount_of
from programmes.desk.place import pages
from programmes.desk.place.siblings_views import opened_here, to_place, waiting_with
from programmes.desk.place.views import browser_here, opened, place_of
from programmes.enrolment import queries
from programmes.enrolment.leaving import queries as leaving_queries
from programmes.enrolment.leaving import services
from programmes.enrolment.rules import ALIVE
from programmes.web.forms import read_form
from programmes.web.open_places import places_opened
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie

AnyRequest = Request[Any, Any, Any]


@get("/min-plats/lamna")
async def leave_page(request: AnyRequest) -> Response[Any]:
    """What happens if one leaves, and what undoing would give."""
    enrolment_id = await opened(request)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    now = request.app.state.clock.now()
    ended = place.cohort.state in leaving_queries.OVER or place.cohort.has_ended(now)
    over = ended and place.facts.state in ALIVE
    if not over and pages.state_of(place.facts, place.cohort, now) not in ALIVE:
        return to_place()
    first = moment_long(place.cohort.first_start) if place.cohort.first_start else ""
    together = (await waiting_with(place.facts))[0]
    view = {
        "first": first,
        "holds": place.facts.seat is not None and place.facts.state != "offered",
        "offered": place.facts.state == "offered",
        "together": together if place.facts.state == "offered" else 0,
        "waits_together": bool(together) and place.facts.state == "queued",
        "visit": place.facts.visit is not None and place.facts.visit.state == "booked" and place.facts.visit.starts_at > now,
        "exempt": place.programme.exempt,
        "years": await amount_of("protected_record"),
        "name": place.programme.short_name,
        "who": pages.who_of(await opened_here(request)),
        "over": over,
        "what": leaving_queries.what(place.facts.state, over),
        "changed": "annat" in request.query_params,
    }
    return page(request, "desk/place_leave.html", view)


@post("/min-plats/lamna", status_code=200)
async def leave(request: AnyRequest) -> Response[Any]:
    """Leave the group or the queue. Min plats then shows how to undo it."""
    enrolment_id = await opened(request)
    state = request.app.state
    seen = (await read_form(request)).raw("lamnar") or None
    try:
        undoable = await services.leave(enrolment_id, state.key_folder, state.clock.now(), seen)
    except Conflict as conflict:
        if conflict.code == "left_otherwise":
            # An offer or a place has come, or it is cancelled: what leaving would mean now is said before it is done.
            return Response("", status_code=303, headers={"location": "/min-plats/lamna?annat=1"})
        return to_place()
    return to_place() if undoable else gone(request)


@post("/min-plats/angra", status_code=303)
async def undo(request: AnyRequest) -> Response[Any]:
    """Take it back. Min plats says what one got back; or first, that there has been another application from here since,
    which the page had not named (decision 30)."""
    enrolment_id = await opened(request)
    facts, now = await queries.enrolment(enrolment_id), request.app.state.clock.now()
    said = (await read_form(request)).raw("redan").split(".")
    if {str(one) for one in await leaving_queries.applied_since(facts, browser_here(request, facts), now)} - set(said):
        return to_place()
    outcome = await services.undo(enrolment_id, now)
    return Response("", status_code=303, headers={"location": f"/min-plats?angrat={outcome}"})


@post("/min-plats/radera", status_code=303)
async def for_good(request: AnyRequest) -> Response[Any]:
    """Not to be undone: what was kept for it goes now."""
    enrolment_id = await opened(request)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    if place.facts.undo_until is None:
        return to_place()
    state = request.app.state
    await services.leave_for_good(enrolment_id, state.key_folder, state.clock.now())
    return gone(request)


def gone(request: AnyRequest) -> Response[Any]:
    """To the page that says it is done, and closed in this browser."""
    response: Response[Any] = Response("", status_code=303, headers={"location": "/min-plats/klart"})
    drop_cookie(request, response, "place")
    return response


@get("/min-plats/klart")
async def done(request: AnyRequest) -> Response[Any]:
    """It is done: nothing on this page says what it was."""
    return page(request, "desk/place_left.html", {"others": bool(places_opened(request))})


HANDLERS = [leave_page, leave, undo, for_good, done]
