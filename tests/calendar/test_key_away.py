"""The key of calendars' addresses is away: pages are shown without them, and say so."""

from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs

from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.calendar.ics import events
from tests.calendar.test_own_calendar import PLACE, open_place
from tests.calendar.test_staff_page import PAGE, addresses
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, csrf_of, sign_in_as


@pytest.fixture(params=["away", "damaged"])
def away(settings: Settings, keys: KeyFolder, request: pytest.FixtureRequest) -> Iterator[object]:
    """Called, it moves the key away, or leaves it there cut short; it is put back in the end."""
    keys.service_key("feed")
    key = settings.key_folder / "service/feed.key"
    aside = key.with_name("feed.aside")

    def spoil() -> None:
        key.rename(aside)
        if request.param == "damaged":
            key.write_bytes(b"")

    yield spoil
    if aside.exists():
        aside.replace(key)


async def test_min_plats_is_shown_without_the_calendar(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, away: object
) -> None:
    """Also for who has none yet, and sees here the code of the place that they have just taken."""
    assert callable(away)
    away()
    await open_place(client, keys, clock)
    answer = await client.get(PLACE)
    assert (answer.status_code, addresses(answer.text)) == (200, [])
    assert "Adressen till din kalender kan inte visas just nu" in answer.text


async def test_staffs_page_says_that_no_address_can_be_shown_and_calendars_are_answered(
    client: httpx.AsyncClient, clock: FrozenClock, away: object
) -> None:
    assert callable(away)
    await a_cohort("2.1", clock.now(), await a_leader(clock.now()), sessions=3)
    await sign_in_as(client, "robin", clock.now())
    before = addresses((await client.get(PAGE)).text)
    away()
    answer = await client.get(PAGE)
    assert (answer.status_code, addresses(answer.text)) == (200, [])
    assert "Adresserna kan inte visas just nu" in answer.text
    assert len(events((await client.get(before[0])).content)) == 3


async def test_what_needs_the_key_says_in_the_log_which_is_away(
    client: httpx.AsyncClient, clock: FrozenClock, away: object
) -> None:
    assert callable(away)
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    await client.get(PAGE)
    away()
    token = csrf_of((await client.get("/personal/idag")).text)
    with capture_logs() as lines:
        answer = await client.post(PAGE, data={"kalender": "egen", "_csrf_token": token})
    assert answer.status_code == 503
    assert [(line["error"], line["key"]) for line in lines if line["event"] == "unavailable"] == [("ServiceKeyAway", "feed")]


async def test_the_page_of_an_open_meeting_place_is_shown_without_its_calendar(
    client: httpx.AsyncClient, clock: FrozenClock, away: object
) -> None:
    assert callable(away)
    place = await a_cohort("3.1", clock.now(), sessions=2)
    assert "/k/" in (await client.get(f"/insatser/{place.slug}")).text
    away()
    answer = await client.get(f"/insatser/{place.slug}")
    assert (answer.status_code, "/k/" in answer.text) == (200, False)
