"""The staff page: addresses of one's own calendar and groups, and nobody else's."""

import re

import httpx

from programmes.core.sealing import KeyFolder
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, csrf_of, post_form, sign_in_as

PAGE = "/personal/kalender"


def addresses(text: str) -> list[str]:
    return re.findall(r'value="http://testserver\.local(/k/[a-z2-7]{32}\.ics)"', text)


async def test_a_leader_finds_the_own_calendar_and_the_groups(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    leader, other = await a_leader(clock.now()), await a_leader(clock.now(), "sam")
    mine = await a_cohort("2.1", clock.now(), leader, sessions=3)
    await a_cohort("2.7", clock.now(), other)
    await sign_in_as(client, "robin", clock.now())
    page = await client.get(PAGE)
    assert page.status_code == 200
    assert mine.name in page.text
    own, group = addresses(page.text)
    assert len(events((await client.get(own)).content)) == 3
    assert len(events((await client.get(group)).content)) == 3
    assert (await client.get(PAGE)).text.count("/k/") == page.text.count("/k/")


async def test_a_new_address_replaces_the_old_one(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    leader = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), leader)
    await sign_in_as(client, "robin", clock.now())
    before = addresses((await client.get(PAGE)).text)
    for which in ("egen", str(cohort.cohort_id)):
        answer = await post_form(client, PAGE, {"kalender": which})
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    after = addresses((await client.get(PAGE)).text)
    assert not set(before) & set(after)
    assert events((await client.get(before[1])).content) == []
    assert len(events((await client.get(after[1])).content)) == 10


async def test_nobody_renews_what_is_not_theirs(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder) -> None:
    await a_leader(clock.now())
    theirs = await a_cohort("2.7", clock.now(), await a_leader(clock.now(), "sam"))
    await sign_in_as(client, "robin", clock.now())
    token = csrf_of((await client.get(PAGE)).text)
    for which in (str(theirs.cohort_id), "0", "99999999999", "-1", "x", ""):
        answer = await client.post(PAGE, data={"kalender": which, "_csrf_token": token})
        assert answer.status_code == 404, which


async def test_nobody_sees_the_page_without_signing_in(client: httpx.AsyncClient) -> None:
    assert (await client.get(PAGE)).status_code == 303
