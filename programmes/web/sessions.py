"""Cookies: their names, how they are set, and the middleware that finds out who is asking and in which language."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from programmes.core.i18n import Spoken, known_language, known_on_a_slip, speaking
from programmes.core.principal import Principal

_A_SLIP = re.compile(r"/u(/|$)")
PrincipalLoader = Callable[[str, datetime], Awaitable[Principal | None]]


def cookie_name(name: str, https: bool) -> str:
    """`__Host-` exactly when the base address is https; on plain http no client would keep such a cookie."""
    return f"__Host-{name}" if https else name


def read_cookie(request: Request[Any, Any, Any], name: str, most: int = 200) -> str:
    """A cookie of ours, or an empty text. Never longer than `most` characters."""
    return request.cookies.get(cookie_name(name, request.app.state.settings.https), "")[:most]


def set_cookie(
    request: Request[Any, Any, Any], response: Response[Any], name: str, value: str, seconds: int | None = None
) -> None:
    """Set a cookie that scripts cannot read and other sites do not send along."""
    https = request.app.state.settings.https
    response.cookies.append(
        Cookie(
            key=cookie_name(name, https), value=value, path="/", secure=https, httponly=True, samesite="lax", max_age=seconds
        )
    )


def drop_cookie(request: Request[Any, Any, Any], response: Response[Any], name: str) -> None:
    set_cookie(request, response, name, "", 0)


def wanted_language(request: Request[Any, Any, Any]) -> Spoken:
    """The language asked for in the address, else the one chosen before, else Swedish. More of them on a slip's pages."""
    asked, chosen = request.query_params.get("lang", ""), read_cookie(request, "lang")
    here = known_on_a_slip if _A_SLIP.match(request.scope["path"]) else known_language
    return here(asked) or known_language(chosen) or "sv"


def identify(app: ASGIApp) -> ASGIApp:
    """Middleware: the language for every page, and the signed-in person for the staff pages."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope)
        state = scope["litestar_app"].state
        if scope["path"].startswith("/personal"):
            token = read_cookie(request, "staff")
            load: PrincipalLoader = state.load_principal
            scope["principal"] = await load(token, state.clock.now()) if token else None  # type: ignore[typeddict-unknown-key]
        with speaking(wanted_language(request), state.clock.now()):
            await app(scope, receive, send)

    return middleware
