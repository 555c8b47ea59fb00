"""One person's browser, behind the proxy that stands before both web processes. Everything it is answered is noted."""

import asyncio
import random
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from drills import pages
from drills.ledger import Answer, Ledger, Write

# Longer than any answer may take, so that it is seen how long it really takes.
_PATIENCE = httpx.Timeout(120, connect=5)
_TLS = ssl.create_default_context()


def transport() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=_TLS, limits=httpx.Limits(max_connections=200, keepalive_expiry=30))


@dataclass(frozen=True)
class Seen:
    """What came back. Status 0: nothing."""

    status: int
    text: str = ""
    location: str = ""

    @property
    def fine(self) -> bool:
        return 0 < self.status < 400

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""

    @property
    def token(self) -> str:
        return self.hidden("_csrf_token")


class Browser:
    """Cookies, an address of its own, and the two web processes: as a proxy does, it takes the other one where the first
    takes no connection. What was sent to one that then ends is not sent to the other."""

    def __init__(self, bases: list[str], ledger: Ledger, carrier: httpx.AsyncHTTPTransport) -> None:
        self._bases, self._ledger = bases, ledger
        address = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        self._client = httpx.AsyncClient(transport=carrier, timeout=_PATIENCE, headers={"x-forwarded-for": address})

    async def get(self, path: str) -> Seen:
        return await self._ask("GET", path, None, None, "")

    async def post(self, path: str, form: Mapping[str, str], write: Write | None = None, done: str = "") -> Seen:
        """Send a form; `write` hears what became of it, done where it leads to `done` (a pattern)."""
        return await self._ask("POST", path, form, write, done)

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None, write: Write | None, done: str) -> Seen:
        began, status, text, headers = time.monotonic(), 0, "", httpx.Headers()
        for base in random.sample(self._bases, len(self._bases)):
            try:
                answer = await self._client.request(method, base + path, data=form)
            except httpx.ConnectError:
                continue
            except httpx.HTTPError:
                break
            status, text, headers = answer.status_code, answer.text, answer.headers
            break
        ended = time.monotonic()
        problem = pages.problem(status, headers, text, ended - began) if status else ""
        route = re.sub(r"/(anmalan|traffar)/[^/]+", r"/\1/…", path.partition("?")[0])
        self._ledger.answers.append(Answer(f"{method} {route}", began, ended, status, write is not None, problem))
        if write is not None:
            # It may be sent to nobody: then both have refused the connection.
            write.answered(pages.outcome(status, headers, text, done), began, ended)
        return Seen(status, text, headers.get("location", ""))


async def pause(least: float, most: float) -> None:
    await asyncio.sleep(random.uniform(least, most))
