"""A slip on its way: printed, scanned from the paper, answered on a phone, also without scripts and in English."""

import re

import pypdfium2
import pytest
import zxingcpp
from playwright.async_api import BrowserContext, Page

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.factories import a_leader
from tests.journeys.acts import sign_in
from tests.journeys.conftest import LiveServer, NewContext

_DPI = 200


@pytest.fixture
async def cohort(keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker) -> CohortFacts:
    """Eight people who have started, and an open box."""
    groups = Groups(keys, clock, the_worker, await a_leader(clock.now()))
    found = await groups.started(8)
    await worker.drain(the_worker)
    return found


async def printed(desktop: BrowserContext, cohort: CohortFacts) -> bytes:
    """The sheet as the leader prints it, on A4."""
    page = await sign_in(desktop, "robin")
    await page.goto(f"/personal/grupper/{cohort.cohort_id}/utvardering")
    await page.get_by_role("button", name="Skriv ut lapparna").click()
    await page.get_by_role("heading", name="Lappar till utvärderingen").wait_for()
    # An office's address may be longer than this machine's; eight slips still lie on one sheet.
    await page.locator(".slip small").evaluate_all(
        "all => all.forEach(small => small.prepend('stod-utan-ansokan.kommunen.se/u '))"
    )
    return await page.pdf(prefer_css_page_size=True)


def scanned(sheet: bytes) -> list[tuple[str, float]]:
    """What a camera reads on the first page, and how many millimetres wide each symbol is."""
    document = pypdfium2.PdfDocument(sheet)
    assert len(document) == 1
    picture = document[0].render(scale=_DPI / 72).to_pil()
    found = zxingcpp.read_barcodes(picture)
    return [(b.text, (b.position.top_right.x - b.position.top_left.x) / _DPI * 25.4) for b in found]


async def choose(page: Page, question: str, step: str) -> None:
    """Touch a circle; the radio button itself is hidden behind it."""
    group = page.get_by_role("group", name=question)
    await group.locator("label", has=page.get_by_role("radio", name=step)).click()
    assert await group.get_by_role("radio", name=step).is_checked()


async def thanked(page: Page) -> bool:
    await page.get_by_role("heading", name="Tack! Ditt svar ligger i lådan").wait_for()
    return page.url.endswith("/u/tack?lang=sv")


async def test_eight_slips_on_one_sheet_are_read_by_a_camera_and_each_answers_once(
    desktop: BrowserContext, phone: BrowserContext, cohort: CohortFacts, live_server: LiveServer
) -> None:
    slips = scanned(await printed(desktop, cohort))
    assert len({address for address, _ in slips}) == 8
    assert all(re.fullmatch(re.escape(live_server.url) + r"/u#[0-9A-HJKMNP-TV-Z]{16}", address) for address, _ in slips)
    assert all(32.5 <= width <= 33.5 for _, width in slips)
    page = await phone.new_page()
    await page.goto(slips[0][0])
    code = slips[0][0].split("#")[1]
    await page.wait_for_url(f"{live_server.url}/u")
    assert await page.get_by_label("Koden på lappen").input_value() == code
    await page.get_by_role("button", name="Till frågorna").click()
    await choose(page, "Fick du vara med", "4 Ja, ganska mycket")
    await page.get_by_label("Vad var bra?").fill("Att få höra andra")
    assert await page.evaluate("document.documentElement.scrollWidth <= screen.width")
    await page.get_by_role("button", name="Skicka mitt svar").click()
    assert await thanked(page)
    assert await phone.cookies() == []
    await page.goto(slips[0][0])
    await page.get_by_role("button", name="Till frågorna").click()
    await choose(page, "Fick du vara med", "1 Nej, inte alls")
    await page.get_by_role("button", name="Skicka mitt svar").click()
    await page.get_by_role("heading", name="Lappen är redan använd").wait_for()


async def test_without_scripts_a_typed_code_is_enough(
    desktop: BrowserContext, new_context: NewContext, cohort: CohortFacts
) -> None:
    address, _ = scanned(await printed(desktop, cohort))[0]
    bare = await new_context("phone", java_script_enabled=False)
    page = await bare.new_page()
    await page.goto("/u")
    await page.get_by_label("Koden på lappen").fill(address.split("#")[1].lower())
    await page.get_by_label("Koden på lappen").press("Enter")
    await choose(page, "Blev du bemött", "5 Ja, helt")
    await page.get_by_role("button", name="Skicka mitt svar").click()
    assert await thanked(page)


async def test_another_language_keeps_the_code_and_what_was_chosen(
    desktop: BrowserContext, phone: BrowserContext, cohort: CohortFacts
) -> None:
    address, _ = scanned(await printed(desktop, cohort))[0]
    page = await phone.new_page()
    await page.goto(address)
    await page.get_by_role("button", name="English").click()
    await page.wait_for_url("**/u?lang=en")
    assert await page.locator("#kod").input_value() == address.split("#")[1]
    await page.locator("main form button").click()
    await page.locator('input[name="safety"][value="3"]').check(force=True)
    await page.get_by_role("button", name="Svenska", exact=True).click()
    await page.wait_for_url("**/u?lang=sv")
    assert await page.locator('input[name="safety"][value="3"]').is_checked()
    await page.get_by_role("button", name="Skicka mitt svar").click()
    assert await thanked(page)
    assert await phone.cookies() == []
