"""Going back, and loading again: the page that answered a form is asked for anew, and nothing is sent twice."""

from playwright.async_api import BrowserContext, Page, Request, expect

from tests.clock import FrozenClock
from tests.factories import a_cohort
from tests.journeys.acts import apply_by_name


def sent_by(page: Page) -> list[str]:
    """The addresses that forms of this page were sent to, as they are sent."""
    found: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            found.append(request.url)

    page.on("request", note)
    return found


async def test_back_from_a_place_shows_the_form_again_and_sends_nothing(phone: BrowserContext, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    page = await phone.new_page()
    await apply_by_name(page, cohort, "Ines Malm")
    await page.wait_for_url("**/min-plats")
    sent = sent_by(page)
    answer = await page.go_back()
    assert answer
    assert answer.status == 200
    await expect(page.get_by_role("heading", level=1)).to_have_text("Vem är du?")
    await page.go_forward()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Du har en preliminär plats")
    assert sent == []


async def test_loading_a_refusal_again_asks_for_its_form(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/min-plats")
    await page.locator('input[name="kod"]').fill("0000-0000")
    await page.get_by_role("button", name="Öppna").click()
    await expect(page.get_by_text("Koden stämmer inte").first).to_be_visible()
    # The page is read before its script has run: a person who loads it again has seen it whole.
    await page.wait_for_load_state("load")
    sent = sent_by(page)
    await page.reload()
    await expect(page.get_by_text("Koden stämmer inte")).to_have_count(0)
    assert sent == []
