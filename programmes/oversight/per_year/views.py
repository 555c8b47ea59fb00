"""How many starts a year the office wants of each programme: never fewer than the guideline says."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import year_queries, year_services
from programmes.cohorts.wording_rules import said
from programmes.cohorts.year_rules import most_a_year, wanted
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Line:
    """One programme: `required` by the guideline (0: nothing), and the number that stands in the field."""

    field: str
    name: str
    required: int
    value: str


@dataclass(frozen=True)
class NumbersPage:
    lines: tuple[Line, ...]
    form: Form
    saved: bool


async def _mine(request: AnyRequest) -> list[Programme]:
    """The group programmes that the asker coordinates. Raises Forbidden for who coordinates none."""
    today = local_date(request.app.state.clock.now())
    who = principal(request)
    found = [p for _id, p in await catalogue.in_force(today) if p.form == "group" and who.coordinates(p.section)]
    if not found:
        raise Forbidden
    return found


def _field(programme: Programme) -> str:
    return f"antal-{programme.section}"


async def _show(request: AnyRequest, mine: list[Programme], form: Form, status: int = 200) -> Response[Any]:
    numbers = wanted({p.section: p.starts_per_year_min for p in mine}, await year_queries.by_office())
    lines = tuple(
        Line(
            _field(p),
            f"{p.section} {p.short_name}",
            p.starts_per_year_min or 0,
            form.raw(_field(p)) if form.values else str(numbers[p.section] or 0),
        )
        for p in mine
    )
    view = NumbersPage(lines, form, "sparat" in request.query_params)
    return page(request, "oversight/per_year.html", view, status)


@get("/personal/starter/per-ar", guards=[signed_in])
async def numbers_page(request: AnyRequest) -> Response[Any]:
    """The numbers as they are."""
    return await _show(request, await _mine(request), Form())


@post("/personal/starter/per-ar", guards=[signed_in], status_code=200)
async def numbers(request: AnyRequest) -> Response[Any]:
    """Save them, or say beside each what is wrong; then none is saved."""
    mine, form = await _mine(request), await read_form(request)
    typed = {p.section: form.number(_field(p), p.starts_per_year_min or 0, most_a_year(p.starts_per_year_min)) for p in mine}
    if form.errors:
        return await _show(request, mine, form, 422)
    for programme in mine:
        refused = await year_services.set_number(
            programme.section,
            programme.starts_per_year_min,
            typed[programme.section],
            principal(request),
            request.app.state.clock.now(),
        )
        for reason in refused:
            form.fail(_field(programme), said(reason))
    if form.errors:
        return await _show(request, mine, form, 422)
    return Response("", status_code=303, headers={"location": "/personal/starter/per-ar?sparat=1"})


HANDLERS = [numbers_page, numbers]
