"""After a vote nothing is left on the screen, and who goes through comments can do it on a phone."""

import asyncio
import contextlib
import re

import asyncpg
import pytest
from playwright.async_api import BrowserContext, Error, Page, Route, expect

from programmes import worker
from programmes.core.sealing import KeyFolder
from programmes.evaluation import form_services, review_queries, review_services
from programmes.evaluation.form_rules import OwnQuestion
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.evaluation.test_texts import group_of
from tests.factories import a_coordinator, a_leader
from tests.journeys.acts import sign_in
from tests.journeys.conftest import LiveServer, NewContext
from tests.journeys.test_accessibility import _NARROW, faults

SAID = "Att få höra andra"
_KEPT = """async () => [localStorage.length, sessionStorage.length, (await caches.keys()).length,
  (await indexedDB.databases()).length, (await navigator.serviceWorker.getRegistrations()).length, document.cookie]"""


@pytest.fixture
async def groups(keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker, live_server: LiveServer) -> Groups:
    return Groups(keys, clock, the_worker, await a_leader(clock.now()))


async def answers(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("select count(*) from sealed_answer"))


async def vote(page: Page, code: str) -> None:
    """By keyboard alone."""
    await page.locator("#kod").focus()
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Skicka mitt svar").wait_for()
    # Nobody answers before the scripts are there; without them going back is another matter (below).
    await page.wait_for_load_state("load")
    await page.locator('input[name="safety"]').first.focus()
    # A group of radio buttons is one stop, and the arrows choose in it.
    await page.keyboard.press("ArrowRight")
    for _ in range(3):
        await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "good"
    await page.keyboard.type(SAID)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.value") == "skicka"


async def thanked(page: Page) -> None:
    await page.get_by_role("heading", name="Tack! Ditt svar ligger i lådan").wait_for()


async def shows_nothing(page: Page, code: str) -> None:
    """Neither the page nor its fields, nor its address, hold anything of an answer or of the slip."""
    assert not re.search(f"{SAID}|{code}", await page.content() + page.url)
    filled = await page.evaluate(
        "() => [...document.querySelectorAll('textarea, #kod, [name=kod]')].map(f => f.value).join('')"
    )
    assert filled == ""
    assert await page.locator("input:checked").count() == 0


async def test_a_tablet_that_goes_round_shows_nobody_what_the_one_before_answered(
    new_context: NewContext, groups: Groups, owner: asyncpg.Connection
) -> None:
    _cohort, slips = await groups.with_slips(3)
    tablet = await new_context("phone")
    page = await tablet.new_page()
    await page.goto(f"/u#{slips[0]}")
    await page.wait_for_function("document.querySelector('#kod').value !== ''")
    await page.locator("#kod").fill("")
    await vote(page, slips[0])
    await page.keyboard.press("Enter")
    await thanked(page)
    assert await page.evaluate(_KEPT) == [0, 0, 0, 0, 0, ""]
    assert await tablet.cookies() == []
    for step in ("back", "back", "forward", "reload", "forward", "reload"):
        go = {"back": page.go_back, "forward": page.go_forward, "reload": page.reload}[step]
        await go()
        await shows_nothing(page, slips[0])
    await page.goto("/u/tack?lang=sv")
    await page.get_by_role("link", name="Nästa person svarar på samma skärm").click()
    await page.wait_for_url("**/u?lang=sv")
    await vote(page, slips[1])
    # A browser that keeps pages whole tells the page that it is put away, and shows it again as it was then.
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert await page.locator("input:checked").count() == 0
    assert await page.locator("#good").input_value() == ""
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await page.get_by_role("button", name="Till frågorna").wait_for()
    await shows_nothing(page, slips[1])
    assert await answers(owner) == 1


