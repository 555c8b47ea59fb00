"""What people do on the pages, in the words of the journeys."""

from pathlib import Path

from playwright.async_api import BrowserContext, Page

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import fetchval
from tests.factories import PASSWORD


async def sign_in(context: BrowserContext, name: str) -> Page:
    """A member of staff at their own computer or phone."""
    page = await context.new_page()
    await page.goto("/logga-in")
    await page.get_by_label("Användarnamn").fill(name)
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()
    await page.wait_for_url("**/personal/idag")
    return page


async def yes_to_all(page: Page) -> None:
    """Tick everything, and say yes to every question, that stands on the page."""
    for box in await page.locator('input[type="checkbox"][name^="v_"]').all():
        await box.check()
    for yes in await page.locator('input[type="radio"][name^="v_"][value="ja"]').all():
        await yes.check()


async def take_place(page: Page) -> None:
    """The one big button."""
    await page.locator("button.btn--main").click()


async def apply_by_name(page: Page, cohort: CohortFacts, name: str, born: str = "19850214") -> None:
    """Both steps of an application to a programme that documents individuals; ends on Min plats if let in."""
    await page.goto(f"/anmalan/{cohort.public_id}")
    await page.get_by_label("Ditt namn").fill(name)
    await page.get_by_label("När är du född?").fill(born)
    await page.get_by_label("Hur når vi dig?").fill(f"{name.lower().replace(' ', '.')}@example.invalid")
    await page.get_by_label("E-post", exact=True).check()
    await take_place(page)
    await yes_to_all(page)
    await take_place(page)


async def place_code(page: Page) -> str:
    """The code as it stands on Min plats."""
    return (await page.locator("p.code").inner_text()).replace("\n", "-")


async def open_place(page: Page, code: str) -> None:
    """Min plats again: with the code, unless it is still open in this browser."""
    await page.goto("/min-plats")
    field = page.locator('input[name="kod"]')
    if await field.count():
        await field.fill(code)
        await page.get_by_role("button", name="Öppna").click()


def shown_in(folder: Path, needle: bytes) -> list[Path]:
    """Files under a folder in which some bytes stand."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


async def roll_call(page: Page, session_id: int, absent: str = "") -> None:
    """Everybody present with one button, perhaps one with notified absence; saved."""
    await page.goto(f"/personal/traffar/{session_id}/narvaro")
    await page.get_by_role("button", name="Sätt alla som närvarande").click()
    if absent:
        await page.locator("fieldset.person", has_text=absent).get_by_label("Anmäld frånvaro").check()
    await page.get_by_role("button", name="Spara närvaro").click()
    await page.wait_for_url(lambda url: "narvaro" not in url or "sparat" in url)


async def head_count(page: Page, session_id: int, women: int, men: int) -> None:
    """How many came, by sex; saved."""
    await page.goto(f"/personal/traffar/{session_id}/narvaro")
    await page.get_by_label("Kvinnor", exact=True).fill(str(women))
    await page.get_by_label("Män", exact=True).fill(str(men))
    await page.get_by_role("button", name="Spara antal").click()
    await page.wait_for_url(lambda url: "narvaro" not in url or "sparat" in url)


async def print_slips(page: Page, cohort_id: int) -> list[str]:
    """The codes on the printed sheet."""
    await page.goto(f"/personal/grupper/{cohort_id}/utvardering")
    await page.get_by_role("button", name="Skriv ut lapparna").click()
    await page.get_by_role("heading", name="Lappar till utvärderingen").wait_for()
    texts = await page.locator(".slip .code").all_inner_texts()
    return [text.split("\n", 1)[0].strip() for text in texts]


async def vote(context: BrowserContext, code: str, step: int, words: str = "") -> None:
    """Answer the evaluation with a slip, on a phone; no cookie is left."""
    page = await context.new_page()
    await page.goto(f"/u#{code}")
    await page.get_by_role("button", name="Till frågorna").click()
    for name in ("participation", "safety", "satisfaction", "respect"):
        await page.locator(f'input[name="{name}"][value="{step}"]').check(force=True)
    if words:
        await page.locator("textarea").first.fill(words)
    await page.get_by_role("button", name="Skicka mitt svar").click()
    await page.get_by_role("heading", name="Tack! Ditt svar ligger i lådan").wait_for()
    assert not await context.cookies()
    await page.close()


async def open_cohort(desk: Page, section: str, first_day: str, **typed: str) -> CohortFacts:
    """Plan a start on the one page, look at its days, and open it. `typed` are fields by their names."""
    await desk.goto(f"/personal/grupper/ny?insats={section}")
    wanted = {"forsta": first_day, "lokal": "", **typed}
    if await desk.locator("#lokal option").count() == 1:
        wanted |= {"nylokal": "Rum Linden", "nyadress": "Hamngatan 4"}
        await desk.locator("details", has_text="Skriv en ny lokal").evaluate("node => { node.open = true }")
    for field, value in wanted.items():
        if value:
            await desk.locator(f"#{field}").fill(value)
    for leader in await desk.locator('input[name="ledare"]').all():
        await leader.check()
    await desk.get_by_role("button", name="Visa dagarna igen").click()
    await desk.get_by_role("button", name="Öppna för anmälan").click()
    await desk.wait_for_url(lambda url: not url.endswith("/ny") and "insats=" not in url)
    newest = await fetchval("select max(id) from cohort")
    return await cohorts.by_id(newest)
