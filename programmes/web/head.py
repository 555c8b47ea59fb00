"""HEAD for every page but those for staff: what GET would answer, without the body (RFC 9110, 9.3.2). Link and uptime
checkers ask so.

A page for staff would be made, with everybody's record on it, to be shown to nobody: either the access log would say that
somebody had looked, or a record would be read without a line. They answer 405, which RFC 9110, 15.5.6 has for it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]


def answers_head(path: str) -> bool:
    """Whether HEAD is answered here as GET is."""
    return not path.startswith(("/k/", "/personal"))


def with_head(app: App) -> App:
    """Wrap an ASGI application. Calendars answer HEAD themselves."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not answers_head(scope["path"]):
            await app(scope, receive, send)
            return

        async def without_body(message: Any) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await app({**scope, "method": "GET"}, receive, without_body)

    return answer
