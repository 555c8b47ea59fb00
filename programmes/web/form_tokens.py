"""The token of every form, and what happens to a form whose token this browser no longer knows.

The cookie may have been cleared, or the browser closed in between. Nothing of such a form is done. What it said comes back
in the same answer, which nobody keeps, so that it can be sent once more: only to a page of ours that sent it (a form of
another site would otherwise be one tap from being done), never where a password or a code is typed, and on staff's pages
only to who is signed in. A cookie that is still good stays, and with it what other tabs have open.

Before the token is looked at: what a page of another site has sent is refused, whatever token it bears. And who signs in or
out gets another token, so that what was known before is of no use after (decision 85).
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware.csrf import CSRFMiddleware, generate_csrf_token
from litestar.types import Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from programmes.core.sealing import KEY_BYTES, KeyFolder, KeysAway
from programmes.web.forms import read_form
from programmes.web.open_places import shown_place
from programmes.web.rendering import csrf_token, page
from programmes.web.sessions import set_cookie

AnyRequest = Request[Any, Any, Any]
# In a route's `opt`: how it shows its page with what was typed, having done nothing (`ShownAgain`).
SHOWN_AGAIN = "shown_again"
ShownAgain = Callable[[AnyRequest], Awaitable[Response[Any]]]
# What is never handed back, wherever it was typed: tokens, passwords, codes of an app and of Min plats.
NEVER_AGAIN = frozenset({"_csrf_token", "losen", "nytt", "igen", "kod"})
# Pages on which nothing but such things is typed. Sending `/logga-ut` again is not asked for either.
_SIGN_OUT = "/logga-ut"
_NOTHING_KEPT = ("/logga-", "/personal/konto", "/personal/bekrafta")


@dataclass(frozen=True)
class SentAgain:
    """A form as it came, to be sent once more: where to, and its fields in their order."""

    action: str
    fields: tuple[tuple[str, str], ...]


class FormSecret:
    """What every token of a form is made with, the same in all web processes: it lies in the key folder.

    Raises:
        KeysAway: it lies there and can't be read.
    """

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys
        self._known = ""
        self._meanwhile = secrets.token_hex(KEY_BYTES)
        keys.has_service_key("csrf")

    def now(self) -> str:
        """The key as it was first read: one that is made or put in its place since is for processes that start since. While
        another folder lies there, or none, it is one of this process alone, and its forms are to be sent again later."""
        if not self._known:
            try:
                self._known = self._keys.service_key("csrf").hex()
            except KeysAway:
                return self._meanwhile
        return self._known


class FormTokens(CSRFMiddleware):
    """Litestar's check of the token, with an answer of our own to who has none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.config.secret = scope["litestar_app"].state.form_secret.now()
        try:
            if self._checks(scope) and _from_elsewhere(scope["litestar_app"].request_class(scope=scope)):
                raise PermissionDeniedException("sent from another site")
            await super().__call__(scope, receive, send)
        except PermissionDeniedException:
            if scope["path"] == _SIGN_OUT and _from_here(scope["litestar_app"].request_class(scope=scope)):
                # A tab from before a later sign-in has an old token. Who would leave must not stay, at a shared computer.
                await self.app(scope, receive, send)
            else:
                await self._say_so(scope, receive, send)

    def _checks(self, scope: Scope) -> bool:
        """Whether it is a writing request to a page that has forms with tokens."""
        writes = scope["type"] == ScopeType.HTTP and scope["method"] not in self.config.safe_methods
        return writes and not (self.exclude and self.exclude.findall(scope["path"]))

    def _csrf_tokens_match(self, request_csrf_token: object, cookie_csrf_token: str) -> bool:
        """As Litestar's, which compares what it was given and fails for a file or letters that no token has."""
        return (
            isinstance(request_csrf_token, str)
            and request_csrf_token.isascii()
            and cookie_csrf_token.isascii()
            and super()._csrf_tokens_match(request_csrf_token, cookie_csrf_token)
        )

    async def _say_so(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = scope["litestar_app"].request_class(scope=scope, receive=receive)
        cookie = request.cookies.get(self.config.cookie_name, "")
        good = self._csrf_tokens_match(cookie, cookie)
        token = cookie if good else generate_csrf_token(self.config.secret)
        ScopeState.from_scope(scope).csrf_token = token
        response = await _answer(request)
        answer = response.to_asgi_response(None, request)
        await answer(scope, receive, self.create_send_wrapper(send, token, cookie if good else None))


async def _answer(request: AnyRequest) -> Response[Any]:
    if not _may_come_back(request):
        return page(request, "errors/form_too_old.html", status=403)
    shown_again: ShownAgain | None = request.route_handler.opt.get(SHOWN_AGAIN)
    if shown_again is not None:
        return await shown_again(request)
    form = await read_form(request)
    fields = tuple((name, value) for name, values in form.values.items() if name not in NEVER_AGAIN for value in values)
    query = f"?{request.url.query}" if request.url.query else ""
    return page(request, "errors/form_too_old.html", SentAgain(request.url.path + query, fields), 403)


def _may_come_back(request: AnyRequest) -> bool:
    """Whether what was typed is shown to who sent it, and can be done when it is sent again."""
    path = request.url.path
    if not _from_here(request) or (path.startswith(_NOTHING_KEPT) and SHOWN_AGAIN not in request.route_handler.opt):
        return False
    if path.startswith("/personal"):
        return request.scope.get("principal") is not None
    return bool(shown_place(request)) if path.startswith("/min-plats/") else path != "/min-plats"


def _from_elsewhere(request: AnyRequest) -> bool:
    """Whether the browser says that a page of another site sent this. One that says nothing is an old one, or none; then the
    token alone decides. Pages of ours send their origin (`web/headers.py` lets it); "null" is nobody's: it is let pass
    only beside the browser's own word that it is ours, for what hides origins on purpose."""
    fetched, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetched == "cross-site":
        return True
    if origin is None:
        return False
    if origin == "null":
        return fetched not in {"same-origin", "none"}
    return not _is_ours(request, origin)


def _is_ours(request: AnyRequest, origin: str) -> bool:
    """Whether an origin is of the name that was asked for, or of the base address: not every proxy passes on the former."""
    try:
        name = urlsplit(origin).netloc
    except ValueError:  # No address that a browser has, as "http://[".
        return False
    return name in {request.headers.get("host", "-"), urlsplit(request.app.state.settings.base_url).netloc}


def renew_form_token(request: AnyRequest) -> None:
    """Another token for the forms of this browser, once in a request; before the page is made that bears it.
    `set_form_token` then puts it into the browser."""
    if not getattr(request.state, "form_token_renewed", False):
        request.state.form_token_renewed = True
        ScopeState.from_scope(request.scope).csrf_token = generate_csrf_token(request.app.state.form_secret.now())


def set_form_token(request: AnyRequest, response: Response[Any]) -> None:
    """The browser gets another token, and what earlier pages bear opens nothing any more: who signs in or out is another
    person than before."""
    renew_form_token(request)
    set_cookie(request, response, "csrftoken", csrf_token(request))


def _from_here(request: AnyRequest) -> bool:
    """Whether a page of ours sent the form: what no page of another site can make a browser say."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched == "same-origin"
    return _is_ours(request, request.headers.get("origin", ""))
