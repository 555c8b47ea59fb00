"""Staff at their browsers: signing in by the form, codes of their apps."""

import re
from datetime import datetime
from html import unescape

import httpx
import pyotp

from tests.factories import PASSWORD, csrf_of, hidden

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def another_browser(client: httpx.AsyncClient, agent: str = FIREFOX) -> httpx.AsyncClient:
    """Another browser against the same application."""
    return httpx.AsyncClient(transport=client._transport, base_url=client.base_url, headers={"user-agent": agent})


async def by_form(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, till: str = "/personal/idag", **more: str
) -> httpx.Response:
    """The sign-in form, filled in and sent."""
    shown = await client.get("/logga-in")
    form = {"anv": name, "losen": password, "till": till, "_csrf_token": csrf_of(shown.text), **more}
    return await client.post("/logga-in", data=form)


def code_of(secret: str, now: datetime) -> str:
    """What an app shows at a moment."""
    return pyotp.TOTP(secret).at(now)


def key_on(text: str) -> tuple[str, str]:
    """The secret that a page shows for typing, and what its form carries."""
    typed = re.search(r'<p class="typed">([A-Z2-7 ]+)</p>', text)
    assert typed
    return typed[1].replace(" ", ""), unescape(hidden(text, "nyckel"))


def codes_on(text: str) -> list[str]:
    """The recovery codes that a page shows."""
    listed = re.search(r'<ul class="codes">(.*?)</ul>', text, re.DOTALL)
    assert listed
    return re.findall(r"<li>([0-9A-Z-]{19})</li>", listed[1])


async def set_up_app(client: httpx.AsyncClient, now: datetime) -> tuple[str, list[str]]:
    """A signed-in person sets up an app: its secret, and the recovery codes."""
    shown = await client.get("/personal/konto/kod")
    assert shown.status_code == 200, shown.headers
    secret, sealed = key_on(shown.text)
    form = {"kod": code_of(secret, now), "nyckel": sealed, "_csrf_token": csrf_of(shown.text)}
    answer = await client.post("/personal/konto/kod", data=form)
    assert answer.status_code == 200
    return secret, codes_on(answer.text)


async def type_code(client: httpx.AsyncClient, code: str) -> httpx.Response:
    """The code, after the password."""
    shown = await client.get("/logga-in/kod?till=/personal/konto")
    form = {"kod": code, "till": "/personal/konto", "_csrf_token": csrf_of(shown.text)}
    return await client.post("/logga-in/kod", data=form)
