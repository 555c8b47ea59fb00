"""Starting a series of talks, and cancelling what is left of what ends early: each with one confirmation."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.desk.closing import ending_pages as pages
from programmes.desk.closing import series_services as services
from programmes.notices.reach_services import reach
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


@get("/personal/grupper/{cohort_id:int}/starta-samtal", guards=[signed_in])
async def confirm_start(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What it means that the talks begin, which nothing takes back. To the group when they can't, or have begun."""
    number = row_id(cohort_id)
    cohort = await services.series(number, principal(request), request.app.state.clock.now())
    if cohort.state != "open" or not await services.somebody_comes(number):
        return _to(f"/personal/grupper/{number}")
    view = pages.start_page(cohort, await services.unshown_ages(number))
    return page(request, "desk/series_start.html", view)


@post("/personal/grupper/{cohort_id:int}/starta-samtal", guards=[signed_in], status_code=303)
async def start_series(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The talks begin: whoever works with the series says so."""
    await services.start_series(row_id(cohort_id), principal(request), request.app.state.clock.now())
    return _to(f"/personal/grupper/{cohort_id}")


@get("/personal/grupper/{cohort_id:int}/avsluta/i-fortid", guards=[signed_in])
async def confirm(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What is left and who hears of it. Back to the checklist when nothing is, or when it has not started."""
    state, number = request.app.state, row_id(cohort_id)
    now = state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), number)
    sessions = await cohorts.sessions(number)
    left = [s for s in sessions if s.state in {"planned", "moved"} and s.starts_at > now]
    if not left or not services.ends_early(cohort.state, cohort.form, "held" in {s.state for s in sessions}):
        return _to(f"/personal/grupper/{number}/avsluta")
    told = await reach(number, "rest_cancelled", state.key_folder)
    return page(request, "desk/closing_early.html", pages.ending_page(cohort, left, told))


@post("/personal/grupper/{cohort_id:int}/avsluta/i-fortid", guards=[signed_in], status_code=303)
async def cancel_rest(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Cancel all that is left."""
    form = await read_form(request)
    now = request.app.state.clock.now()
    await services.cancel_rest(row_id(cohort_id), form.raw("sett"), principal(request), now)
    return _to(f"/personal/grupper/{cohort_id}/avsluta")


HANDLERS = [confirm_start, start_series, confirm, cancel_rest]
