"""Min plats on a phone: another code's link, the quick exit, a new calendar address, and a page that has closed."""

import re
from contextlib import suppress

from playwright.async_api import BrowserContext, Error, Page, Route, expect

from tests.clock import FrozenClock
from tests.factories import a_cohort
from tests.journeys.acts import apply_by_name, place_code


async def a_place(phone: BrowserContext, clock: FrozenClock, section: str, name: str) -> tuple[Page, str]:
    """Somebody's place, open in a page, and its code."""
    page = await phone.new_page()
    await apply_by_name(page, await a_cohort(section, clock.now()), name)
    await page.wait_for_url("**/min-plats")
    return page, await place_code(page)


async def test_the_link_to_another_place_asks_before_it_opens_it(phone: BrowserContext, clock: FrozenClock) -> None:
    first, one = await a_place(phone, clock, "2.8", "Ines Malm")
    await first.get_by_role("button", name="Stäng Min plats").click()
    page, two = await a_place(phone, clock, "2.8", "Elis Ek")
    await page.goto("about:blank")
    await page.goto(f"/min-plats#{two}")
    await expect(page.locator("p.code")).to_be_visible()
    assert "#" not in page.url, "its own link changes nothing, and the code leaves the address"
    await page.goto("about:blank")
    await page.goto(f"/min-plats#{one}")
    await expect(page.get_by_text("En annan plats är öppen här")).to_be_visible()
    assert "#" not in page.url
    await page.get_by_role("button", name="Öppna").click()
    await expect(page.locator("p.code")).to_be_visible()
    assert await place_code(page) == one


async def test_the_quick_exit_is_always_in_reach_closes_the_place_and_cannot_be_gone_back_over(
    phone: BrowserContext, clock: FrozenClock, wrongs: list[str]
) -> None:
    page, _ = await a_place(phone, clock, "2.8", "Ines Malm")
    away = "<title>Nyheter</title><p>Nyheter</p>"

    async def news(route: Route) -> None:
        await route.fulfill(body=away, content_type="text/html")

    await phone.route(re.compile("google"), news)
    exit_link = page.get_by_role("link", name="Lämna sidan snabbt")
    await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    await expect(exit_link).to_be_in_viewport()
    await exit_link.click()
    await expect(page.get_by_text("Nyheter")).to_be_visible()
    # However often one goes back, none of the pages before is shown: the form with the name on it was among them.
    for _ in range(2):
        await page.evaluate("setTimeout(() => history.back())")
        await page.wait_for_timeout(300)
        # Between two pages there is nothing to read.
        shown = ""
        with suppress(Error):
            shown = await page.content()
        assert "Ines Malm" not in shown
        await expect(page.get_by_text("Nyheter")).to_be_visible()
    await page.goto("/min-plats")
    await expect(page.get_by_role("heading", name="Öppna Min plats")).to_be_visible()
    # Whoever comes again on purpose can go back as usual.
    await page.goto("/kontakt")
    await page.evaluate("setTimeout(() => history.back())")
    await expect(page.get_by_role("heading", name="Öppna Min plats")).to_be_visible()
    wrongs.clear()


async def test_enter_in_the_conditions_goes_forwards_and_another_language_keeps_the_answers(
    phone: BrowserContext, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    page = await phone.new_page()
    await page.goto(f"/anmalan/{cohort.public_id}")
    await page.get_by_label("Ditt namn").fill("Ines Malm")
    await page.get_by_label("När är du född?").fill("19850214")
    await page.get_by_label("Hur når vi dig?").fill("ines@example.invalid")
    await page.get_by_label("E-post", exact=True).check()
    await page.get_by_label("När är du född?").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Stämmer det här på dig?")
    first = page.locator("main input[type=radio]").first
    await first.check()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Is this true for you?")
    assert await page.locator("main input[type=radio]").first.is_checked()
    await page.get_by_role("button", name="Svenska").click()
    await page.locator("main input[type=radio]").first.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Svara på allt")


async def test_a_new_calendar_address_ends_the_old_one(phone: BrowserContext, clock: FrozenClock) -> None:
    page, _ = await a_place(phone, clock, "2.8", "Ines Malm")
    field = page.get_by_label("Kalenderadress")
    old = await field.input_value()
    assert "BEGIN:VEVENT" in await (await page.request.get(old)).text()
    await page.get_by_text("Adressen till kalendern, om du vill klistra in den själv").click()
    await page.get_by_role("button", name="Byt adress").click()
    new = await page.get_by_label("Kalenderadress").input_value()
    assert new != old
    assert "BEGIN:VEVENT" in await (await page.request.get(new)).text()
    assert "BEGIN:VEVENT" not in await (await page.request.get(old)).text()


async def test_a_place_that_has_closed_meanwhile_says_so(phone: BrowserContext, clock: FrozenClock) -> None:
    page, _ = await a_place(phone, clock, "2.8", "Ines Malm")
    await page.get_by_role("link", name="Lämna platsen").click()
    clock.advance(minutes=31)
    await page.get_by_role("button", name="Ja, lämna platsen").click()
    await expect(page.get_by_text("Sidan har stängts")).to_be_visible()
    await expect(page.get_by_text("Det du tryckte på senast är inte sparat")).to_be_visible()
