"""Signing in, in a real browser: an app that a role requires, and the municipality's own account."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Literal

import asyncpg
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Page, expect

from programmes.people.provider_services import Provider
from tests.clock import FrozenClock
from tests.factories import PASSWORD, a_cohort, a_coordinator
from tests.journeys.conftest import LiveServer, NewContext
from tests.journeys.test_accessibility import faults
from tests.people.cast import code_of
from tests.people.oidc import about, employ, running


@pytest.fixture
def strict(live_server: LiveServer) -> Iterator[LiveServer]:
    """The service, while coordinators need a code."""
    state = live_server.app.state
    settings, state.settings = state.settings, replace(state.settings, second_factor=("coordinator",))
    yield live_server
    state.settings = settings


@pytest.mark.parametrize("script", [True, False])
async def test_kim_sets_up_an_app_at_the_first_sign_in_and_uses_it_at_the_second(
    strict: LiveServer, new_context: NewContext, clock: FrozenClock, db: None, script: bool
) -> None:
    await a_coordinator(clock.now())
    page = await (await new_context("phone", java_script_enabled=script)).new_page()
    await page.goto("/personal/grupper")
    await page.get_by_label("Användarnamn").fill("kim")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()
    await expect(page.get_by_role("heading", name="Skaffa kod från app")).to_be_visible()
    drawn = Image.open(BytesIO(await page.locator("svg.qr").screenshot()))
    scanned = zxingcpp.read_barcode(drawn)
    assert scanned
    secret = (await page.locator(".typed").inner_text()).replace(" ", "")
    assert f"secret={secret}" in scanned.text
    assert scanned.text.startswith("otpauth://totp/")
    await page.get_by_label("Kod från din app").fill("000000")
    await page.get_by_role("button", name="Spara").click()
    await expect(page.get_by_role("alert")).to_contain_text("Koden stämmer inte")
    await page.get_by_label("Kod från din app").fill(code_of(secret, clock.now()))
    await page.get_by_role("button", name="Spara").click()
    await expect(page.get_by_role("heading", name="Koden är på plats")).to_be_visible()
    spare = (await page.locator(".codes li").first.inner_text()).strip()
    await page.get_by_role("link", name="Jag har sparat dem, gå vidare").click()
    await page.wait_for_url("**/personal/grupper")
    await page.get_by_role("button", name="Logga ut").click()

    for typed in (code_of(secret, clock.now() + timedelta(seconds=30)), spare):
        await page.goto("/logga-in")
        await page.get_by_label("Användarnamn").fill("kim")
        await page.get_by_label("Lösenord").fill(PASSWORD)
        await page.get_by_role("button", name="Logga in", exact=True).click()
        await expect(page.get_by_role("heading", name="Skriv koden från din app")).to_be_visible()
        await page.goto("/personal/idag")
        await expect(page.get_by_role("heading", name="Logga in för personal")).to_be_visible()
        await page.goto("/logga-in/kod")
        await page.get_by_label("Kod från din app").fill(typed)
        await page.get_by_role("button", name="Logga in").click()
        await page.wait_for_url("**/personal/idag")
        await page.get_by_role("button", name="Logga ut").click()
        await page.wait_for_url("**/logga-in")


@pytest.fixture
def single_sign_on(live_server: LiveServer, clock: FrozenClock) -> Iterator[str]:
    """The service with a provider; both live in real time."""
    clock.set(datetime.now(UTC))
    with running() as issuer:
        live_server.app.state.provider = Provider(about(issuer), live_server.url)
        yield issuer
        live_server.app.state.provider = None


async def at(new_context: NewContext, screen: Literal["phone", "desktop"]) -> Page:
    """A browser that gives the provider's own pages nothing from elsewhere."""
    context = await new_context(screen)
    await context.route(re.compile("^https://"), lambda route: route.fulfill(status=200, body=""))
    return await context.new_page()