async def test_the_slip_that_was_scanned_last_is_the_one_in_the_field_and_none_stays_in_the_address(
    new_context: NewContext, groups: Groups
) -> None:
    page = await (await new_context("phone")).new_page()
    for address in ("/u", "/min-plats"):
        await page.goto(f"{address}#{(first := 'A' * 16)}")
        await expect(page.locator("#kod")).to_have_value(first)
        for code, kept in (("B" * 16, "B" * 16), ("%zz", "B" * 16), ("innehall", "B" * 16), ("C" * 16, "C" * 16)):
            await page.evaluate("code => { window.location.hash = code; }", code)
            await expect(page.locator("#kod")).to_have_value(kept)
            left = f"{address}#innehall" if code == "innehall" else address
            await page.wait_for_url(lambda url, left=left: url.endswith(left))  # type: ignore[misc]
        await page.goto("about:blank")
        await page.goto(f"{address}#%zz")
        await page.wait_for_url(lambda url, left=address: url.endswith(left))  # type: ignore[misc]
        await expect(page.locator("#kod")).to_have_value("")


async def test_without_scripts_going_back_shows_no_answer_either(
    new_context: NewContext, groups: Groups, owner: asyncpg.Connection
) -> None:
    _cohort, slips = await groups.with_slips(3)
    bare = await new_context("phone", java_script_enabled=False)
    page = await bare.new_page()
    await page.goto("/u")
    await page.locator("#kod").fill(slips[0])
    await page.locator("#kod").press("Enter")
    # Another language: what was written doesn't go along, as is said beside it.
    await expect(page.get_by_text("Byter du sedan får du svara från början.")).to_be_visible()
    await page.locator("#good").fill(SAID)
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("#good")).to_have_value("")
    await page.locator("#good").fill(SAID)
    await page.get_by_role("button", name="Send my answer").click()
    await page.get_by_role("heading", level=1).filter(has_text="Thank you").wait_for()
    for _ in range(3):
        # A page that was the answer to a form is kept by nobody: the browser says so on one of its own.
        with contextlib.suppress(Error):
            await page.go_back()
        await expect(page.locator("body")).not_to_contain_text(re.compile(f"{SAID}|{slips[0]}"))
        await expect(page.locator("textarea")).to_have_count(0)
    assert await bare.cookies() == []
    assert await answers(owner) == 1


async def test_with_scripts_an_answer_stays_in_the_window_in_another_language_and_when_it_is_refused(
    new_context: NewContext, groups: Groups, owner: asyncpg.Connection, wrongs: list[str]
) -> None:
    _cohort, slips = await groups.with_slips(3)
    page = await (await new_context("phone")).new_page()
    await page.goto("/u")
    await vote(page, slips[0])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    await page.get_by_role("button", name="العربية").click()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#good")).to_have_value(SAID)
    assert await page.locator("input:checked").count() == 1
    assert [one for one in sent if one] == [f"kod={slips[0]}"] * 2
    await page.locator("#good").evaluate("field => { field.value += '\\ufffe'; }")
    await page.get_by_role("button", name="Send my answer").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.locator("#good")).to_have_value(f"{SAID}\ufffe")
    await expect(page.locator("[data-bare]")).to_have_count(0)
    assert await page.locator("input:checked").count() == 1
    await page.locator("#good").fill(SAID)
    await page.get_by_role("button", name="Send my answer").click()
    await page.get_by_role("heading", level=1).filter(has_text="Thank you").wait_for()
    for _ in range(2):
        await page.go_back()
        await shows_nothing(page, slips[0])
    assert await answers(owner) == 1
    wrongs[:] = [wrong for wrong in wrongs if "422" not in wrong]


async def test_nothing_moves_under_the_finger_when_the_script_comes(
    phone: BrowserContext, groups: Groups, wrongs: list[str]
) -> None:
    """On a slow line somebody has begun to answer before the script is there: a step must stay where it is."""
    _cohort, slips = await groups.with_slips(3)
    page = await phone.new_page()
    come, comes = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        comes.set()
        await come.wait()
        await route.continue_()

    await page.route("**/send*.js", late)
    await page.goto("/u")
    await page.locator("#kod").fill(slips[0])
    await page.get_by_role("button", name="Till frågorna").click(no_wait_after=True)
    await comes.wait()
    step = page.locator('input[name="participation"][value="4"]')
    await step.wait_for(state="attached")
    before = await step.bounding_box()
    come.set()
    await page.wait_for_load_state("load")
    assert before == await step.bounding_box()


