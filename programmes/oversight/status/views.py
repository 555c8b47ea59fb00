"""How the service is, for staff."""

from typing import Any

from litestar import Request, Response, get

from programmes.core import backup_trace
from programmes.desk.today import unreached_queries
from programmes.oversight.status import metrics_queries, pages
from programmes.web.guards import signed_in
from programmes.web.rendering import page


@get("/personal/lage", guards=[signed_in])
async def status(request: Request[Any, Any, Any]) -> Response[Any]:
    """What works and what doesn't, in plain words."""
    state = request.app.state
    now = state.clock.now()
    waits, backup = await metrics_queries.waiting(now), (await backup_trace.seen()).get("backup")
    done_at = backup.done_at if backup else None
    unreached = tuple(one.name for one in await unreached_queries.unreached(now))
    view = pages.status_page(waits.counts, waits.worker_at, state.key_folder.usable(), done_at, now, unreached)
    return page(request, "oversight/status.html", view)


HANDLERS = [status]
