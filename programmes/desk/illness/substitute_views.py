"""The question to whoever is asked to stand in, and their answer."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core.errors import NotFound
from programmes.desk.illness import pages
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness import substitute_services as services
from programmes.desk.illness.substitute_services import Why
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _show(request: AnyRequest, request_id: int, said: Why | None = None) -> Response[Any]:
    who, now = principal(request), request.app.state.clock.now()
    asked, why = await services.question(row_id(request_id), who, now)
    session = await queries.session(asked.session_id)
    cohort = await cohorts.by_id(session.cohort_id)
    programme = (await catalogue.programme(cohort.programme_id)).short_name
    view = pages.request_page(asked, cohort, session, programme, said or why)
    return page(request, "desk/substitute.html", view, 409 if said else 200)


@get("/personal/vikariat/{request_id:int}", guards=[signed_in])
async def question(request: AnyRequest, request_id: FromPath[int]) -> Response[Any]:
    """When, where and for whom; only for who was asked."""
    return await _show(request, request_id)


@post("/personal/vikariat/{request_id:int}", guards=[signed_in], status_code=200)
async def answer(request: AnyRequest, request_id: FromPath[int]) -> Response[Any]:
    """Yes or no, with one tap."""
    said = (await read_form(request)).raw("svar")
    if said not in {"ja", "nej"}:
        raise NotFound
    why = await services.answer(row_id(request_id), said == "ja", principal(request), request.app.state.clock.now())
    if why:
        return await _show(request, request_id, why)
    return Response("", status_code=303, headers={"location": f"/personal/vikariat/{request_id}"})


HANDLERS = [question, answer]
