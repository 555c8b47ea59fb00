"""Sign-in and sign-out for staff."""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Request, Response, get, post

from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.people import pages, queries, services
from programmes.people import single_sign_on_services as single_sign_on
from programmes.people.entry_views import (
    LEFT,
    back,
    browser,
    came_by_account,
    is_shared,
    let_in,
    provider,
    remember,
    sign_in_key,
    to,
    words,
)
from programmes.people.provider_services import ProviderProblem
from programmes.web.form_tokens import SHOWN_AGAIN, renew_form_token, set_form_token
from programmes.web.forms import Form, read_form
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

log = structlog.get_logger()
# For so long the sign-in page says that somebody has signed out, once: signing out at the provider takes a while.
_SAYS_SO = 600
AnyRequest = Request[Any, Any, Any]


def show_sign_in(
    request: AnyRequest,
    form: Form,
    goes_to: str,
    status: int,
    out: str = "",
    problem: tuple[str, str] = ("", ""),
) -> Response[Any]:
    """The sign-in page, with what was wrong."""
    found, settings = provider(request), request.app.state.settings
    name = pages.provider_words(found.about.name) if found else ""
    view = pages.SignInPage(form, goes_to, out, name, settings.local_accounts, problem, is_shared(request))
    return page(request, "people/sign_in.html", view, status)


@get("/logga-in")
async def sign_in_page(request: AnyRequest) -> Response[Any]:
    """The sign-in form."""
    out, goes_to = request.query_params.get("ut", ""), back(request.query_params.get("till", ""))
    state, token = request.app.state, read_cookie(request, "staff")
    if out == "steg" and token and await state.load_principal(token, state.clock.now()):
        # The second step was over because another tab had taken it.
        return to(goes_to)
    left = read_cookie(request, LEFT)
    response = show_sign_in(request, Form(), goes_to, 200, out or (left and "sjalv"))
    if left:
        drop_cookie(request, response, LEFT)
    return response


async def again(request: AnyRequest) -> Response[Any]:
    """A page of ours sent it with a token of before, as after signing in in another tab: nothing of it is done. Who is
    signed in already as that person, and no less carefully than they ask for now, goes on; else the page comes anew."""
    form, state = await read_form(request), request.app.state
    goes_to, token = back(form.raw("till")), read_cookie(request, "staff")
    asked = await queries.principal_named(form.text("anv", 100, ""))
    there = await state.load_principal(token, state.clock.now()) if token and asked else None
    if there and asked and there.staff_id == asked.staff_id and (is_shared(request) or not form.ticked("delad")):
        return to(goes_to)
    form.errors.clear()
    form.fail("losen", _("Skriv lösenordet igen."))
    return show_sign_in(request, form, goes_to, 403, "flik")


@post("/logga-in", status_code=200, opt={SHOWN_AGAIN: again})
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Sign in with a fresh session id, whatever cookie was sent along; or go on to the code."""
    form = await read_form(request)
    state = request.app.state
    if not state.settings.local_accounts:
        raise NotFound
    goes_to = back(form.raw("till"))
    username = form.text("anv", 100, _("Skriv ditt användarnamn."))
    if not form.raw("losen"):
        form.fail("losen", _("Skriv ditt lösenord."))
    if form.errors:
        return show_sign_in(request, form, goes_to, 422)
    shared = _is_shared(request, form)
    answer = await services.sign_in(
        username,
        form.raw("losen"),
        sign_in_key(request),
        state.clock.now(),
        browser(request, shared),
        state.settings.second_factor,
    )
    if isinstance(answer, services.NotAdmitted):
        form.fail("anv", words(answer, _("Namnet eller lösenordet stämmer inte.")))
        return show_sign_in(request, form, goes_to, 422)
    if isinstance(answer, services.SecondStep):
        response = to(f"/logga-in/{'skaffa-kod' if answer.enrol else 'kod'}?{urlencode({'till': goes_to})}")
        drop_cookie(request, response, "staff")
        set_cookie(request, response, "steg", answer.token)
        set_form_token(request, response)
        if shared != is_shared(request):
            remember(request, response, shared)
        return response
    return let_in(request, to(goes_to), answer, shared)


def _is_shared(request: AnyRequest, form: Form) -> bool:
    """Whether the device is shared: they say so, or somebody has before, and they were not asked whether it still is. An
    empty box says no only where it was shown ticked."""
    return form.ticked("delad") or (is_shared(request) and form.raw("delad_var") != "ja")


@post("/logga-ut", status_code=303)
async def sign_out(request: AnyRequest) -> Response[Any]:
    """End the session and forget the cookie; who came by single sign-on is led to the provider to sign out there too."""
    token = read_cookie(request, "staff")
    hint = await services.sign_out(token) if token else None
    # A session that has ended by itself, as on a shared device, has left no token; the provider may know them all the same.
    by_account = hint is not None or came_by_account(request)
    # Before the page, whose forms bear it.
    renew_form_token(request)
    response = await _there_too(request, hint) if by_account else to("/logga-in")
    set_form_token(request, response)
    drop_cookie(request, response, "staff")
    # Said on the page that they come to, also by way of the provider, whose way back has one fixed address.
    set_cookie(request, response, LEFT, "ja", _SAYS_SO)
    remember(request, response, is_shared(request))
    return response


async def _there_too(request: AnyRequest, hint: bytes | None) -> Response[Any]:
    """A page of its own: a form must not lead to another site (content security policy), a page that is shown may."""
    found, state = provider(request), request.app.state
    if found is None:
        return to("/logga-in")
    try:
        known = single_sign_on.id_token(hint, state.key_folder) if hint else ""
        address = await found.way_out(known, state.clock.now())
    except ProviderProblem as error:
        log.warning("not_signed_out_there", reason=error.reason)
        address = ""
    return page(request, "people/signed_out.html", pages.SignedOutPage(pages.provider_words(found.about.name), address), 200)


HANDLERS = [sign_in_page, sign_in, sign_out]
