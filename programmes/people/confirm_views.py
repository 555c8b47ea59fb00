"""Showing that it is still oneself, before something is taken away (`web.guards.recently_confirmed`)."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from programmes.core.i18n import gettext as _
from programmes.people import account_services as services
from programmes.people import pages, queries
from programmes.people.entry_views import back, is_file, provider, sign_in_key, to, words
from programmes.people.second_step_views import wrong_code
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page
from programmes.web.sessions import read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]


def _goes_to(wanted: str) -> str:
    return wanted if is_file(wanted) else back(wanted)


def _above(goes_to: str) -> str:
    """The page that a file is taken from: its address without the ending."""
    return goes_to.partition("?")[0].rpartition(".")[0] if is_file(goes_to) else goes_to


async def _show(request: AnyRequest, form: Form, goes_to: str, status: int = 200) -> Response[Any]:
    person = await queries.account(principal(request).staff_id)
    by = "provider" if person.single_sign_on else "code" if person.enrolled_at else "password"
    found = provider(request)
    name = pages.provider_words(found.about.name) if found else ""
    view = pages.ConfirmPage(form, goes_to, _above(goes_to), by, name, urlencode({"avsikt": "bekrafta", "till": goes_to}))
    return page(request, "people/confirm.html", view, status)


def _done(request: AnyRequest, goes_to: str) -> Response[Any]:
    """A file leaves the page as it is: so this page says that it is done, and has the file on its one button."""
    return page(request, "people/confirmed.html", pages.ConfirmedPage(goes_to, _above(goes_to)), 200)


@get("/personal/bekrafta", guards=[signed_in])
async def confirm_page(request: AnyRequest) -> Response[Any]:
    """Asks for the password or a code; or, back from the provider, says that it is done."""
    goes_to = _goes_to(request.query_params.get("till", ""))
    if request.query_params.get("klart", "") == "ja" and is_file(goes_to):
        return _done(request, goes_to)
    return await _show(request, Form(), goes_to)


@post("/personal/bekrafta", guards=[signed_in], status_code=200)
async def confirm(request: AnyRequest) -> Response[Any]:
    """The password or a code is right: a few minutes in which to take things away, under another session id."""
    form, state = await read_form(request), request.app.state
    person, goes_to = principal(request), _goes_to(form.raw("till"))
    how = await queries.account(person.staff_id)
    now = state.clock.now()
    if how.single_sign_on:
        return to(f"/personal/bekrafta?{urlencode({'till': goes_to})}")
    if how.enrolled_at:
        typed = form.text("kod", 60, _("Skriv koden från din app."))
        answer = None if form.errors else await services.confirm_code(person.staff_id, typed, state.key_folder, now)
        field, wrong = "kod", wrong_code()
    else:
        typed = form.raw("losen")
        if not typed:
            form.fail("losen", _("Skriv ditt lösenord."))
        answer = None if form.errors else await services.confirm_password(person.staff_id, typed, sign_in_key(request), now)
        field, wrong = "losen", _("Lösenordet stämmer inte.")
    if answer is not None:
        form.fail(field, words(answer, wrong))
    if form.errors:
        return await _show(request, form, goes_to, 422)
    fresh = await services.confirmed(person.staff_id, read_cookie(request, "staff"), now)
    response = _done(request, goes_to) if is_file(goes_to) else to(goes_to)
    set_cookie(request, response, "staff", fresh)
    return response


HANDLERS = [confirm_page, confirm]
