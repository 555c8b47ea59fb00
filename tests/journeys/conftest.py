"""A real browser against the real application: one browser a run, one server, and fresh contexts for every test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright, expect

from programmes.app import create_app
from programmes.settings import Settings
from tests.browser import launch
from tests.clock import FrozenClock

# How long a page takes says how busy the machine is, not whether it is right.
expect.set_options(timeout=60_000)
Screen = Literal["phone", "desktop"]
NewContext = Callable[..., Awaitable[BrowserContext]]
_SCREENS: dict[Screen, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}


class _Server(uvicorn.Server):
    """Leaves Ctrl-C to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class LiveServer:
    """The application on a free port of this machine, with the test's clock."""

    url: str
    settings: Settings
    app: Litestar


@pytest.fixture(scope="session")
async def run_server(settings: Settings, run_clock: FrozenClock, pool: None) -> AsyncIterator[LiveServer]:
    """The application in this event loop, on the pool that the tests share; its base address is where it listens."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = replace(settings, base_url=url)
    app = create_app(settings, run_clock, own_pool=False)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    try:
        yield LiveServer(url, settings, app)
    finally:
        server.should_exit = True
        await running
        listening.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this run. Where there is none the tests fail: `make test` fetches one before."""
    async with async_playwright() as playwright:
        started = await launch(playwright)
        yield started
        await started.close()


@pytest.fixture
def live_server(run_server: LiveServer, clock: FrozenClock, db: None) -> LiveServer:
    """The run's server, with an empty database behind it and the clock at the start."""
    return run_server


def _watch(page: Page, wrongs: list[str]) -> None:
    """Note what no page may do: throw in a script, or break the content security policy."""

    def thrown(error: Error) -> None:
        wrongs.append(f"{page.url}: {error.message}")

    def said(message: ConsoleMessage) -> None:
        # The browser also reports every 4xx answer as an error, and those are what many journeys are about.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            wrongs.append(f"{page.url}: {message.text}")

    page.on("pageerror", thrown)
    page.on("console", said)


@pytest.fixture
def wrongs() -> Iterator[list[str]]:
    """What pages did that no page may do; a test in which something is left here fails."""
    noted: list[str] = []
    yield noted
    assert not noted


@pytest.fixture
async def new_context(browser: Browser, live_server: LiveServer, wrongs: list[str]) -> AsyncIterator[NewContext]:
    """`await new_context("phone", java_script_enabled=False)`: another person's browser. Relative addresses work in it."""
    made: list[BrowserContext] = []

    async def make(screen: Screen = "desktop", **options: Any) -> BrowserContext:
        settled = {"locale": "sv-SE", "timezone_id": "Europe/Stockholm", "base_url": live_server.url} | _SCREENS[screen]
        context = await browser.new_context(**(settled | options))
        context.set_default_timeout(60_000)
        context.on("page", lambda page: _watch(page, wrongs))
        made.append(context)
        return context

    yield make
    for context in made:
        await context.close()


@pytest.fixture
async def phone(new_context: NewContext) -> BrowserContext:
    """A participant's or a leader's phone. `page = await phone.new_page()`."""
    return await new_context("phone")


@pytest.fixture
async def desktop(new_context: NewContext) -> BrowserContext:
    """A computer at the office."""
    return await new_context("desktop")
