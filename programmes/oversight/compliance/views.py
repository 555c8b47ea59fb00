"""What has to be in order, for the manager."""

from typing import Any

from litestar import Request, Response, get

from programmes.core.i18n import speaking
from programmes.oversight.compliance import pages, queries
from programmes.web.csv_files import csv_file
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _view(request: AnyRequest) -> pages.CompliancePage:
    state = request.app.state
    return pages.compliance_page(await queries.compliance(state.clock.now()), state.settings.board_decision)


@get("/personal/efterlevnad", guards=[signed_in])
async def compliance(request: AnyRequest) -> Response[Any]:
    """Exemptions, groups, lists and reviews that are not in order, and editions to come."""
    require_role(request, "manager")
    return page(request, "oversight/compliance.html", await _view(request))


@get("/personal/efterlevnad.csv", guards=[recently_confirmed])
async def compliance_file(request: AnyRequest) -> Response[bytes]:
    """The same to take home, in Swedish. Each line says that it stays in the house."""
    require_role(request, "manager")
    with speaking("sv"):
        return csv_file("efterlevnad-internt-sekretess.csv", pages.heads(), pages.rows(await _view(request)))


HANDLERS = [compliance, compliance_file]
