"""A closure on a phone: what lies in it is seen before it is entered and after, and leads to where it can be moved."""

from playwright.async_api import Page

from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator
from tests.journeys.acts import sign_in
from tests.journeys.conftest import NewContext
from tests.journeys.test_accessibility import faults


async def _width(page: Page) -> int:
    found: int = await page.evaluate("document.documentElement.scrollWidth")
    return found


async def test_a_closure_is_looked_at_and_entered_on_a_phone(new_context: NewContext, clock: FrozenClock, db: None) -> None:
    await a_coordinator(clock.now())
    for section in ("2.8", "2.7"):
        await a_cohort(section, clock.now(), sessions=6)
    page = await sign_in(await new_context("phone", reduced_motion="reduce"), "kim")
    await page.goto("/personal/stangningar")
    await page.fill("#namn", "Ombyggnad av hela huset")
    await page.fill("#forsta", "2026-09-14")
    await page.fill("#sista", "2026-11-30")
    await page.click("text=Lägg till stängningen")
    await page.get_by_text("12 träffar ligger redan då och ligger kvar").first.wait_for()
    assert await _width(page) <= 390
    assert await page.locator("a[href*='/traffar#t']:visible").count() == 10
    await page.click("text=Och 2 till")
    assert await page.locator("a[href*='/traffar#t']:visible").count() == 12
    await page.check("#anda")
    await page.click("text=Lägg till stängningen")
    await page.get_by_text("Stängningen är inlagd.").wait_for()
    assert await _width(page) <= 390
    await page.click("text=Och 9 till")
    assert await page.locator("a[href*='/traffar#t']").count() == 12
    every = page.url
    await page.set_viewport_size({"width": 320, "height": 720})
    assert await faults(page, every) + await faults(page, "/personal/stangningar") == []
    await page.goto(every)
    await page.locator("a[href*='/traffar#t']").last.click()
    await page.get_by_role("link", name="Flytta", exact=False).first.wait_for()