async def test_kim_signs_in_with_the_municipalitys_account_and_out_there_too(
    single_sign_on: str, live_server: LiveServer, new_context: NewContext, db: None, owner: asyncpg.Connection
) -> None:
    await employ(single_sign_on, "u-1", "Kim Berg", "stod-samordnare")
    page = await at(new_context, "desktop")
    await page.goto("/personal/grupper")
    await expect(page.get_by_label("Användarnamn")).to_be_hidden()
    await page.get_by_role("link", name="Logga in med kommunens konto").click()
    await page.wait_for_url(f"{single_sign_on}/**")
    await page.get_by_placeholder("sub").fill("u-1")
    await page.get_by_role("button", name="Authorize").click()
    await page.wait_for_url(f"{live_server.url}/personal/grupper")
    await page.get_by_role("link", name="Mitt konto").first.click()
    await expect(page.get_by_text("Du loggar in med kommunens konto.")).to_be_visible()
    await page.get_by_role("button", name="Logga ut", exact=True).click()
    await page.wait_for_url(f"{single_sign_on}/oauth2/end_session**")
    assert await owner.fetchval("select count(*) from staff_session") == 0
    await page.get_by_role("button", name="End session").click()
    await page.wait_for_url(f"{live_server.url}/logga-in")
    await page.goto("/personal/idag")
    await expect(page.get_by_role("heading", name="Logga in för personal")).to_be_visible()


async def test_who_says_no_at_the_provider_comes_back_to_words(
    single_sign_on: str, new_context: NewContext, db: None
) -> None:
    page = await at(new_context, "phone")
    await page.goto("/logga-in")
    await page.get_by_role("link", name="Logga in med kommunens konto").click()
    await page.get_by_role("button", name="Deny").click()
    await expect(page.get_by_role("alert")).to_contain_text("Inloggningen avbröts")


async def test_before_taking_a_queue_home_kim_is_asked_once_more(
    new_context: NewContext, live_server: LiveServer, clock: FrozenClock, db: None
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    page = await (await new_context("desktop")).new_page()
    await page.goto(f"/logga-in?till=/personal/grupper/{cohort.cohort_id}/ko")
    await page.get_by_label("Användarnamn").fill("kim")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()
    await page.wait_for_url("**/ko")
    clock.advance(minutes=6)
    await page.get_by_role("link", name="Hämta historiken").click()
    await expect(page.get_by_role("heading", name="Visa att det är du")).to_be_visible()
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Fortsätt").click()
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Hämta filen").click()
    found = await coming.value
    assert re.fullmatch(r"kohistorik-\d+-internt-sekretess\.csv", found.suggested_filename)
    await page.get_by_role("link", name="Tillbaka").click()
    await page.wait_for_url("**/ko")


async def test_the_steps_before_a_session_are_for_everybody(
    strict: LiveServer, single_sign_on: str, new_context: NewContext, clock: FrozenClock, db: None
) -> None:
    """axe, 320 px and twice as large text, for the pages that nobody signed in sees (WCAG 2.2 AA)."""
    await a_coordinator(clock.now())
    page = await (await new_context("phone", viewport={"width": 320, "height": 720}, reduced_motion="reduce")).new_page()
    wrong = await faults(page, "/logga-in")
    await page.locator("summary").click()
    await page.get_by_label("Användarnamn").fill("kim")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()
    await expect(page.get_by_role("heading", name="Skaffa kod från app")).to_be_visible()
    wrong += await faults(page, "/logga-in/skaffa-kod")
    secret = (await page.locator(".typed").inner_text()).replace(" ", "")
    await page.get_by_label("Kod från din app").fill(code_of(secret, clock.now()))
    await page.get_by_role("button", name="Spara").click()
    await page.get_by_role("link", name="Jag har sparat dem, gå vidare").click()
    await page.wait_for_url("**/personal/idag")
    await page.get_by_role("button", name="Logga ut").click()
    await page.locator("summary").click()
    await page.get_by_label("Användarnamn").fill("kim")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()
    await expect(page.get_by_role("heading", name="Skriv koden från din app")).to_be_visible()
    wrong += await faults(page, "/logga-in/kod")
    assert wrong == [], "\n".join(wrong)
