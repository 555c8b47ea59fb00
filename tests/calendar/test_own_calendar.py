"""The calendar on Min plats: the person's own title, and none by itself for somebody with protected identity."""

import httpx

from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from tests.calendar.ics import events
from tests.calendar.test_staff_page import addresses
from tests.clock import FrozenClock
from tests.factories import a_cohort, confirm, post_form, somebody

PLACE, CALENDAR = "/min-plats", "/min-plats/kalender"


async def open_place(client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, section: str = "2.1") -> None:
    taken = await somebody(await a_cohort(section, clock.now(), sessions=3), keys, clock.now())
    await confirm(taken.enrolment_id, clock.now())
    client.cookies.set("place", taken.token)


async def test_somebody_with_a_place_finds_the_address_and_renames_the_sessions(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Möte"] * 3
    answer = await post_form(client, CALENDAR, {"rubrik": "Kör & <b>sång</b>"}, PLACE)
    assert (answer.status_code, answer.headers["location"]) == (303, PLACE)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Kör & <b>sång</b>"] * 3
    page = (await client.get(PLACE)).text
    assert "Kör &amp; &lt;b&gt;sång&lt;/b&gt;" in page
    assert addresses(page) == [address]
    await post_form(client, CALENDAR, {"rubrik": " "}, PLACE)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Möte"] * 3


async def test_protected_identity_has_no_address_until_asked_for(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock, "2.7")
    async with transaction():
        await execute("update participant set protected_identity = true")
    page = (await client.get(PLACE)).text
    assert addresses(page) == []
    assert "Skapa en kalenderadress" in page
    await post_form(client, CALENDAR, {"rubrik": "Yoga"}, PLACE)
    assert addresses((await client.get(PLACE)).text) == []
    await post_form(client, CALENDAR, {"skapa": "1"}, PLACE)
    (address,) = addresses((await client.get(PLACE)).text)
    assert len(events((await client.get(address)).content)) == 3


async def test_without_an_open_place_nothing_is_renamed(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    client.cookies.delete("place")
    answer = await post_form(client, CALENDAR, {"rubrik": "Annat"}, PLACE)
    assert (answer.status_code, answer.headers["location"]) == (303, PLACE)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Möte"] * 3
