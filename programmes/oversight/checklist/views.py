"""The checklist of a cohort, from announcement to erasure; and what is next of every cohort, as somebody's week."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import decision_queries
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.oversight import queries as starts
from programmes.oversight.checklist import pages, queries
from programmes.oversight.cockpit.views import undo_for
from programmes.oversight.decisions.kept_pages import decision_line
from programmes.web.csv_files import csv_file
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
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
    undo = await undo_for(request, way.cohort_id, way.name, way.section)
    mine = who.coordinates(way.section)
    view = pages.checklist_page(way, queries.steps(way, now), local_date(now), mine, decisions, undo)
    return page(request, "oversight/checklist.html", view)


async def _of_others(who: Principal, mine: Sequence[queries.Way], now: datetime) -> list[starts.Start]:
    """Starts that wait for a decision and that a manager does not work with; of their people only how many."""
    if not who.has("manager"):
        return []
    known = {way.cohort_id for way in mine}
    return [start for start in await starts.undecided(who, now) if start.cohort_id not in known]


@get("/personal/veckan", guards=[signed_in])
async def week(request: AnyRequest) -> Response[Any]:
    """The next step of every cohort that one works with, the most urgent first; for managers also every decision. The same
    number of statements however many there are."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    mine = await queries.ways(who, now)
    others = await _of_others(who, mine, now)
    found = queries.week(mine, now)
    view = pages.week_page(found, today, queries.end_of_week(today), who.coordinates, others, who.has("manager"))
    return page(request, "oversight/week.html", view)


@get("/personal/veckan.csv", guards=[recently_confirmed])
async def week_file(request: AnyRequest) -> Response[bytes]:
    """The same list to take home, in Swedish. Each line says that it stays in the house."""
    who, now = principal(request), request.app.state.clock.now()
    mine = await queries.ways(who, now)
    others = await _of_others(who, mine, now)
    uncounted = await catalogue.uncounted({start.programme_id for start in others})
    with speaking("sv"):
        rows = pages.rows(queries.week(mine, now), others, uncounted)
        return csv_file("veckan-internt-sekretess.csv", pages.heads(), rows)


HANDLERS = [checklist, week, week_file]
