"""The sheet of slips: on screen to be printed, and as PDF."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anyio import to_thread
from litestar import Request, Response, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core import codes
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.typesetting import typeset
from programmes.evaluation import pages
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_SHEET = Path(__file__).with_name("slips.typ")
# No group has more places (the constraint `limits_in_order` of cohort).
_MOST = 200


def sheet(request: AnyRequest, printed: Sequence[str], name: str, above: str, in_group: bool) -> Response[Any]:
    """Fresh slips, shown this once: to print from the screen, or to take as PDF."""
    base = request.app.state.settings.base_url
    view = {
        "name": name,
        "above": above,
        "here": f"{above}/utvardering" if in_group else above,
        "pdf": f"{above}/utvardering/lappar.pdf" if in_group else f"{above}.pdf",
        "codes": " ".join(printed),
        "in_group": in_group,
        "promise": pages.promise(),
        "slips": pages.slips(printed, base),
        "address": pages.short_address(base),
    }
    return page(request, "evaluation/slips.html", view)


async def common_of(request: AnyRequest) -> list[Programme]:
    """The individual forms that are evaluated and that this person coordinates."""
    who, today = principal(request), local_date(request.app.state.clock.now())
    return [
        p
        for _id, p in await catalogue.in_force(today)
        if p.form == "individual" and p.evaluation != "off" and who.coordinates(p.section)
    ]


@post("/personal/grupper/{cohort_id:int}/utvardering/lappar.pdf", guards=[signed_in], status_code=200)
async def sheet_of_group(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The sheet that is on the screen, as PDF."""
    await cohorts.mine(principal(request), local_date(request.app.state.clock.now()), row_id(cohort_id))
    return await _as_pdf(request, f"/personal/grupper/{cohort_id}/utvardering")


@post("/personal/utvarderingar/lador.pdf", guards=[signed_in], status_code=200)
async def sheet_of_common_box(request: AnyRequest) -> Response[Any]:
    """The same for an individual form's common box."""
    if not await common_of(request):
        raise NotFound
    return await _as_pdf(request, "/personal/utvarderingar/lador")


async def _as_pdf(request: AnyRequest, here: str) -> Response[Any]:
    """The codes come from the page that shows them. Nothing here asks which of them are good: that would tell how many have
    answered."""
    typed = (await read_form(request)).raw("koder").split()
    found = [code for code in map(codes.normalised, typed) if code]
    if not found or len(found) != len(typed) or len(found) > _MOST:
        return Response("", status_code=303, headers={"location": here})
    made = await to_thread.run_sync(typeset, _SHEET, pages.sheet(found, request.app.state.settings.base_url))
    headers = {"content-disposition": 'attachment; filename="lappar.pdf"', "cache-control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)
