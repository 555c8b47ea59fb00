"""A group's list of people to ring, because no mail can tell them."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.desk.group import calls_pages as pages
from programmes.desk.group import calls_services as services
from programmes.notices.leaving_services import leaving
from programmes.notices.queries import under_way
from programmes.people.looks import looking
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/personal/grupper/{cohort_id:int}/ring", guards=[signed_in])
async def calls(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Whom to ring, and about what. The number stands on each person's page."""
    who, state = principal(request), request.app.state
    now = state.clock.now()
    cohort = await cohorts.mine(who, local_date(now), row_id(cohort_id))
    async with looking(who, "ring", now) as look:
        found = await services.calls([cohort.cohort_id], state.key_folder, look, now, everybody=True)
    on = await under_way(cohort.cohort_id, await leaving(cohort.cohort_id, state.key_folder, now))
    alone = len(await services.alone(cohort.cohort_id, state.key_folder, now))
    return page(request, "desk/calls.html", pages.calls_page(cohort.cohort_id, cohort.name, found, on, now, alone))


@post("/personal/grupper/{cohort_id:int}/ring", guards=[signed_in], status_code=303)
async def told(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """One of them has been told."""
    form = await read_form(request)
    try:
        enrolment_id = UUID(form.raw("vem"))
        notices = [UUID(told) for told in form.all("besked")[:100]]
        pairs = [seen.partition(":") for seen in form.all("sett")[:100]]
        marks = {UUID(number): mark for number, _, mark in pairs}
    except ValueError as error:
        raise NotFound from error
    state = request.app.state
    await services.told(
        row_id(cohort_id), enrolment_id, notices, state.key_folder, principal(request), state.clock.now(), marks
    )
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/ring"})


HANDLERS = [calls, told]
