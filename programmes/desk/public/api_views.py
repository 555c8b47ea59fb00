"""The public interface for programs, `/api/v1/`: the catalogue with its starts and places, as on the public pages.

It reads nothing but what anybody can see, sets no cookie, knows nobody, and may be read from any web page. An answer may be
kept, and is asked about again before it is used: places that are gone are never shown from a store.
"""

import hashlib
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Tag
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.desk.public import api_pages as pages
from programmes.desk.public import api_schema_pages
from programmes.desk.public import views as public
from programmes.web.guards import no_parameters

AnyRequest = Request[Any, Any, Any]
_TAG = Tag("catalogue", "What there is, when it starts, and whether there are places. No personal data.")
# So that its shape is known; `api_schema_pages` has the rest of every answer, with examples.
_PROBLEM = {404: ResponseSpec(pages.Problem, generate_examples=False, media_type="application/problem+json")}


def _answer(request: AnyRequest, found: object) -> Response[Any]:
    """The answer with its tag, or 304 when the asker has it."""
    body = found if isinstance(found, bytes) else msgspec.json.encode(found)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "public, no-cache"}
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _programmes(request: AnyRequest) -> list[pages.ApiProgramme]:
    office, base = public.office_of(request), request.app.state.settings.base_url
    starts, openings = await public.starts_of(office), await public.openings_of(office, public.TIMES_SHOWN)
    return [
        pages.programme(p, public.of_programme(p, starts), [o for slug, o in openings if slug == p.slug], office, base)
        for _, p in await catalogue.in_force(office.today)
    ]


@get("/api/v1/programmes", guards=[no_parameters], tags=[_TAG.name], summary="All programmes", operation_id="programmes")
async def list_all(request: AnyRequest) -> Response[pages.ApiList]:
    """Every programme of the guideline's edition in force, with its starts and opening times."""
    office = public.office_of(request)
    return _answer(request, pages.ApiList(office.municipality, office.today, await _programmes(request)))


@get(
    "/api/v1/programmes/{slug:str}",
    guards=[no_parameters],
    tags=[_TAG.name],
    summary="One programme",
    operation_id="programme",
    responses=_PROBLEM,
)
async def show_one(request: AnyRequest, slug: FromPath[str]) -> Response[pages.ApiProgramme]:
    """One programme by the last part of its page's address. Raises NotFound."""
    office, base = public.office_of(request), request.app.state.settings.base_url
    _, programme = await catalogue.by_slug(slug, office.today)
    starts = public.of_programme(programme, await public.starts_of(office, slug))
    openings = [o for of_slug, o in await public.openings_of(office, public.TIMES_SHOWN) if of_slug == slug]
    return _answer(request, pages.programme(programme, starts, openings, office, base))


@get("/api/v1/starts", guards=[no_parameters], tags=[_TAG.name], summary="All starts", operation_id="starts")
async def list_starts(request: AnyRequest) -> Response[pages.ApiStarts]:
    """Every start that one can apply to on the web, or soon can, soonest first."""
    office = public.office_of(request)
    starts = [start for found in await _programmes(request) for start in found.starts]
    return _answer(
        request,
        pages.ApiStarts(office.municipality, office.today, sorted(starts, key=pages.soonest)),
    )


_DESCRIBED = (list_all, show_one, list_starts)


@cache
def _schema() -> bytes:
    """The description of the handlers above, by an application that has nothing but them."""
    config = OpenAPIConfig(
        title="Programmes, starts and places",
        version="1",
        description="The catalogue with its starts and places, as the public pages show it. No personal data. An answer"
        " may be kept, and is asked about again with `If-None-Match` before it is used. It may be read from any web page."
        " No operation takes parameters in the query: an answer is always the whole, and one that is asked for with a"
        " parameter is refused, so that nobody takes the whole for a part.",
        tags=[_TAG],
    )
    # It is asked for its description and nothing else: Litestar's own logging would write the addresses of requests.
    described = Litestar(route_handlers=list(_DESCRIBED), openapi_config=config, logging_config=None)
    return msgspec.json.encode(api_schema_pages.described(described.openapi_schema.to_schema()))


@get("/schema/openapi.json", sync_to_thread=False)
def schema(request: AnyRequest) -> Response[Any]:
    """The description of the interface, as OpenAPI. Pages that show it would need scripts of others: there are none."""
    return _answer(request, _schema())


HANDLERS = [*_DESCRIBED, schema]
