"""The starts that wait for a decision as a file, for the house."""

from typing import Any

from litestar import Request, Response, get

from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.oversight import queries
from programmes.web.csv_files import csv_file
from programmes.web.guards import principal, recently_confirmed


@get("/personal/starter.csv", guards=[recently_confirmed])
async def starts_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every start that the page has, in its order, in Swedish. Each line says that it stays in the house."""
    now = request.app.state.clock.now()
    found = await queries.undecided(principal(request), now)
    with speaking("sv"):
        heads = (
            _("Märkning"), _("Avsnitt"), _("Grupp"), _("Beslut senast"), _("Första dagen"), _("Minst"), _("Högst"),
            _("Klara"), _("Preliminära"), _("Erbjudna"), _("I kö"), _("Studiebesök kvar"),
        )  # fmt: skip
        rows = [
            (
                _("Internt, sekretess"), one.section, one.name, one.decide_by.isoformat(),
                local_date(one.first_start).isoformat() if one.first_start else "",
                *map(str, (one.minimum, one.maximum, one.confirmed, one.preliminary, one.offered, one.queued, one.visits)),
            )
            for one in found
        ]  # fmt: skip
        return csv_file("starter-internt-sekretess.csv", heads, rows)


HANDLERS = [starts_file]
