"""Cancelling a study visit that people have booked, with one confirmation that says whom it reaches."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.desk.group import visit_pages as pages
from programmes.desk.group import visit_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.visits import queries
from programmes.notices.reach_services import reach_among
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_ADDRESS = "/personal/grupper/{cohort_id:int}/studiebesok/{slot_id:int}/stall-in"


async def _show(request: AnyRequest, cohort_id: int, slot_id: int, status: int = 200) -> Response[Any]:
    """The page as it is now. A visit that is gone, over or cancelled already leads back to the list."""
    state = request.app.state
    now = state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), row_id(cohort_id))
    try:
        slot, booked = await queries.to_cancel(cohort.cohort_id, row_id(slot_id), now)
    except NotFound:
        return _to_slots(cohort.cohort_id)
    reach = await reach_among(await enrolments.several(booked), state.key_folder)
    view = pages.visit_page(cohort.cohort_id, cohort.name, slot, reach, len(booked), status != 200)
    return page(request, "desk/visit_cancel.html", view, status)


def _to_slots(cohort_id: int, done: str = "") -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/studiebesok{done}"})


@get(_ADDRESS, guards=[signed_in])
async def cancel_page(request: AnyRequest, cohort_id: FromPath[int], slot_id: FromPath[int]) -> Response[Any]:
    """Who hears of it, and that nobody loses a place by it."""
    return await _show(request, cohort_id, slot_id)


@post(_ADDRESS, guards=[signed_in], status_code=200)
async def cancel(request: AnyRequest, cohort_id: FromPath[int], slot_id: FromPath[int]) -> Response[Any]:
    """Cancel it. If others have booked meanwhile the page is shown again; sent twice it is done once."""
    who, now = principal(request), request.app.state.clock.now()
    cohort = await cohorts.mine(who, local_date(now), row_id(cohort_id))
    seen = (await read_form(request)).raw("sett")
    if not seen.isascii() or not seen.isdigit() or len(seen) > 3:
        return await _show(request, cohort_id, slot_id, 422)
    try:
        await visit_services.cancel(cohort.cohort_id, row_id(slot_id), int(seen), who, now)
    except Conflict:
        return await _show(request, cohort_id, slot_id, 422)
    except NotFound:
        return _to_slots(cohort.cohort_id)
    return _to_slots(cohort.cohort_id, "?klart=installd")


HANDLERS = [cancel_page, cancel]
