"""What was sent to a group."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.desk.group import again_services, calls_services
from programmes.desk.group import sent_pages as pages
from programmes.desk.group import sent_queries as queries
from programmes.notices.leaving_services import leaving
from programmes.notices.queries import under_way
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page


@get("/personal/grupper/{cohort_id:int}/besked", guards=[signed_in])
async def sent(request: Request[Any, Any, Any], cohort_id: FromPath[int]) -> Response[Any]:
    """Kind and time of what was sent, and what failed; never text, and nobody by name."""
    now = request.app.state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), row_id(cohort_id))
    calls = await calls_services.calls([cohort.cohort_id], request.app.state.key_folder, None, now)
    still = frozenset[UUID]().union(*[call.notices for call in calls])
    goes = await leaving(cohort.cohort_id, request.app.state.key_folder, now)
    found = await queries.sendings(cohort.cohort_id, pages.MOST + 1, still, goes)
    on = await under_way(cohort.cohort_id, goes)
    return page(request, "desk/sent.html", pages.sent_page(cohort.cohort_id, cohort.name, found, calls, now, on))


@post("/personal/grupper/{cohort_id:int}/besked", guards=[signed_in], status_code=303)
async def send_again(request: Request[Any, Any, Any], cohort_id: FromPath[int]) -> Response[Any]:
    """What did not reach people goes to the addresses that they have given since."""
    form = await read_form(request)
    try:
        shown = [UUID(number) for number in form.all("besked")[:1000]]
    except ValueError as error:
        raise NotFound from error
    state = request.app.state
    await again_services.send_again(row_id(cohort_id), shown, principal(request), state.key_folder, state.clock.now())
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/besked"})


HANDLERS = [sent, send_again]
