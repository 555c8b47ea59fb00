"""The browser itself: it reaches this service and nothing else, and a script that breaks is seen."""

import pytest
from playwright.async_api import BrowserContext, Error


async def test_a_phone_shows_a_page_of_this_service(phone: BrowserContext) -> None:
    page = await phone.new_page()
    answer = await page.goto("/logga-in")
    assert answer
    assert answer.status == 200
    assert await page.locator("main").count() == 1
    assert await page.evaluate("document.documentElement.scrollWidth <= screen.width")


async def test_nothing_outside_this_machine_exists_for_the_browser(desktop: BrowserContext) -> None:
    page = await desktop.new_page()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        await page.goto("http://example.com/")


async def test_an_inline_script_does_not_run_and_is_noticed(desktop: BrowserContext, wrongs: list[str]) -> None:
    page = await desktop.new_page()
    await page.goto("/logga-in")
    await page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)"
    )
    assert not await page.evaluate("window.ran === true")
    assert len(wrongs) == 1
    assert "Content Security Policy" in wrongs.pop()
