"""Striking released words that point to somebody: one at a time, by the programme's coordinator."""

import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue.rules import Programme
from programmes.core.i18n import gettext as _
from programmes.evaluation import strike_queries as queries
from programmes.evaluation import strike_services as services
from programmes.evaluation.result_pages import half_year_title
from programmes.evaluation.strike_queries import Shown
from programmes.evaluation.told_views import coordinated_words
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/utvarderingar/{slug:str}/stryk"


async def _show(
    request: AnyRequest, programme: Programme, found: list[Shown], form: Form | None = None, status: int = 200
) -> Response[Any]:
    def lines(kind: str) -> list[tuple[str, str, str]]:
        return [
            (one.key, one.words, half_year_title(one.half_year) if one.half_year else _("Väntar på fler svar"))
            for one in found
            if one.kind == kind
        ]

    view = {
        "programme": programme,
        "own_words": lines("own_words"),
        "comments": lines("comment"),
        "form": form or Form(),
    }
    return page(request, "evaluation/strike.html", view, status)


def _gone(wanted: str, found: list[Shown]) -> str:
    """What became of words that an old page named and that don't stand there any more; nothing where none were named."""
    if not re.fullmatch("[0-9a-f]{32}", wanted) or any(one.key == wanted for one in found):
        return ""
    if any(one.waited_as(wanted) for one in found):
        return _("Orden står inte där de stod när du öppnade sidan, för svaren har visats sedan dess. Välj dem igen.")
    return _("Det är redan struket.")


@get(_PAGE, guards=[signed_in])
async def strike_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """All words of the programme that are shown."""
    programme = await coordinated_words(request, slug)
    return await _show(request, programme, await queries.shown(programme.section))


@post(_PAGE, guards=[signed_in], status_code=303)
async def strike(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Strike one of them for good."""
    programme = await coordinated_words(request, slug)
    form = await read_form(request)
    found = await queries.shown(programme.section)
    if gone := _gone(form.raw("vad"), found):
        form.fail("vad", gone)
        return await _show(request, programme, found, form, 409)
    wanted = form.choice("vad", [one.key for one in found], _("Välj det som ska strykas."))
    if not form.ticked("bort"):
        form.fail("bort", _("Kryssa i att det ska strykas för gott."))
    if form.errors:
        return await _show(request, programme, found, form, 422)
    chosen = next(one for one in found if one.key == wanted)
    who, now = principal(request), request.app.state.clock.now()
    if not await services.strike(programme.section, chosen, who.staff_id, now):
        form.fail("vad", _("Det är redan struket."))
        return await _show(request, programme, await queries.shown(programme.section), form, 409)
    return Response("", status_code=303, headers={"location": f"/personal/utvarderingar?insats={programme.slug}"})


HANDLERS = [strike_page, strike]
