"""One's own account: where one is signed in, the code app, the password."""

from typing import Any

from litestar import Request, Response, get, post

from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.people import account_services as accounts
from programmes.people import factor_services as factors
from programmes.people import pages, queries
from programmes.people import session_services as sessions
from programmes.people.entry_views import issuer, let_in, provider, sign_in_key, to, words
from programmes.people.factor_services import needs_factor
from programmes.people.second_step_views import show_key, wrong_code
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, recently_confirmed, signed_in
from programmes.web.rendering import page
from programmes.web.sessions import read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]
_ACCOUNT = "/personal/konto"


def _done(what: str) -> str:
    texts = {
        "session": _("Den inloggningen är avslutad."),
        "andra": _("Du är utloggad överallt utom här."),
        "losen": _("Lösenordet är bytt. Du är utloggad överallt utom här."),
    }
    return texts.get(what, "")


@get(_ACCOUNT, guards=[signed_in])
async def account_page(request: AnyRequest) -> Response[Any]:
    """Where one is signed in, and how."""
    person, state = principal(request), request.app.state
    now, how, found = state.clock.now(), await queries.account(person.staff_id), provider(request)
    rows = await queries.sessions(person.staff_id, read_cookie(request, "staff"), now)
    view = pages.AccountPage(
        how.username,
        (pages.provider_words(found.about.name) if found else _("enkel inloggning")) if how.single_sign_on else "",
        tuple(pages.session_row(s.mark, s.device, s.shared, s.created_at, s.seen_at, s.mine, now) for s in rows),
        pages.moment(how.enrolled_at, now) if how.enrolled_at else "",
        needs_factor(person.roles, state.settings.second_factor),
        how.recovery_codes,
        _done(request.query_params.get("klart", "")),
    )
    return page(request, "people/account.html", view)


@post(f"{_ACCOUNT}/session", guards=[signed_in], status_code=303)
async def end_session(request: AnyRequest) -> Response[Any]:
    """End one of one's own sessions."""
    form = await read_form(request)
    await sessions.end_one(principal(request).staff_id, form.raw("vilken"), request.app.state.clock.now())
    return to(f"{_ACCOUNT}?klart=session")


@post(f"{_ACCOUNT}/andra", guards=[signed_in], status_code=303)
async def end_others(request: AnyRequest) -> Response[Any]:
    """End all of one's sessions but this one."""
    token = read_cookie(request, "staff")
    await sessions.end_others(principal(request).staff_id, token, request.app.state.clock.now())
    return to(f"{_ACCOUNT}?klart=andra")


async def _local(request: AnyRequest) -> queries.AccountFacts:
    """The account of somebody with a password of their own. Raises NotFound for single sign-on: that is done there."""
    how = await queries.account(principal(request).staff_id)
    if how.single_sign_on:
        raise NotFound
    return how


def _show_password(request: AnyRequest, form: Form, username: str, weak: tuple[str, ...] = ()) -> Response[Any]:
    view = pages.PasswordPage(form, username, accounts.SHORTEST, weak)
    return page(request, "people/password.html", view, 422 if form.errors else 200)


@get(f"{_ACCOUNT}/losenord", guards=[signed_in])
async def password_page(request: AnyRequest) -> Response[Any]:
    """Changing one's password."""
    return _show_password(request, Form(), (await _local(request)).username)


@post(f"{_ACCOUNT}/losenord", guards=[signed_in], status_code=200)
async def change_password(request: AnyRequest) -> Response[Any]:
    """The present password and a strong new one, twice; every other session ends."""
    how, form, state = await _local(request), await read_form(request), request.app.state
    if not form.raw("losen"):
        form.fail("losen", _("Skriv det lösenord du har nu."))
    if not form.raw("nytt"):
        form.fail("nytt", _("Skriv ett nytt lösenord."))
    elif form.raw("nytt") != form.raw("igen"):
        form.fail("igen", _("De två lösenorden är inte lika."))
    if form.errors:
        return _show_password(request, form, how.username)
    answer = await accounts.change_password(
        principal(request).staff_id,
        form.raw("losen"),
        form.raw("nytt"),
        read_cookie(request, "staff"),
        (state.settings.municipality, state.settings.office),
        sign_in_key(request),
        state.clock.now(),
    )
    if isinstance(answer, accounts.Changed):
        response = to(f"{_ACCOUNT}?klart=losen")
        return let_in(request, response, answer.signed_in)
    if answer.refused:
        form.fail("losen", words(answer.refused, _("Lösenordet stämmer inte.")))
        return _show_password(request, form, how.username)
    if answer.same:
        form.fail("nytt", _("Det är det lösenord du har nu. Välj ett annat."))
        return _show_password(request, form, how.username)
    reasons = pages.weak(answer.weak, accounts.SHORTEST, accounts.LONGEST)
    form.fail("nytt", _("Välj ett starkare lösenord."))
    return _show_password(request, form, how.username, reasons)


@get(f"{_ACCOUNT}/kod", guards=[recently_confirmed])
async def key_page(request: AnyRequest) -> Response[Any]:
    """A secret for a code app, or for another one instead."""
    how, state = await _local(request), request.app.state
    staff_id = principal(request).staff_id
    offer = factors.offer(staff_id, how.username, issuer(state.settings), state.key_folder, state.clock.now())
    return show_key(request, Form(), offer, _ACCOUNT, "people/key.html", bool(how.enrolled_at))


@post(f"{_ACCOUNT}/kod", guards=[recently_confirmed], status_code=200)
async def keep_key(request: AnyRequest) -> Response[Any]:
    """A right code from the app keeps it; every other session ends, and this one goes on under another id. Who took
    longer than a confirmation lasts shows again that it is them, and gets another secret."""
    how, form, state = await _local(request), await read_form(request), request.app.state
    staff_id, keys, now = principal(request).staff_id, state.key_folder, state.clock.now()
    typed, sealed = form.text("kod", 60, _("Skriv koden från din app.")), form.raw("nyckel")
    if not form.errors:
        answer = await factors.enrol(staff_id, read_cookie(request, "staff"), sealed, typed, keys, now)
        if isinstance(answer, factors.Enrolled):
            response = page(request, "people/codes.html", pages.CodesPage(answer.codes, _ACCOUNT), 200)
            set_cookie(request, response, "staff", answer.signed_in.token)
            return response
        form.fail("kod", wrong_code())
    offer = factors.offered(staff_id, how.username, issuer(state.settings), sealed, keys, now)
    if offer is None:
        return to(f"{_ACCOUNT}/kod")
    return show_key(request, form, offer, _ACCOUNT, "people/key.html", bool(how.enrolled_at))


@post(f"{_ACCOUNT}/reservkoder", guards=[recently_confirmed], status_code=200)
async def renew_codes(request: AnyRequest) -> Response[Any]:
    """Fresh recovery codes; the earlier ones open nothing any more."""
    codes = await factors.renew_codes(principal(request).staff_id, request.app.state.clock.now())
    if not codes:
        return to(_ACCOUNT)
    return page(request, "people/codes.html", pages.CodesPage(codes, _ACCOUNT), 200)


HANDLERS = [
    account_page,
    end_session,
    end_others,
    password_page,
    change_password,
    key_page,
    keep_key,
    renew_codes,
]
