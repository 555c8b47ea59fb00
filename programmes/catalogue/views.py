"""Pages of the catalogue itself: how data is handled, accessibility and contact."""

from datetime import date
from typing import Any

from litestar import Request, Response, get

from programmes.catalogue import pages
from programmes.core.retention import amount_of
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# The day the accessibility of this release was last gone through; the statement must say it.
_STATEMENT_OF = date(2026, 11, 22)


@get("/uppgifter")
async def data_page(request: AnyRequest) -> Response[Any]:
    """How data is handled."""
    return page(request, "catalogue/data.html", pages.DataPage(await amount_of("protected_record")))


@get("/tillganglighet")
async def accessibility_page(request: AnyRequest) -> Response[Any]:
    """The accessibility statement that the law on accessibility of digital public service asks for."""
    return page(request, "catalogue/accessibility.html", _STATEMENT_OF)


@get("/kontakt")
async def contact_page(request: AnyRequest) -> Response[Any]:
    """How to reach the office."""
    return page(request, "catalogue/contact.html")


HANDLERS = [data_page, accessibility_page, contact_page]
