"""Over https everything is Secure and stays so; over http none of it is, so that a demo works in any client."""

import dataclasses
from collections.abc import AsyncIterator

import httpx
import pytest

from programmes.app import create_app
from programmes.settings import Settings
from programmes.web.hosts import is_ours, names
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_staff_member, csrf_of, hidden
from tests.hostile.headers import judge_cookie, judge_headers

# No names at all: they can't even be read.
STRANGE = ("", "[::1", "a:b", "a:99999999", "stod.example.se:x", "stod.example.se/../x", "x" * 5000, "a b", "http://a")


@pytest.fixture
async def secure(settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at an installation with https."""
    https = dataclasses.replace(settings, base_url="https://stod.example.se", allowed_hosts=("intern.example.se",))
    app = create_app(https, clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=https.base_url) as browser:
        yield browser


async def test_over_https_every_cookie_is_bound_to_this_host_and_every_answer_says_https_only(
    secure: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    await a_staff_member("sasha", "leader", clock.now())
    shown = await secure.get(f"/anmalan/{cohort.public_id}")
    form, given = shown.text, shown.headers.get_list("set-cookie")
    place = dict.fromkeys(("v_residency", "v_age", "v_own_wish"), "ja") | {"once": hidden(form, "once")}
    token = {"_csrf_token": csrf_of(form)}
    for answer in (
        await secure.get("/"),
        await secure.get("/sprak?lang=en"),
        await secure.post(f"/anmalan/{cohort.public_id}", data=place | token),
        await secure.get("/personal/idag"),
        await secure.get("/u"),
        await secure.get("/api/v1/starts"),
        await secure.get("/health/live"),
        await secure.get("/none"),
        await secure.post("/logga-in", data={"anv": "sasha"}),
        await secure.post("/logga-ut", data=token),
    ):
        judge_headers(answer, https=True)
        given += answer.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in given} >= {"__Host-csrftoken", "__Host-lang"}
    for cookie in given:
        judge_cookie(cookie, https=True)


async def test_another_name_than_ours_is_told_our_address_and_nothing_else(
    secure: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    for host in (
        "evil.example",
        "stod.example.se.evil.example",
        "127.0.0.1",
        "",
        "stod.example.se@evil.example",
        "[::1",
        "x" * 500,
    ):
        for method in ("GET", "POST"):
            answer = await secure.request(method, "/logga-in", headers={"host": host})
            assert answer.status_code == 421 or (method == "POST" and answer.status_code == 403), host
            assert "evil" not in answer.text
            assert "set-cookie" not in answer.headers or method == "POST"
        assert "https://stod.example.se/" in (await secure.get("/", headers={"host": host})).text
        assert (await secure.get("/api/v1/starts", headers={"host": host})).status_code == 421
        # A load balancer asks by whatever address it knows.
        assert (await secure.get("/health/ready", headers={"host": host})).status_code == 200
    for host in ("stod.example.se", "STOD.example.se:443", "intern.example.se", "stod.example.se."):
        assert (await secure.get("/", headers={"host": host})).status_code == 200, host
    # Over plain http an address is as good as a name: nobody can be misled by it.
    assert (await client.get("/", headers={"host": "192.0.2.7:8000"})).status_code == 200
    assert (await client.get("/", headers={"host": "evil.example"})).status_code == 421


async def test_links_are_made_from_the_settings_whatever_a_request_calls_us(secure: httpx.AsyncClient) -> None:
    for name in ("x-forwarded-host", "forwarded", "x-host", "x-original-url", "x-rewrite-url"):
        answer = await secure.get("/api/v1/programmes", headers={name: "host=evil.example"})
        assert "evil" not in answer.text
        assert answer.json()["programmes"][0]["page"].startswith("https://stod.example.se/")


def test_on_ones_own_machine_all_its_names_are_ours() -> None:
    own = names(Settings())
    assert all(is_ours(host, own, False) for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST"))
    assert not any(is_ours(host, own, False) for host in ("evil.example", "localhost.evil.example", "", "a b"))
    assert not is_ours("localhost", names(Settings(base_url="https://stod.example.se")), True)
