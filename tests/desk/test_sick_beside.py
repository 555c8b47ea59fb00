"""Cancelling several at once: whom each reaches and which day is added for it is shown before, and nothing else is done."""

import html
import re
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_bare, day_long
from programmes.core.sealing import KeyFolder
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, house, look
from tests.factories import a_cohort, csrf_of, hidden, somebody

__all__ = ["house"]


@pytest.fixture
async def other(house: House, keys: KeyFolder, clock: FrozenClock) -> CohortFacts:
    """Another group of Robin's, that meets in two days, with two people in it."""
    found = await a_cohort("2.1", clock.now(), house.robin, first_in=timedelta(days=2))
    for name in ("Cia", "Dan"):
        await somebody(found, keys, clock.now(), name, f"{name}@example.invalid".lower())
    return found


def beside(page: str) -> dict[int, str]:
    """What stands beside each other session that can be ticked, by its id."""
    return {
        int(number): html.unescape(note)
        for number, note in re.findall(r'name="aven" value="(\d+)/\d+"[^>]*><span>[^<]*<small>([^<]*)</small>', page)
    }


def press(page: str, ticked: Sequence[str]) -> dict[str, object]:
    days = re.findall(r'name="dag" value="([^"]+)"', page)
    once = {name: hidden(page, name) for name in ("sedd", "nytt")}
    return {**once, "dag": days, "sedan": "till", "aven": list(ticked), "_csrf_token": csrf_of(page)}


async def added(cohort: CohortFacts) -> list[SessionFacts]:
    return [one for one in await cohorts.sessions(cohort.cohort_id) if one.added]


async def test_whom_each_reaches_and_which_days_are_added_is_shown_and_no_other_day_is(
    house: House, other: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await somebody(house.cohort, keys, clock.now(), "Eva", "eva@example.invalid")
    second, theirs = (await session_ids(house.cohort))[1], (await session_ids(other))[0]
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    notes = beside(page)
    assert set(notes) == {second, theirs}
    assert notes[second].startswith("1 får e-post. Läggs en till sist blir det ")
    assert notes[theirs].startswith("2 får e-post. Läggs en till sist blir det ")
    answer = await client.post(f"{house.page}/sjuk", data=press(page, [f"{second}/0", f"{theirs}/0"]))
    assert answer.status_code == 303, re.findall(r"field__error.*?</p>", answer.text)
    (own_first, own_second), (at_theirs,) = await added(house.cohort), await added(other)
    assert day_long(local_date(own_first.starts_at)) in page
    assert day_long(local_date(own_second.starts_at)) in notes[second]
    assert day_long(local_date(at_theirs.starts_at)) in notes[theirs]


async def test_a_day_at_the_end_of_another_group_that_is_no_longer_so_is_named_before_it_is_added(
    house: House, other: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    theirs = (await session_ids(other))[0]
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    last = (await cohorts.sessions(other.cohort_id))[-1]
    await owner.execute(
        "insert into closure (first_day, last_day, reason) values ($1, $1, 'Stängt')",
        local_date(last.starts_at + timedelta(days=7)),
    )
    refused = await client.post(f"{house.page}/sjuk", data=press(page, [f"{theirs}/0"]))
    becomes = day_long(local_date(last.starts_at + timedelta(days=14)))
    assert (refused.status_code, becomes in refused.text) == (422, True)
    assert await added(house.cohort) == await added(other) == []
    again = await client.post(f"{house.page}/sjuk", data=press(re.sub(r"\s+", " ", refused.text), [f"{theirs}/0"]))
    assert again.status_code == 303
    assert [day_long(local_date(one.starts_at)) for one in await added(other)] == [becomes]


async def test_what_the_tick_answers_is_said_also_where_another_group_is_what_stands_in_the_way(
    house: House, other: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    theirs = (await session_ids(other))[0]
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/traffar/{theirs}/sjuk"
    page = await look(client, address)
    # Meanwhile Robin gets something else to lead on both days that would be added, and the other session begins.
    busy = await session_ids(await a_cohort("2.1", clock.now(), house.robin, first_in=timedelta(days=1)))
    days = []
    for cohort, session in ((house.cohort, busy[-1]), (other, busy[-2])):
        added = await session_services.slot_at_end(cohort)
        assert added
        hours = "update cohort_session set starts_at = $2, ends_at = $3 where id = $1"
        await owner.execute(hours, session, added.starts_at, added.ends_at)
        days.append(day_bare(local_date(added.starts_at)))
    for _minutes in range(2):
        clock.advance(minutes=20)
        await look(client, "/personal/idag")
    refused = await client.post(address, data=press(page, [f"{house.session}/0"]))
    said = re.sub(r"\s+", " ", html.unescape(refused.text))
    assert refused.status_code == 422
    assert [bool(re.search(rf"Krock: Robin har [^<]*{day}", said)) for day in days] == [True, True]
    assert "har redan börjat" not in said
