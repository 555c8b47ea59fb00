"""Between the password and the session: the code, or setting up the app that gives it."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from programmes.core.i18n import gettext as _
from programmes.people import factor_services as services
from programmes.people import pages, queries
from programmes.people.entry_views import back, browser, issuer, let_in, to
from programmes.people.pages import refused
from programmes.people.queries import HalfFacts
from programmes.people.views import again
from programmes.web.form_tokens import SHOWN_AGAIN, renew_form_token
from programmes.web.forms import Form, read_form
from programmes.web.rendering import page
from programmes.web.sessions import read_cookie

AnyRequest = Request[Any, Any, Any]


async def _half(request: AnyRequest, kind: str) -> HalfFacts | None:
    token = read_cookie(request, "steg")
    found = await queries.half_sign_in(token, request.app.state.clock.now()) if token else None
    return found if found and found.kind == kind else None


def _too_late(goes_to: str) -> Response[Any]:
    return to(f"/logga-in?{urlencode({'ut': 'steg', 'till': goes_to})}")


def _ask(request: AnyRequest, form: Form, goes_to: str, name: str, status: int) -> Response[Any]:
    return page(request, "people/code.html", pages.CodePage(form, goes_to, name), status)


@get("/logga-in/kod")
async def code_page(request: AnyRequest) -> Response[Any]:
    """Where the code is typed; without the password before it, the sign-in page."""
    goes_to = back(request.query_params.get("till", ""))
    half = await _half(request, "code")
    if half is None:
        return _too_late(goes_to)
    return _ask(request, Form(), goes_to, half.username, 200)


async def _code_again(request: AnyRequest) -> Response[Any]:
    """It bears a token of before, so nothing of it is done and its code is not looked at. Whose other tab has finished goes
    on; who has the code before them types it again (decision 85)."""
    form, half = await read_form(request), await _half(request, "code")
    if half is None or half.username != form.raw("anv"):
        return await again(request)
    form.fail("kod", _type_again())
    return _ask(request, form, back(form.raw("till")), half.username, 403)


def _type_again() -> str:
    return _("Sidan var för gammal. Skriv koden igen.")


@post("/logga-in/kod", status_code=200, opt={SHOWN_AGAIN: _code_again})
async def pass_code(request: AnyRequest) -> Response[Any]:
    """The code: the session begins here."""
    form, state = await read_form(request), request.app.state
    goes_to = back(form.raw("till"))
    typed = form.text("kod", 60, _("Skriv koden från din app."))
    half = await _half(request, "code")
    if form.errors and half:
        return _ask(request, form, goes_to, half.username, 422)
    token = read_cookie(request, "steg")
    answer = await services.pass_code(token, typed, state.key_folder, state.clock.now(), browser(request))
    if isinstance(answer, services.TooLate):
        return _too_late(goes_to)
    if isinstance(answer, services.WrongCode):
        form.fail("kod", refused(answer.wait_seconds) if answer.wait_seconds else wrong_code())
        return _ask(request, form, goes_to, half.username if half else "", 422)
    return let_in(request, to(goes_to), answer)


def wrong_code() -> str:
    """The same for a wrong code and for one that has been used."""
    return _("Koden stämmer inte, eller är redan använd. Vänta på nästa kod i appen.")


def show_key(
    request: AnyRequest,
    form: Form,
    offer: services.Offer,
    goes_to: str,
    template: str,
    instead: bool = False,
    name: str = "",
) -> Response[Any]:
    """A secret for the app, with what was wrong. `name`: whose password was right, before the first session."""
    shown = pages.key(offer.secret, offer.address, offer.sealed)
    return page(request, template, pages.KeyPage(form, shown, goes_to, instead, name), 422 if form.errors else 200)


def _first_key(request: AnyRequest, half: HalfFacts, form: Form, goes_to: str) -> Response[Any]:
    """The secret that the form carries, if it is theirs and still good; else a fresh one."""
    keys, now, called = request.app.state.key_folder, request.app.state.clock.now(), issuer(request.app.state.settings)
    offer = services.offered(half.staff_id, half.username, called, form.raw("nyckel"), keys, now)
    offer = offer or services.offer(half.staff_id, half.username, called, keys, now)
    return show_key(request, form, offer, goes_to, "people/first_key.html", name=half.username)


@get("/logga-in/skaffa-kod")
async def first_key(request: AnyRequest) -> Response[Any]:
    """A role requires a second factor: here it is set up, before anything else is seen."""
    goes_to, half = back(request.query_params.get("till", "")), await _half(request, "enrol")
    return _too_late(goes_to) if half is None else _first_key(request, half, Form(), goes_to)


async def _first_key_again(request: AnyRequest) -> Response[Any]:
    """As of the code (`_code_again`)."""
    form, half = await read_form(request), await _half(request, "enrol")
    if half is None or half.username != form.raw("anv"):
        return await again(request)
    form.fail("kod", _type_again())
    shown = _first_key(request, half, form, back(form.raw("till")))
    shown.status_code = 403
    return shown


@post("/logga-in/skaffa-kod", status_code=200, opt={SHOWN_AGAIN: _first_key_again})
async def keep_first_key(request: AnyRequest) -> Response[Any]:
    """A right code from the app keeps it, and signs in."""
    form, state = await read_form(request), request.app.state
    goes_to, half = back(form.raw("till")), await _half(request, "enrol")
    typed = form.text("kod", 60, _("Skriv koden från din app."))
    if half is None:
        return _too_late(goes_to)
    keys, now, called = state.key_folder, state.clock.now(), issuer(state.settings)
    if not form.errors:
        token = read_cookie(request, "steg")
        answer = await services.enrol_first(token, form.raw("nyckel"), typed, called, keys, now)
        if isinstance(answer, services.SetUpSince):
            return _too_late(goes_to)
        if isinstance(answer, services.Enrolled):
            # Before the page, whose forms bear it.
            renew_form_token(request)
            shown = page(request, "people/first_codes.html", pages.CodesPage(answer.codes, goes_to), 200)
            return let_in(request, shown, answer.signed_in)
        if isinstance(answer, services.TooLate):
            form.fail("kod", _("Det tog för lång tid. Här är en ny nyckel: lägg in den i appen i stället."))
        else:
            form.fail("kod", wrong_code())
    return _first_key(request, half, form, goes_to)


HANDLERS = [code_page, pass_code, first_key, keep_first_key]
