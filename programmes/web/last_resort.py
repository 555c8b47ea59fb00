"""What the application answers where it could not even make a page for an error: the server would answer by itself then,
without the headers of every other answer, and log the error's words, which may repeat what a row holds."""

from typing import Any

import structlog

from programmes.web.head import App
from programmes.web.headers import always

log = structlog.get_logger()


class BrokenOff(Exception):
    """An answer had begun and cannot be ended: the connection has to be closed. Says nothing of the cause."""


def with_last_resort(app: App, https: bool) -> App:
    """Wrap an ASGI application, outermost."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        begun = False

        async def noted(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, noted)
        except Exception as error:
            log.error("request_failed_outside_the_application", error=type(error).__name__)
            if begun:
                raise BrokenOff from None
        if not begun:
            await _say(send, https)

    return answer


async def _say(send: Any, https: bool) -> None:
    told = {"content-type": "text/plain; charset=utf-8", "connection": "close", **always(https)}
    headers = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": b"Internal Server Error", "more_body": False})
