"""The page where staff find somebody by exactly what is known of them."""

from typing import Any

from litestar import Request, Response, get, post

from programmes.core.i18n import gettext as _
from programmes.enrolment.records import search_pages as pages
from programmes.enrolment.records import search_services
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _show(request: AnyRequest, form: Form, hits: tuple[pages.Hit, ...] | None, status: int = 200) -> Response[Any]:
    return page(request, "enrolment/search.html", pages.SearchPage(form, hits), status)


@get("/personal/sok", guards=[signed_in])
async def search_page(request: AnyRequest) -> Response[Any]:
    """The form. Nothing of a search stands in an address."""
    require_role(request, "leader", "coordinator")
    return _show(request, Form(), None)


@post("/personal/sok", guards=[signed_in], status_code=200)
async def search(request: AnyRequest) -> Response[Any]:
    """Whom exactly this leads to."""
    who, state = require_role(request, "leader", "coordinator"), request.app.state
    form = await read_form(request)
    typed = form.text("vem", 120, _("Skriv ett nummer, ett namn eller en kontaktväg."))
    if form.errors:
        return _show(request, form, None, 422)
    now = state.clock.now()
    try:
        async with looking(who, "search", now) as look:
            found = await search_services.search(typed, look, state.key_folder, now)
    except search_services.TooMany as too_many:
        form.fail("vem", pages.wait(too_many.minutes))
        return _show(request, form, None, 429)
    hits = tuple(pages.hit(one.facts, one.cohort, label) for one, label in found)
    return _show(request, Form(), hits)


HANDLERS = [search_page, search]
