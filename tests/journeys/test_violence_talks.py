"""Samtal om våld: twenty talks that staff set up; consent to partner contact is asked only of those still together."""

import asyncpg
from playwright.async_api import Page, expect

from tests.clock import FrozenClock
from tests.factories import a_coordinator, a_leader
from tests.journeys.acts import open_cohort, sign_in, take_place
from tests.journeys.conftest import LiveServer, NewContext


async def _enrol(page: Page, cohort_id: int, name: str, together: bool, consents: bool | None) -> None:
    await page.goto(f"/personal/grupper/{cohort_id}/anmal")
    await page.get_by_label("Personens namn").fill(name)
    await page.get_by_label("När är personen född?").fill("19850214")
    await take_place(page)
    for yes in await page.locator('input[type="radio"][value="ja"]').all():
        await yes.check()
    if not together:
        await page.locator('input[name="v_still_in_relationship"][value="nej"]').check()
    await expect(page.locator('input[name="v_partner_contact"]')).to_have_count(0)
    await take_place(page)
    if consents is not None:
        await expect(page.get_by_text("En fråga till")).to_be_visible()
        await page.locator(f'input[name="v_partner_contact"][value="{"ja" if consents else "nej"}"]').check()
        await take_place(page)


async def test_staff_set_up_a_series_and_the_calendar_shows_a_neutral_title(
    new_context: NewContext, clock: FrozenClock, owner: asyncpg.Connection, live_server: LiveServer
) -> None:
    await a_coordinator(clock.now())
    await a_leader(clock.now())
    page = await sign_in(await new_context("desktop"), "kim")
    first = await open_cohort(page, "2.14", "2026-09-28")
    second = await open_cohort(page, "2.14", "2026-09-29")
    assert (first.sessions, first.maximum, second.sessions) == (20, 1, 20)

    await page.goto("/insatser/" + first.slug)
    await expect(page.locator('a[href^="/anmalan/"]')).to_have_count(0)

    await _enrol(page, first.cohort_id, "Skilda Ask", together=False, consents=None)
    await expect(page.get_by_text("Platskod, visas bara nu")).to_be_visible()
    code = await page.locator("p.code").inner_text()

    await _enrol(page, second.cohort_id, "Samman Boende", together=True, consents=False)
    await expect(page.get_by_role("alert")).to_contain_text("2.14")
    await page.locator('input[name="v_partner_contact"][value="ja"]').check()
    await take_place(page)
    await expect(page.get_by_text("Platskod, visas bara nu")).to_be_visible()
    consents = await owner.fetch("select partner_consent from enrolment")
    assert sorted(str(row["partner_consent"]) for row in consents) == ["None", "True"]

    phone = await (await new_context("phone")).new_page()
    await phone.goto(f"/min-plats#{code}")
    await phone.get_by_role("button", name="Öppna").click()
    await expect(phone.get_by_role("heading", name="Du har en plats")).to_be_visible()
    assert await phone.title() == "Min plats – Stöd utan ansökan"
    address = await phone.locator("#adress").get_attribute("value")
    assert address
    assert address.startswith(live_server.url + "/k/")
    feed = await (await phone.context.request.get(address)).text()
    assert feed.count("BEGIN:VEVENT") == 20
    assert feed.count("SUMMARY:Möte") == 20
    for word in ("våld", "Samtal", "2.14", "Karlshamn", "Hamngatan"):
        assert word not in feed, word
