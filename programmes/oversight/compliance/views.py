"""What has to be in order, for the manager."""

from typing import Any

from litestar import Request, Response, get

from programmes.oversight.compliance import pages, queries
from programmes.web.guards import require_role, signed_in
from programmes.web.rendering import page


@get("/personal/efterlevnad", guards=[signed_in])
async def compliance(request: Request[Any, Any, Any]) -> Response[Any]:
    """Exemptions, groups, lists and reviews that are not in order, and editions to come."""
    require_role(request, "manager")
    state = request.app.state
    view = pages.compliance_page(await queries.compliance(state.clock.now()), state.settings.board_decision)
    return page(request, "oversight/compliance.html", view)


HANDLERS = [compliance]
