"""How the service is, for staff."""

from typing import Any

from litestar import Request, Response, get

from programmes.desk.group import calls_services
from programmes.desk.today import unreached_queries
from programmes.notices.reach_services import away
from programmes.oversight.status import metrics_queries, pages
from programmes.web.guards import signed_in
from programmes.web.rendering import page


@get("/personal/lage", guards=[signed_in])
async def status(request: Request[Any, Any, Any]) -> Response[Any]:
    """What works and what doesn't, in plain words."""
    state = request.app.state
    now = state.clock.now()
    waits = await metrics_queries.waiting(now)
    unreached = tuple(one.name for one in await unreached_queries.unreached(now))
    usable, gone = state.key_folder.usable(), await away()
    untold, held = await calls_services.unreached(now), state.key_folder.waits_for_restore()
    lacking = state.key_folder.lasting_keys_away()
    view = pages.status_page(
        waits.counts, waits.worker_at, usable, waits.backup_at, now, unreached, gone, untold, held, lacking
    )
    return page(request, "oversight/status.html", view)


HANDLERS = [status]
