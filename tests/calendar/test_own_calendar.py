"""The calendar on Min plats: the person's own title, and none by itself for somebody with protected identity."""

import re
from datetime import timedelta

import httpx
import pytest

from programmes import worker
from programmes.calendar import services
from programmes.core.db import execute, fetchval, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as leaving
from tests.calendar.ics import events
from tests.calendar.test_staff_page import addresses
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_venue, confirm, hidden, post_form, somebody

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


async def test_whoever_wants_no_calendar_closes_it_and_no_other_is_made_until_they_ask(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    await post_form(client, CALENDAR, {"rubrik": "Kör"}, PLACE)
    await post_form(client, CALENDAR, {"gor": "stang"}, PLACE)
    for _ in range(2):
        page = (await client.get(PLACE)).text
        assert addresses(page) == []
        assert "Din kalender är avstängd" in page
    closed = await client.get(address)
    assert (closed.status_code, events(closed.content), b"K\xc3\xb6r" in closed.content) == (200, [], False)
    await post_form(client, CALENDAR, {"skapa": "1"}, PLACE)
    (another,) = addresses((await client.get(PLACE)).text)
    assert another != address
    # What it is called was their word, and they want it again.
    assert [e["SUMMARY"] for e in events((await client.get(another)).content)] == ["Kör"] * 3
    assert await fetchval("select count(*) from feed where sealed_title is not null") == 1
    for gor in ({"gor": "stang"}, {"skapa": "1"}):
        await post_form(client, CALENDAR, gor, PLACE)
    (third,) = addresses((await client.get(PLACE)).text)
    assert [e["SUMMARY"] for e in events((await client.get(third)).content)] == ["Kör"] * 3
    clock.advance(weeks=8)
    assert [(await client.get(a)).status_code for a in (address, another, third)] == [410, 410, 200]


@pytest.mark.parametrize("ends", ["the group is closed", "they have left", "their identity is protected"])
async def test_the_title_of_a_calendar_that_was_turned_off_goes_with_what_it_was_kept_for(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker, ends: str
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=3)
    taken = await somebody(cohort, keys, clock.now())
    client.cookies.set("place", taken.token)
    await post_form(client, CALENDAR, {"rubrik": "Kör"}, PLACE)
    await post_form(client, CALENDAR, {"gor": "stang"}, PLACE)
    kept = "select count(*) from feed where sealed_title is not null"
    await worker.tick(the_worker)
    assert await fetchval(kept) == 1
    if ends == "the group is closed":
        async with transaction():
            await services.revoke_for_cohort(cohort.cohort_id, clock.now())
    elif ends == "they have left":
        await leaving.leave(taken.enrolment_id, keys, clock.now())
        clock.advance(hours=2)
        await worker.tick(the_worker)
    else:
        await services.end_protected_of(taken.enrolment_id, clock.now())
    assert await fetchval(kept) == 0


async def test_a_new_address_is_said_to_be_there(client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    answer = await post_form(client, CALENDAR, {"gor": "byt"}, PLACE)
    page = (await client.get(answer.headers["location"])).text
    assert "Kalendern har en ny adress. Den gamla blir tom." in page
    assert addresses(page) != [address]


async def test_the_way_into_a_calendar_is_told_where_calendars_are(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, queries_log: QueryLog
) -> None:
    """By webcal, https and as a file; and of an open meeting place on its public page, made once."""
    venue = await a_venue()
    place = await a_cohort("3.1", clock.now(), sessions=3, venue_id=venue, first_in=timedelta(days=2), state="started")
    shown = []
    for _ in range(2):
        queries_log.clear()
        shown.append((await client.get(f"/insatser/{place.slug}")).text)
        assert not [s for s in queries_log.statements if s.startswith("insert")] or len(shown) == 1
    await open_place(client, keys, clock)
    shown.append((await client.get(PLACE)).text)
    for page in shown:
        assert 'href="/kalender"' in page
        (full,) = re.findall(r'href="http://testserver\.local(/k/[a-z2-7]{32}\.ics)" download="kalender.ics"', page)
        assert f'href="webcal://testserver.local{full}"' in page
        assert len(events((await client.get(full)).content)) == 3
    assert shown[0] == shown[1]
    for language, delay in (("sv", "4 till 24 timmar"), ("en", "4 to 24 hours")):
        client.cookies.set("lang", language)
        told = (await client.get("/kalender")).text
        assert delay in told
        assert all(name in told for name in ("iPhone", "Google", "Outlook"))


async def test_without_an_open_place_nothing_is_renamed(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    client.cookies.delete("place")
    answer = await post_form(client, CALENDAR, {"rubrik": "Annat"}, PLACE)
    assert (answer.status_code, answer.headers["location"]) == (303, PLACE)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Möte"] * 3


async def test_where_nobody_may_be_documented_no_title_leads_to_somebody(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    (address,) = addresses((await client.get(PLACE)).text)
    for language, told in (("sv", "Rubriken är inte ändrad."), ("en", "The title has not been changed.")):
        client.cookies.set("lang", language)
        for title in ("Anna 850214-1234", "070-174 06 05", "Anna Storgatan 5"):
            answer = await post_form(client, CALENDAR, {"rubrik": title}, PLACE)
            page = (await client.get(answer.headers["location"])).text
            assert (told in page, 'aria-invalid="true"' in page, title in page) == (True, True, False), title
            assert (await client.get(address)).text.count("850214") == 0
    client.cookies.set("lang", "sv")
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Möte"] * 3
    assert "Rubriken är inte ändrad." not in (await client.get(PLACE)).text


async def test_who_is_documented_calls_their_sessions_what_they_like(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock, "2.7")
    answer = await post_form(client, CALENDAR, {"rubrik": "Storgatan 5"}, PLACE)
    assert answer.headers["location"] == PLACE
    (address,) = addresses((await client.get(PLACE)).text)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Storgatan 5"] * 3


async def test_an_old_page_neither_puts_a_title_back_nor_ends_an_address_that_is_newer_than_it(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await open_place(client, keys, clock)
    old = (await client.get(PLACE)).text
    await post_form(client, CALENDAR, {"rubrik": "Kör", "rubrik_sett": hidden(old, "rubrik_sett")}, PLACE)
    # Two tabs: the one from before has the word of then in its field, and nobody has touched it.
    for untouched in ("Möte", "Kör"):
        await post_form(client, CALENDAR, {"rubrik": untouched, "rubrik_sett": untouched}, PLACE)
        (address,) = addresses((await client.get(PLACE)).text)
        assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Kör"] * 3
    await post_form(client, CALENDAR, {"rubrik": "Dans", "rubrik_sett": "Möte"}, PLACE)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Dans"] * 3, "what was typed is meant"
    renew = {"gor": "byt", "sett": hidden(old, "sett")}
    for _ in range(2):
        answer = await post_form(client, CALENDAR, renew, PLACE)
        assert answer.headers["location"] == "/min-plats?klart=adress"
        (newer,) = addresses((await client.get(PLACE)).text)
        assert newer != address
        assert len(events((await client.get(newer)).content)) == 3
        assert events((await client.get(address)).content) == []
        renew["first"] = renew.get("first", newer)
        assert renew["first"] == newer, "the second press of an old page changes nothing"
    # A form of the release before says nothing of what it has seen.
    await post_form(client, CALENDAR, {"gor": "byt"}, PLACE)
    assert addresses((await client.get(PLACE)).text) != [newer]
