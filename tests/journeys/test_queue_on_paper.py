"""The queue as it is printed: whose it is and when it was printed, the order, and nothing that is only for a screen."""

import pypdfium2
from playwright.async_api import BrowserContext

from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.enrolment.test_queue import one_place, people
from tests.factories import a_coordinator
from tests.journeys.acts import sign_in


def pages_of(sheet: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(sheet)
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


async def test_the_printed_queue_says_whose_it_is_and_when_and_an_empty_one_is_one_sheet(
    desktop: BrowserContext, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    long, empty = await one_place(clock), await one_place(clock)
    await people(long, keys, clock, [f"Nr {n}" for n in range(22)])
    page = await sign_in(desktop, "kim")
    await page.goto(f"/personal/grupper/{long.cohort_id}/ko")
    first, *rest = pages_of(await page.pdf(prefer_css_page_size=True))
    assert rest
    assert long.name in first
    assert "Utskriven" in first
    assert str(clock.now().year) in first
    assert not {said for said in ("Låt någon gå före", "Historik", "CSV") if said in " ".join([first, *rest])}
    await page.goto(f"/personal/grupper/{empty.cohort_id}/ko")
    assert len(pages_of(await page.pdf(prefer_css_page_size=True))) == 1
