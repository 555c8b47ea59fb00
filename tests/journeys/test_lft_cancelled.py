"""LFT short of its minimum at the decision date is cancelled; everyone's page and calendar say so."""

import asyncpg
from playwright.async_api import expect

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.notices.job_services import wake_sending
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_coordinator, a_leader
from tests.journeys.acts import open_cohort, open_place, place_code, sign_in, take_place, yes_to_all
from tests.journeys.conftest import NewContext


async def test_three_of_six_is_too_few_and_all_three_are_told_on_page_and_calendar(
    new_context: NewContext, clock: FrozenClock, owner: asyncpg.Connection, the_worker: Worker
) -> None:
    await a_leader(clock.now())
    await a_coordinator(clock.now())
    desk = await sign_in(await new_context("desktop"), "kim")
    typed = {"beslut": "2026-09-22", "min": "6", "max": "12"}
    cohort = await open_cohort(desk, "2.12", "2026-09-29", **typed)
    assert cohort.sessions == 9

    people = []
    for n in range(3):
        page = await (await new_context("phone")).new_page()
        await page.goto(f"/anmalan/{cohort.public_id}")
        await yes_to_all(page)
        if n == 0:
            await page.get_by_label("Hur når vi dig").fill("foralder@example.invalid")
        await take_place(page)
        address = await page.locator("#adress").get_attribute("value")
        assert address
        feed = await (await page.context.request.get(address)).text()
        assert feed.count("BEGIN:VEVENT") == 9
        assert "STATUS:CANCELLED" not in feed
        people.append((page, await place_code(page), address, uids(feed)))

    clock.advance(days=20)
    desk = await sign_in(await new_context("desktop"), "kim")
    await desk.goto("/personal/starter")
    await expect(desk.get_by_text("Saknar 3").first).to_be_visible()
    await desk.get_by_role("link", name=f"Ställ in {cohort.name}").click()
    await desk.get_by_label("För få deltagare").check()
    await desk.locator("button.btn--stop").click()
    assert (await cohorts.by_id(cohort.cohort_id)).state == "cancelled"
    await worker.drain(the_worker)
    # Until then the decision can be taken back.
    clock.advance(minutes=10)
    await wake_sending(the_worker)
    await worker.drain(the_worker)

    for page, code, address, told in people:
        await open_place(page, code)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Gruppen är inställd")
        after = await (await desk.context.request.get(address)).text()
        assert after.count("STATUS:CANCELLED") == 9
        assert after.count("SUMMARY:INSTÄLLT: Möte") == 9
        assert uids(after) == told
    notices = await owner.fetch("select kind, state from notice where kind = 'cohort_cancelled'")
    assert sorted(row["state"] for row in notices) == ["no_channel", "no_channel", "sent"]
    await desk.goto("/personal/starter")
    await expect(desk.get_by_role("link", name=f"Starta {cohort.name}")).to_have_count(0)


def uids(feed: str) -> list[str]:
    return [line for line in feed.splitlines() if line.startswith("UID:")]
