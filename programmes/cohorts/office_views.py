"""Who works with a cohort. Coordinators only."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import office_pages as pages
from programmes.cohorts import office_services as services
from programmes.cohorts import queries
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden
from programmes.core.i18n import gettext as _
from programmes.people.queries import leaders
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _back(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


async def _show_workers(request: AnyRequest, cohort_id: int, form: Form, status: int = 200) -> Response[Any]:
    who, today = principal(request), local_date(request.app.state.clock.now())
    cohort = await queries.mine(who, today, row_id(cohort_id))
    if not who.coordinates(cohort.section):
        raise Forbidden
    view = pages.WorkersPage(
        cohort_id,
        cohort.name,
        pages.worker_lines(await services.workers(cohort_id, today)),
        tuple((person.staff_id, person.name) for person in await leaders(cohort.section)),
        form,
    )
    return page(request, "cohorts/workers.html", view, status)


@get("/personal/grupper/{cohort_id:int}/ledare", guards=[signed_in])
async def workers_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Who works with a cohort."""
    return await _show_workers(request, cohort_id, Form())


@post("/personal/grupper/{cohort_id:int}/ledare", guards=[signed_in], status_code=200)
async def change_workers(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Let somebody in, as leader or as a substitute until a day, or take somebody out."""
    who, now = principal(request), request.app.state.clock.now()
    form = await read_form(request)
    cohort = await queries.mine(who, local_date(now), row_id(cohort_id))
    known = [str(person.staff_id) for person in await leaders(cohort.section)]
    if form.ticked("bort"):
        present = await services.workers(row_id(cohort_id), local_date(now))
        chosen = form.choice("bort", [str(worker.staff_id) for worker in present])
        refused = await services.take_out(row_id(cohort_id), int(chosen), who, now) if chosen else []
    else:
        chosen = form.choice("vem", known, _("Välj vem."))
        substitute = form.choice("roll", ["ledare", "vikarie"], _("Välj gruppledare eller vikarie.")) == "vikarie"
        until = form.day("till") if substitute else None
        if form.errors:
            return await _show_workers(request, cohort_id, form, 422)
        refused = await services.let_in(row_id(cohort_id), int(chosen), until, who, now, meant=form.meant)
    form.asked |= pages.signs(refused)
    form.fail_all((reason.beside, pages.said(reason)) for reason in refused)
    if form.errors:
        return await _show_workers(request, cohort_id, form, 422)
    return _back(f"/personal/grupper/{cohort_id}/ledare")


HANDLERS = [workers_page, change_workers]
