"""Twenty-five people press the button at once for eight places."""

import asyncio
import re

from playwright.async_api import BrowserContext, Page, expect

from programmes.enrolment import queries
from tests.clock import FrozenClock
from tests.factories import a_cohort
from tests.journeys.conftest import NewContext

# What is pressed at once is the button; the ticks before it may be quick.
_TICK = """document.querySelectorAll('input[type="checkbox"][name^="v_"]').forEach(box => { box.checked = true })"""


async def test_eight_hold_a_place_seventeen_queue_in_order_and_nobody_sees_an_error(
    new_context: NewContext, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    contexts: list[BrowserContext] = [await new_context("phone") for _ in range(25)]
    pages: list[Page] = []
    for context in contexts:
        # Twenty-five browsers share two cores here: what is tested is the order, not the time.
        context.set_default_timeout(120_000)
        page = await context.new_page()
        await page.goto(f"/anmalan/{cohort.public_id}")
        await page.evaluate(_TICK)
        pages.append(page)
    await asyncio.gather(*(page.get_by_role("button", name="Ta platsen").click() for page in pages))
    headings = [await page.locator("h1").inner_text() for page in pages]
    assert headings.count("Du har en plats") == 8
    waiting = sorted(int(found[1]) for h in headings if (found := re.search(r"Du står i kö, som nummer (\d+)", h)))
    assert waiting == list(range(1, 18))
    held = await queries.enrolments(cohort.cohort_id, ["confirmed"])
    assert sorted(e.seat for e in held if e.seat) == list(range(1, 9))
    for page in pages:
        await expect(page.locator("p.code")).to_be_visible(timeout=60_000)
