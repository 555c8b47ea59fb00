"""A leader with a phone, ill at half past four: one tap from Idag, and who has heard of it without a reload."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import BrowserContext, expect

from programmes import worker
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, somebody
from tests.journeys.acts import sign_in
from tests.journeys.conftest import NewContext
from tests.journeys.test_accessibility import faults


async def _narrow(new_context: NewContext) -> BrowserContext:
    return await new_context("phone", viewport={"width": 320, "height": 720}, reduced_motion="reduce")


async def test_ill_at_half_past_four_by_phone(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    clock.set(datetime(2026, 9, 2, 14, 30, tzinfo=UTC))
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.1", clock.now(), robin, first_in=timedelta(minutes=30))
    for name, contact in (("Ek", "+46700000001"), ("Mejl", "mejl@example.invalid"), ("Tyst", "")):
        await somebody(cohort, keys, clock.now(), name, contact)
    await worker.drain(the_worker)
    page = await sign_in(await _narrow(new_context), "robin")
    await page.get_by_role("link", name=re.compile("Jag är sjuk")).first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Jag är sjuk")
    await page.get_by_role("button", name="Skicka frågan").click()
    await expect(page.get_by_role("status")).to_contain_text("säger vi till dig")
    sick = page.url
    asked = await sign_in(await _narrow(new_context), "love")
    await asked.get_by_role("link", name=re.compile("Kan du hoppa in")).click()
    await expect(asked.get_by_role("button", name="Ja, jag hoppar in")).to_be_visible()
    wrong = await faults(asked, asked.url) + await faults(page, sick)
    await page.goto(sick)
    cancel = page.get_by_role("button", name="Ställ in och säg till alla nu")
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await page.evaluate(wide)
    await cancel.click()
    await page.wait_for_url("**/besked")
    line = page.locator("[data-line]")
    await expect(line).to_contain_text("Till 1 är beskedet på väg.")
    assert await page.evaluate(wide)
    # The message goes, and the page says so by itself; what somebody has in hand meanwhile stays.
    ring = page.locator("li", has_text="Ek").get_by_role("button", name="Visa kontaktvägen en gång")
    await ring.focus()
    await worker.drain(the_worker)
    await expect(line).to_contain_text("1 av 3 är nådd.")
    await expect(page.locator("li", has_text="Mejl")).to_contain_text("Nådd")
    await expect(ring).to_be_focused()
    await ring.click()
    await expect(page.locator("li", has_text="Ek")).to_contain_text("+46700000001")
    await page.locator("li", has_text="Ek").get_by_role("button", name=re.compile("^Nådd")).click()
    await expect(line).to_contain_text("2 av 3 är nådda.")
    await expect(page.get_by_text("+46700000001")).to_have_count(0)
    assert wrong + await faults(page, page.url) == []