async def test_an_answer_whose_receipt_was_lost_on_the_way_is_sent_again_and_counts_once(
    phone: BrowserContext, groups: Groups, owner: asyncpg.Connection, wrongs: list[str]
) -> None:
    _cohort, slips = await groups.with_slips(3)
    page = await phone.new_page()
    await page.goto("/u")
    await page.locator("#kod").fill("fel")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.goto("/u")
    await vote(page, slips[0])
    lost = 0

    async def cut(route: Route) -> None:
        nonlocal lost
        if route.request.method == "POST":
            lost += 1
            await route.fetch(max_redirects=0)
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/u?lang=sv", cut)
    async with page.expect_event("requestfailed"):
        await page.keyboard.press("Enter")
    assert lost == 1
    assert await answers(owner) == 1
    # What was written stands, and it is said where the keyboard is.
    await expect(page.locator("#inte-framme")).to_contain_text("Svaret kom inte fram")
    await expect(page.locator("#inte-framme")).to_be_focused()
    assert await page.locator("#good").input_value() == SAID
    assert await page.locator("input:checked").count() == 1
    await page.unroute("**/u?lang=sv")
    await page.get_by_role("button", name="Skicka mitt svar").click()
    await page.get_by_text("Då ligger ditt svar i lådan").wait_for()
    await shows_nothing(page, slips[0])
    assert await answers(owner) == 1
    wrongs[:] = [wrong for wrong in wrongs if "ERR_CONNECTION_RESET" not in wrong]


async def test_axe_finds_nothing_on_the_pages_of_an_evaluation(
    new_context: NewContext, groups: Groups, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    own = [
        OwnQuestion("scale", {"sv": "Passade lokalen?", "ar": "هل ناسبتك القاعة؟"}),
        OwnQuestion("text", {"sv": "Vad saknade du?"}),
    ]
    await form_services.choose("2.1", own, kim.staff_id, clock.now())
    for letter in "AB":
        await group_of(groups, [{"good": f"{letter} {n}: tack för en fin grupp", "own1": 3} for n in range(6)])
    cohort, slips = await groups.with_slips(2)
    page = await (await new_context("phone", viewport=_NARROW, reduced_motion="reduce")).new_page()
    wrong = await faults(page, "/u/tack?lang=ar")
    await page.goto("/u?lang=ar")
    await page.locator("#kod").fill(slips[0])
    await page.locator("#kod").press("Enter")
    await page.locator("#own2").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") <= _NARROW["width"]
    desk = await sign_in(await new_context("phone", viewport=_NARROW, reduced_motion="reduce"), "kim")
    comments = "/personal/utvarderingar/abc/kommentarer"
    for address in ("/personal/utvarderingar?insats=abc", "/personal/utvarderingar/abc/fragor", comments):
        wrong += await faults(desk, address)
    review = await review_queries.review_of("2.1")
    assert review
    await review_services.ask(review, kim.staff_id, clock.now())
    await worker.drain(groups.worker)
    wrong += await faults(desk, comments)
    await desk.goto(comments)
    await desk.locator("textarea").first.fill("Tack!")
    await desk.get_by_role("button", name="Spara och gå vidare").click()
    await desk.get_by_role("heading", name="Läs igenom och skriv under").wait_for()
    wrong += await faults(desk, f"{comments}/visa")
    await desk.get_by_text("Jag har läst varje kommentar").click()
    await desk.get_by_role("button", name="Skriv under och visa").click()
    await desk.get_by_text("Du har skrivit under").wait_for()
    await worker.drain(groups.worker)
    wrong += await faults(desk, "/personal/utvarderingar?insats=abc")
    assert await desk.get_by_text("”Tack!”").count() == 1
    for address in ("/personal/utvarderingar/abc/stryk", f"/personal/grupper/{cohort.cohort_id}/utvardering"):
        wrong += await faults(desk, address)
    assert wrong == [], "\n".join(wrong)
