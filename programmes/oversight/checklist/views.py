"""The checklist of a cohort, from announcement to erasure; and what is next of every cohort, as somebody's week."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.cohorts import decision_queries
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.oversight.checklist import pages, queries
from programmes.oversight.decisions.pages import decision_line
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/personal/grupper/{cohort_id:int}/checklista", guards=[signed_in])
async def checklist(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Where the cohort is, what is next, who owes it and by when; and what was decided, by whom and why."""
    who, now = principal(request), request.app.state.clock.now()
    found = await queries.ways(who, now, row_id(cohort_id))
    if not found:
        raise NotFound
    way = found[0]
    decisions = [decision_line(line) for line in await decision_queries.history(way.cohort_id)]
    view = pages.checklist_page(way, queries.steps(way, now), local_date(now), who.coordinates(way.section), decisions)
    return page(request, "oversight/checklist.html", view)


@get("/personal/veckan", guards=[signed_in])
async def week(request: AnyRequest) -> Response[Any]:
    """The next step of every cohort that one works with, the most urgent first. The same number of statements however many
    there are."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    found = queries.week(await queries.ways(who, now), now)
    view = pages.week_page(found, today, queries.end_of_week(today), who.coordinates)
    return page(request, "oversight/week.html", view)


HANDLERS = [checklist, week]
