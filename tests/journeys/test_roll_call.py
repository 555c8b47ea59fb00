"""The roll call on a phone: it says who is left, survives a lost connection, and doubles nothing."""

import json
import re
from datetime import timedelta
from uuid import UUID

import asyncpg
from playwright.async_api import BrowserContext, Page, expect

from programmes.core.sealing import KeyFolder
from tests.attendance.cast import NAMES, a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import PASSWORD, a_cohort, a_leader, a_venue
from tests.journeys.conftest import LiveServer


async def signed_in_at(context: BrowserContext, address: str) -> Page:
    """A page of the leader's, after signing in on the way to it."""
    page = await context.new_page()
    await page.goto(address)
    await sign_in(page)
    return page


async def sign_in(page: Page) -> None:
    await page.fill("#anv", "robin")
    await page.fill("#losen", PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url("**/narvaro")


async def roll_call(section: str, clock: FrozenClock, keys: KeyFolder) -> tuple[str, list[UUID]]:
    cohort, people = await a_running(section, clock, keys, await a_leader(clock.now()))
    return f"/personal/traffar/{(await session_ids(cohort))[0]}/narvaro", people


async def press(page: Page, person: UUID, mark: str) -> None:
    await page.locator(f'input[name="{person}"][value="{mark}"]').check(force=True)


async def kept(page: Page) -> dict[str, object]:
    found: dict[str, object] = json.loads(await page.evaluate("JSON.stringify(sessionStorage)"))
    return found


async def test_marks_survive_a_lost_connection_and_are_sent_when_it_is_back(
    phone: BrowserContext, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, wrongs: list[str]
) -> None:
    address, people = await roll_call("2.7", clock, keys)
    page = await signed_in_at(phone, address)
    status = page.locator("[data-status]")
    await expect(status).to_contain_text("0 av 6 markerade")
    await page.get_by_role("button", name="Sätt alla som närvarande").click()
    await expect(status).to_contain_text("6 av 6 markerade")
    assert page.url.endswith(address)
    await press(page, people[2], "excused")
    await phone.set_offline(True)
    await page.get_by_role("button", name="Spara närvaro").click()
    await expect(status).to_contain_text("Inte sparat än. Vi skickar igen när nätet är tillbaka.6 av 6 markerade")
    await expect(page.get_by_role("heading", name="Nätet är borta")).to_be_visible()
    await press(page, people[4], "no_show")
    storage = await kept(page)
    assert not [name for name in NAMES if name in json.dumps(storage, ensure_ascii=False)]
    assert str(people[4]) in json.dumps(storage)
    assert await owner.fetchval("select count(*) from attendance") == 0
    await phone.set_offline(False)
    await page.wait_for_url("**/personal/idag", timeout=20_000)
    assert await kept(page) == {}
    rows = await owner.fetch("select enrolment_id, mark from attendance")
    assert {row["enrolment_id"]: row["mark"] for row in rows} == {
        person: {2: "excused", 4: "no_show"}.get(n, "present") for n, person in enumerate(people)
    }
    assert all("ERR_INTERNET_DISCONNECTED" in wrong for wrong in wrongs)
    wrongs.clear()


async def test_an_answer_that_got_lost_is_asked_for_again_without_doubling(
    phone: BrowserContext, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, wrongs: list[str]
) -> None:
    address, _people = await roll_call("2.7", clock, keys)
    page = await signed_in_at(phone, address)
    lost = []

    async def lose_the_first_answer(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch(max_redirects=0))
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/narvaro", lose_the_first_answer)
    await page.get_by_role("button", name="Sätt alla som närvarande").click()
    await page.get_by_role("button", name="Spara närvaro").click()
    await expect(page.locator("[data-status]")).to_contain_text("Inte sparat än.")
    assert await owner.fetchval("select count(*) from attendance") == 6
    await page.get_by_role("button", name="Försök nu").click()
    await page.wait_for_url("**/personal/idag")
    assert await owner.fetchval("select count(*) from attendance") == 6
    assert await owner.fetchval("select count(*) from audit_entry where action = 'attendance:note'") == 1
    wrongs.clear()


async def test_marks_are_there_after_a_reload_and_after_being_signed_out(
    phone: BrowserContext, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, people = await roll_call("2.7", clock, keys)
    page = await signed_in_at(phone, address)
    await press(page, people[0], "no_show")
    await page.reload()
    await expect(page.locator("[data-status]")).to_contain_text("1 av 6 markerade")
    await owner.execute("delete from staff_session")
    await page.get_by_role("button", name="Spara närvaro").click()
    await page.wait_for_url(re.compile(r"/logga-in\?till="))
    # Why they are here, and that nothing is lost.
    await expect(page.get_by_role("status")).to_contain_text("Du har blivit utloggad")
    await expect(page.get_by_role("status")).to_contain_text("det du skrev ligger kvar i den här fliken")
    await sign_in(page)
    await expect(page.locator(f'input[name="{people[0]}"][value="no_show"]')).to_be_checked()
    await page.get_by_role("button", name="Spara närvaro").click()
    await page.wait_for_url(re.compile(r"/narvaro\?sparat=1$"))
    await expect(page.get_by_role("status")).to_contain_text("1 av 6 är sparade")
    assert await owner.fetchval("select mark from attendance") == "no_show"


async def test_heads_are_counted_with_one_thumb_and_enter_saves(
    phone: BrowserContext, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await roll_call("2.12", clock, keys)
    page = await signed_in_at(phone, address)
    for _ in range(3):
        await page.get_by_role("button", name="En till: Kvinnor").click()
    await page.get_by_role("button", name="En färre: Kvinnor").click()
    await expect(page.locator("[data-status]")).to_contain_text("Totalt 2")
    await page.fill("#men", "5")
    await page.press("#men", "Enter")
    await page.wait_for_url("**/personal/idag")
    row = await owner.fetchrow("select women, men, other from head_count")
    assert row is not None
    assert tuple(row) == (2, 5, 0)


async def test_an_open_place_is_counted_from_idag_in_four_taps_and_two_numbers(
    phone: BrowserContext, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """3.2 is counted at each place: the page says which, a number typed replaces what stands there, and that is all."""
    robin = await a_leader(clock.now())
    for place in ("Asarum", "Svängsta"):
        await a_cohort("3.2", clock.now(), robin, sessions=1, first_in=timedelta(), state="started",
                       venue_id=await a_venue(place))  # fmt: skip
    page = await phone.new_page()
    await page.goto("/logga-in")
    await page.fill("#anv", "robin")
    await page.fill("#losen", PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url("**/personal/idag")
    await page.get_by_role("link", name="Skriv antal").nth(1).click()
    await expect(page.get_by_text("Svängsta. ")).to_be_visible()
    for field, number in (("#women", "13"), ("#men", "7")):
        await page.tap(field)
        await page.keyboard.type(number)
    await expect(page.locator("[data-status]")).to_contain_text("Totalt 20")
    await page.get_by_role("button", name="Spara antal").tap()
    await page.wait_for_url("**/personal/idag")
    # Put right: what is typed stands instead of what stood there.
    await page.get_by_role("link", name="Ändra").click()
    await page.tap("#women")
    await page.keyboard.type("15")
    await expect(page.locator("[data-status]")).to_contain_text("Totalt 22")
    await page.get_by_role("button", name="Spara antal").tap()
    await page.wait_for_url("**/personal/idag")
    rows = await owner.fetch(
        """select v.name, h.women, h.men, h.other from head_count h join cohort_session s on s.id = h.session_id
           join venue v on v.id = s.venue_id"""
    )
    assert [tuple(row) for row in rows] == [("Svängsta", 15, 7, 0)]
    await expect(page.get_by_role("link", name="Skriv antal")).to_have_count(1)


async def test_without_scripts_every_button_works(
    new_context,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,  # type: ignore[no-untyped-def]
) -> None:
    address, _ = await roll_call("2.12", clock, keys)
    bare = await new_context("phone", java_script_enabled=False)
    page = await signed_in_at(bare, address)
    await page.get_by_role("button", name="En till: Män").click()
    await page.fill("#women", "4")
    await page.press("#women", "Enter")
    await page.wait_for_url("**/personal/idag")
    row = await owner.fetchrow("select women, men, other from head_count")
    assert row is not None
    assert tuple(row) == (4, 1, 0)


async def test_who_is_there_stays_on_the_phone_and_is_wiped_on_saving_and_at_the_end(
    phone: BrowserContext, clock: FrozenClock, keys: KeyFolder, live_server: LiveServer
) -> None:
    address, people = await roll_call("2.16", clock, keys)
    await phone.clock.install(time=clock.now())
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page = await signed_in_at(phone, address)
    await page.get_by_label("Al", exact=True).check()
    await page.get_by_label("Pil", exact=True).check()
    await page.reload()
    await expect(page.get_by_label("Pil", exact=True)).to_be_checked()
    await expect(page.get_by_label("Bok", exact=True)).not_to_be_checked()
    await phone.clock.fast_forward(2 * 60 * 60 * 1000)
    await expect(page.get_by_label("Pil", exact=True)).not_to_be_checked()
    assert await kept(page) == {}
    await phone.clock.set_fixed_time(clock.now())
    await page.reload()
    await page.get_by_label("Pil", exact=True).check()
    assert list(await kept(page)) != []
    await page.get_by_role("button", name="Träffen hölls").click()
    await page.wait_for_url("**/personal/idag")
    assert await kept(page) == {}
    assert not [line for line in sent for person in people if str(person) in line]
