"""Sign-in and sign-out for staff."""

import re
from typing import Any

from litestar import Request, Response, get, post

from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.people import services
from programmes.web.forms import Form, read_form
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]
_STAFF_PAGE = re.compile(r"/personal(/[A-Za-z0-9_-]+)*(\?[A-Za-z0-9_.%+=&-]*)?")


def _back(wanted: str) -> str:
    """Where to go after signing in: only to a staff page of ours."""
    return wanted if len(wanted) < 200 and _STAFF_PAGE.fullmatch(wanted) else "/personal/idag"


def _show(request: AnyRequest, form: Form, back: str, status: int, out: str = "") -> Response[Any]:
    return page(request, "people/sign_in.html", {"form": form, "back": back, "out": out}, status)


@get("/logga-in")
async def sign_in_page(request: AnyRequest) -> Response[Any]:
    """The sign-in form."""
    out = request.query_params.get("ut", "")
    return _show(request, Form(), _back(request.query_params.get("till", "")), 200, out)


@post("/logga-in", status_code=200)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Sign in with a fresh session id, whatever cookie was sent along."""
    form = await read_form(request)
    state = request.app.state
    back = _back(form.raw("till"))
    username = form.text("anv", 100, _("Skriv ditt användarnamn."))
    if not form.raw("losen"):
        form.fail("losen", _("Skriv ditt lösenord."))
    if form.errors:
        return _show(request, form, back, 422)
    key, earlier = state.key_folder.service_key("sign-in"), read_cookie(request, "staff")
    answer = await services.sign_in(username, form.raw("losen"), key, state.clock.now(), earlier)
    if isinstance(answer, services.NotAdmitted):
        form.fail("anv", _refused(answer))
        return _show(request, form, back, 422)
    response = Response("", status_code=303, headers={"location": back})
    set_cookie(request, response, "staff", answer.token)
    return response


def _refused(answer: services.NotAdmitted) -> str:
    if answer.wait_seconds:
        return ngettext(
            "För många försök. Vänta %(n)s sekund och försök igen.",
            "För många försök. Vänta %(n)s sekunder och försök igen.",
            answer.wait_seconds,
        )
    return _("Namnet eller lösenordet stämmer inte.")


@post("/logga-ut", status_code=303)
async def sign_out(request: AnyRequest) -> Response[Any]:
    """End the session and forget the cookie."""
    token = read_cookie(request, "staff")
    if token:
        await services.sign_out(token)
    response = Response("", status_code=303, headers={"location": "/logga-in"})
    drop_cookie(request, response, "staff")
    return response


HANDLERS = [sign_in_page, sign_in, sign_out]
