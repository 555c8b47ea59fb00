"""Starting a series of talks, and cancelling what is left of what ends early: each with one confirmation."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.desk.changes.told_services import telling_people
from programmes.desk.closing import ending_pages as pages
from programmes.desk.closing import series_services as services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.visits import queries as visit_queries
from programmes.notices import right_services
from programmes.notices.reach_services import reach_by_state
from programmes.notices.rules import Kind
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_TELLS: tuple[Kind, ...] = ("rest_cancelled", "queue_ended")


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


@get("/personal/grupper/{cohort_id:int}/starta-samtal", guards=[signed_in])
async def confirm_start(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What it means that the talks begin, which nothing takes back. To the group when they can't, or have begun."""
    number, now = row_id(cohort_id), request.app.state.clock.now()
    cohort = await services.series(number, principal(request), now)
    if cohort.state != "open" or not await services.somebody_comes(number, now):
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
    """What is left and who hears of it. Back to the checklist when nothing is, or when it is to be decided first."""
    state, number = request.app.state, row_id(cohort_id)
    who, now = principal(request), state.clock.now()
    cohort = await cohorts.mine(who, local_date(now), number)
    left = await cohorts.left(number, now)
    if not await services.ends_now(cohort, len(left), who, now):
        return _to(f"/personal/grupper/{number}/avsluta")
    placed = (await enrolments.places([number], now))[number]
    # Who has an offer waits again, and hears with those who do that the queue is over.
    told = await reach_by_state(number, "rest_cancelled", state.key_folder) if left else {}
    told |= await reach_by_state(number, "queue_ended", state.key_folder)
    programme = await catalogue.programme(cohort.programme_id)
    visits = await visit_queries.coming(number, now)
    nothing = services.comes_to_nothing(cohort, len(left))
    right = await first_right_queries.to_be_given(cohort, now) if cohort.undecided or nothing else None
    others = await right_services.if_cancelled(cohort, _TELLS if left else _TELLS[1:], state.key_folder, now)
    going = pages.GoingFirst(right, nothing, others.first, others.moves_on)
    view = pages.ending_page(cohort, left, placed, told, others.everybody, visits, programme.participants_min, going)
    return page(request, "desk/closing_early.html", view)


@post("/personal/grupper/{cohort_id:int}/avsluta/i-fortid", guards=[signed_in], status_code=303)
async def cancel_rest(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Cancel all that is left."""
    form = await read_form(request)
    number, now = row_id(cohort_id), request.app.state.clock.now()
    async with telling_people(request.app.state.key_folder, principal(request), now):
        await services.cancel_rest(number, form.raw("sett"), principal(request), now, form.raw("vilka") or None)
    return _to(f"/personal/grupper/{cohort_id}/avsluta")


HANDLERS = [confirm_start, start_series, confirm, cancel_rest]
