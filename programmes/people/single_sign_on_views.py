"""The way to the municipality's own sign-in and back. A link leads there, never a form (content security policy)."""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Request, Response, get

from programmes.core.errors import NotFound
from programmes.people import pages
from programmes.people import single_sign_on_services as services
from programmes.people.entry_views import back, browser, is_file, is_shared, let_in, provider, to
from programmes.people.provider_services import Flow, Provider, ProviderAway, ProviderLied, ProviderProblem
from programmes.people.queries import load_principal
from programmes.people.views import show_sign_in
from programmes.web.forms import Form
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

log = structlog.get_logger()
AnyRequest = Request[Any, Any, Any]
# What the browser carries to the provider, sealed, is longer than a token.
_WAY = 2000


def _provider(request: AnyRequest) -> Provider:
    found = provider(request)
    if found is None:
        raise NotFound
    return found


def _failed(request: AnyRequest, error: ProviderProblem, goes_to: str, again: bool = False) -> Response[Any]:
    """The sign-in page with the reason in words, or one for somebody who is signed in and stays so. Logged by the reason
    only: what was sent may hold anything."""
    log.warning("single_sign_on_failed", reason=error.reason)
    status = 503 if isinstance(error, ProviderAway) else 403
    problem = pages.problem(error.reason, again)
    if again:
        view = pages.NotConfirmedPage(*problem, urlencode({"till": goes_to}))
        response: Response[Any] = page(request, "people/not_confirmed.html", view, status)
    else:
        response = show_sign_in(request, Form(), goes_to, status, problem=problem)
    drop_cookie(request, response, "konto")
    return response


async def _is_signed_in(request: AnyRequest) -> bool:
    token = read_cookie(request, "staff")
    return bool(token) and await load_principal(token, request.app.state.clock.now()) is not None


@get("/logga-in/konto")
async def set_out(request: AnyRequest) -> Response[Any]:
    """To the provider. With `avsikt=bekrafta` somebody who is signed in shows there that it is them; `delad` says whether
    the device is shared. What was said last holds for whoever comes next; who takes it back is asked anew too."""
    found, state = _provider(request), request.app.state
    asked = request.query_params
    wanted = asked.get("till", "")
    again = asked.get("avsikt", "") == "bekrafta"
    goes_to = wanted if again and is_file(wanted) else back(wanted)
    was_shared, said = is_shared(request), asked.get("delad", "")
    shared = said == "ja" or (was_shared and said != "nej")
    way = services.OnTheWay(Flow.fresh(), goes_to, shared, again, was_shared)
    try:
        address = await found.way_there(way.flow, state.clock.now(), way.afresh)
    except ProviderProblem as error:
        return _failed(request, error, goes_to, again and await _is_signed_in(request))
    response = to(address)
    set_cookie(request, response, "konto", services.seal(way, state.key_folder, state.clock.now()), 900)
    return response


@get("/logga-in/svar")
async def come_back(request: AnyRequest) -> Response[Any]:
    """Back from the provider: a session with a fresh id, or the reason why not."""
    found, state = _provider(request), request.app.state
    now = state.clock.now()
    way = services.unseal(read_cookie(request, "konto", _WAY), state.key_folder, now)
    if way is None:
        return _failed(request, ProviderLied("late"), back(""))
    said = {name: value[:4000] for name, value in request.query_params.items()}
    goes_to = way.back if way.again else back(way.back)
    try:
        told = await found.answer(way.flow, said, now, way.afresh)
        if way.again:
            return await _confirmed(request, told, way.back)
        answer = await services.admit(told, found.about.roles, browser(request, way.shared), state.key_folder, now)
    except ProviderProblem as error:
        return _failed(request, error, goes_to, way.again and await _is_signed_in(request))
    if isinstance(answer, services.NoRole):
        view = pages.NoRolePage(answer.name, pages.provider_words(found.about.name), answer.ended)
        response = page(request, "people/no_role.html", view, 403)
        drop_cookie(request, response, "konto")
        return response
    return let_in(request, to(goes_to), answer, way.shared, by_account=True)


async def _confirmed(request: AnyRequest, told: services.Told, wanted: str) -> Response[Any]:
    """Whoever is signed in has signed in there again: the same person, or nothing happens."""
    token, now = read_cookie(request, "staff"), request.app.state.clock.now()
    person = await load_principal(token, now) if token else None
    if person is None:
        raise ProviderLied("late")
    fresh = await services.confirm(told, person.staff_id, token, now)
    response = to(f"/personal/bekrafta?{urlencode({'klart': 'ja', 'till': wanted})}" if is_file(wanted) else back(wanted))
    set_cookie(request, response, "staff", fresh)
    drop_cookie(request, response, "konto")
    return response


HANDLERS = [set_out, come_back]
