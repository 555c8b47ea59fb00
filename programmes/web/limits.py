"""How long a request may take, and how many writes of one address are done at once (decision 21).

No limit here refuses anybody for where they are: a whole school behind one address can apply. Its forms are taken in the
order in which they came, a few at a time, so that they leave room for everybody else's.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from programmes.web.client_address import origin
from programmes.web.hosts import check_host

# Longer than anything takes that goes well, and than the database lets a statement of web's run.
MOST_SECONDS = 25.0
# How long is waited for what is given up to end.
_WINDING_UP = 1.0
# What a form may hold; a file is never sent here.
MOST_BYTES = 200_000
_READS = ("GET", "HEAD", "OPTIONS")
# Of the connections that a web process has to the database, ten unless somebody sets another number.
AT_ONCE = 4


class TookTooLong(Exception):
    """A request was given up. What it wrote may have been committed just before."""


async def with_whole_body(scope: Scope, receive: Receive, seconds: float = MOST_SECONDS) -> Receive:
    """Where the body of a write comes from, once all of it is here or it is too large: so that nobody's turn is used up by
    somebody who sends slowly. Reading it raises TookTooLong when it did not come in time."""
    if scope["type"] != ScopeType.HTTP or scope["method"] in _READS:
        return receive
    kept: deque[ReceiveMessage] = deque()
    size, late = 0, False
    try:
        async with asyncio.timeout(seconds):
            while size <= MOST_BYTES:
                kept.append(message := await receive())
                size += len(cast(bytes, message.get("body", b"")))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
    except TimeoutError:
        late = True

    async def again() -> ReceiveMessage:
        if kept:
            return kept.popleft()
        if late:
            raise TookTooLong
        return await receive()

    return cast(Receive, again)


class Turns:
    """Who writes now, by address. Waiting costs a place in this line and nothing else."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lines: OrderedDict[str, tuple[asyncio.Semaphore, int]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, address: str | None) -> AsyncIterator[None]:
        """Until it is this address's turn. An address that is not known waits for nobody."""
        if address is None:
            yield
            return
        line, waiting = self._lines.get(address, (asyncio.Semaphore(self._at_once), 0))
        self._lines[address] = (line, waiting + 1)
        try:
            async with line:
                yield
        finally:
            line, waiting = self._lines[address]
            if waiting == 1:
                del self._lines[address]
            else:
                self._lines[address] = (line, waiting - 1)

    def __len__(self) -> int:
        return len(self._lines)


async def _in_time(work: Callable[[Send], Awaitable[None]], send: Send, seconds: float) -> None:
    """Raises TookTooLong when it is not done by then. What it holds it gives back by itself: a database that does not
    answer does not hear either that a statement is given up, and whoever waits for the page can't wait for that."""
    given_up = False

    async def say(message: Message) -> None:
        if not given_up:
            await send(message)

    task = asyncio.ensure_future(work(say))
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            task.cancel()
            # As a rule it is over at once, and nothing is left behind.
            await asyncio.wait({task}, timeout=_WINDING_UP)
            given_up = True
            _ending.add(task)
            task.add_done_callback(_ended)
            raise TookTooLong
    except asyncio.CancelledError:
        task.cancel()
        raise
    task.result()


# What was given up and is still ending: somebody has to know of it, or it would be swept away.
_ending: set[asyncio.Future[None]] = set()


def _ended(task: "asyncio.Future[None]") -> None:
    _ending.discard(task)
    if not task.cancelled():
        # It was given up; what it ended with is of no use to anybody.
        task.exception()


def keep_limits(app: ASGIApp) -> ASGIApp:
    """Middleware: a request is for us, a write waits for its turn, and then each has so long and no longer."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope)
        check_host(request)
        state = scope["litestar_app"].state

        async def work(say: Send) -> None:
            await app(scope, receive, say)

        if scope["method"] in _READS:
            await _in_time(work, send, state.most_seconds)
            return
        async with state.turns.turn(origin(request)):
            await _in_time(work, send, state.most_seconds)

    return middleware
