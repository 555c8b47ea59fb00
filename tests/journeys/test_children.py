"""Stödgrupp för barn med skilda föräldrar: ages 10 to 17 on the first session's day; no person and no sex is recorded."""

import asyncpg
from playwright.async_api import expect

from programmes.core.sealing import KeyFolder
from programmes.enrolment import services
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody
from tests.journeys.acts import sign_in, take_place, yes_to_all
from tests.journeys.conftest import NewContext


async def test_a_child_of_twelve_comes_alone_one_of_ten_needs_a_yes_and_nobody_else_is_let_in(
    new_context: NewContext, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), sessions=1)
    child = await (await new_context("phone")).new_page()
    await child.goto(f"/anmalan/{cohort.public_id}")
    await expect(child.get_by_text("född mellan 1 oktober 2008 och 30 september 2016")).to_be_visible()
    await child.get_by_label("12–17 år").check()
    await yes_to_all(child)
    await take_place(child)
    await expect(child.get_by_role("heading", name="Du har en plats")).to_be_visible()

    younger = await (await new_context("phone", java_script_enabled=False)).new_page()
    await younger.goto(f"/anmalan/{cohort.public_id}")
    await yes_to_all(younger)
    await younger.get_by_label("10–11 år").check()
    await younger.locator('input[name="v_guardian_consent"]').uncheck()
    await take_place(younger)
    await expect(younger.get_by_role("alert")).to_contain_text("2.15")
    await younger.locator('input[name="v_guardian_consent"]').check()
    await take_place(younger)
    await expect(younger.get_by_role("heading", name="Du har en plats")).to_be_visible()

    older = await (await new_context("phone")).new_page()
    await older.goto(f"/anmalan/{cohort.public_id}")
    await yes_to_all(older)
    await older.get_by_label("En annan ålder").check()
    await take_place(older)
    await expect(older.get_by_role("alert")).to_contain_text("2.15")

    await a_coordinator(clock.now())
    clock.advance(days=28, hours=3)
    session = await owner.fetchval("select id from cohort_session")
    desk = await sign_in(await new_context("phone"), "kim")
    await desk.goto(f"/personal/traffar/{session}/narvaro")
    await expect(desk.get_by_text("Vi antecknar bara att träffen hölls")).to_be_visible()
    await desk.get_by_role("button", name="Träffen hölls").click()
    await desk.wait_for_url("**/personal/idag")
    assert await owner.fetchval("select state from cohort_session") == "held"
    for table in ("head_count", "attendance", "participant", "unique_participants"):
        assert await owner.fetchval(f"select count(*) from {table}") == 0, table


async def test_two_siblings_in_one_form_wait_together_and_get_their_places_with_one_answer(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2, sessions=1)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    page = await (await new_context("phone", java_script_enabled=False)).new_page()
    await page.goto(f"/anmalan/{cohort.public_id}")
    await page.get_by_label("Vad ska vi kalla dig?").fill("Lo")
    await page.get_by_role("button", name="Lägg till ett syskon").click()
    second = page.locator("#barn-2")
    await second.get_by_label("Vad ska vi kalla barn 2?").fill("Kim")
    # Enter in a field sends the form, and takes nobody away.
    await second.get_by_label("Vad ska vi kalla barn 2?").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Barn 2: ")
    await yes_to_all(page)
    for child in (page.locator("#barn-1"), second):
        await child.get_by_label("12–17 år").check()
    await page.get_by_label("Vi vill vara med tillsammans eller inte alls").check()
    await page.get_by_role("button", name="Prova igen").last.click()
    await expect(page.get_by_role("heading", name="Du står i kö, som nummer 1")).to_be_visible()
    await expect(page.get_by_text("Ni vill ha 2 platser samtidigt.")).to_be_visible()
    await services.leave(holders[0].enrolment_id, keys, clock.now())
    await page.reload()
    await expect(page.get_by_role("heading", name="Du står i kö, som nummer 1")).to_be_visible()
    await services.leave(holders[1].enrolment_id, keys, clock.now())
    await page.reload()
    await page.get_by_role("button", name="Ja, vi tar platserna").click()
    await expect(page.get_by_role("heading", name="Du har en plats")).to_be_visible()
    await page.get_by_role("button", name="Visa Kim").click()
    await expect(page.get_by_role("heading", name="Du har en plats")).to_be_visible()
    await expect(page.get_by_text("Kim (visas nu)")).to_be_visible()
