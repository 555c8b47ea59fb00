"""Jag är sjuk on a page from before: who has agreed to stand in meanwhile is not sent home unasked (decision 80)."""

import asyncio
import re

import asyncpg
import httpx

from programmes.core.sealing import KeyFolder
from programmes.desk.illness import services as illness
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.services import Cancelling
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, ask, house, look, request_to, shown_to_stand  # noqa: F401
from tests.desk.test_who_leads_then import yes
from tests.factories import csrf_of, hidden

WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def state(owner: asyncpg.Connection, house: House) -> str:  # noqa: F811
    found: str = await owner.fetchval("select state from cohort_session where id = $1", house.session)
    return found


async def test_who_has_said_yes_meanwhile_is_named_and_a_second_press_cancels(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    assert "Har inte svarat" in page
    form = {name: hidden(page, name) for name in ("sedd", "nytt", "leder")} | {"sedan": "till", "_csrf_token": csrf_of(page)}
    await yes(house, house.love, owner, clock)
    old = {name: value for name, value in form.items() if name != "leder"}
    for stale in (form, old):  # A page of the release before says nothing of who comes.
        refused = await client.post(f"{house.page}/sjuk", data=stale)
        assert (refused.status_code, await state(owner, house)) == (422, "planned")
        assert "Det har ändrats vem som leder onsdag 2 september 17.00: nu är det Love." in refused.text
        assert "Love hoppar in" in refused.text
        # Who would have come to lead it stands among those who hear.
        told = [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r"<tr.*?</tr>", refused.text, re.DOTALL)]
        assert any("Love" in row and "Får veta att det är inställt, aldrig varför." in row for row in told), told
    assert await owner.fetchval("select count(*) from staff_message where kind = 'not_needed'") == 0
    seen = form | {"leder": hidden(refused.text, "leder")}
    assert (await client.post(f"{house.page}/sjuk", data=seen)).status_code == 303
    assert await state(owner, house) == "cancelled"
    assert (await client.post(f"{house.page}/sjuk", data=seen)).status_code == 303, "a second press of the same page"


async def test_the_others_that_are_ticked_are_asked_about_too(
    house: House,  # noqa: F811
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    shown = await shown_to_stand(house.session)
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    wanted = [Cancelling(house.session, 0, False)]
    for stood in (shown, [], ["x/y"], [f"{house.session}/"]):
        [refused] = await illness.cancel(wanted, keys, house.robin, clock.now(), stood)
        assert refused.code == "led_by_now"
    now = await shown_to_stand(house.session)
    assert await illness.cancel(wanted, keys, house.robin, clock.now(), now) == []


async def test_a_yes_that_is_being_written_is_waited_for(
    house: House,  # noqa: F811
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    shown = await shown_to_stand(house.session)
    await ask(house, clock.now(), house.love)
    wanted = [Cancelling(house.session, 0, False)]
    request = await request_to(owner, house.love)
    async with asyncio.timeout(20):
        async with owner.transaction():
            await owner.execute("select 1 from cohort where id = $1 for update", house.cohort.cohort_id)
            saying = asyncio.create_task(substitutes.answer(request, True, house.love, clock.now()))
            while await owner.fetchval(WAITING) == 0:
                await asyncio.sleep(0)
            cancelling = asyncio.create_task(illness.cancel(wanted, keys, house.robin, clock.now(), shown))
            while await owner.fetchval(WAITING) == 1:
                await asyncio.sleep(0)
        assert await saying is None
        assert [reason.code for reason in await cancelling] == ["led_by_now"]
    assert await state(owner, house) == "planned"
