"""HEAD for every page: what GET would answer, without the body (RFC 9110, 9.3.2). Link and uptime checkers ask so."""

from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]


def with_head(app: App) -> App:
    """Wrap an ASGI application. Calendars answer HEAD themselves."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith("/k/"):
            await app(scope, receive, send)
            return

        async def without_body(message: Any) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await app({**scope, "method": "GET"}, receive, without_body)

    return answer
