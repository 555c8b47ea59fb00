"""The staff page: addresses of one's own calendar and groups, and nobody else's."""

import re
from datetime import timedelta

import asyncpg
import httpx

from programmes.calendar import services
from programmes.cohorts import office_services as office
from programmes.core.clock import local_date
from programmes.core.db import fetchval
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, csrf_of, hidden, post_form, sign_in_as

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
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?bytt={which}")
        assert "har en ny adress. Den gamla visar en tom kalender" in (await client.get(answer.headers["location"])).text
    after = addresses((await client.get(PAGE)).text)
    assert not set(before) & set(after)
    assert events((await client.get(before[1])).content) == []
    assert len(events((await client.get(after[1])).content)) == 10


async def test_an_address_that_was_changed_since_the_page_was_shown_is_not_changed_again(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    """A double click leaves one new address, which somebody may have added already."""
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    token = csrf_of((page := await client.get(PAGE)).text)
    form = {"kalender": "egen", "sett": hidden(page.text, "sett"), "_csrf_token": token}
    found = []
    for _ in range(2):
        assert (await client.post(PAGE, data=form)).status_code == 303
        found.append(addresses((await client.get(PAGE)).text))
    assert found[0] == found[1] != addresses(page.text)
    assert await fetchval("select count(*) from audit_entry where action = 'calendar:renew'") == 1


async def test_the_calendar_of_every_visitor_is_asked_about_before_it_becomes_empty(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    """Also by the form of the release before, which asks nothing."""
    leader = await a_leader(clock.now())
    place = await a_cohort("3.1", clock.now(), leader, sessions=3, first_in=timedelta(days=2), state="started")
    await sign_in_as(client, "robin", clock.now())
    _own, before = addresses((await client.get(PAGE)).text)
    asked = await post_form(client, PAGE, {"kalender": str(place.cohort_id)})
    assert (asked.status_code, "Kalendern blir tom för alla besökare" in asked.text) == (200, True)
    assert len(events((await client.get(before)).content)) == 3
    form = {name: hidden(asked.text, name) for name in ("kalender", "sett", "_csrf_token")}
    for _ in range(2):
        done = await client.post(PAGE, data=form)
        assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?bytt={place.cohort_id}")
    page = (await client.get(done.headers["location"])).text
    assert "Den öppna kalendern för" in page
    assert f'href="#grupp-{place.cohort_id}"' in page
    assert f'id="grupp-{place.cohort_id}"' in page.split("<details")[1]
    _own, after = addresses(page)
    assert after != before
    assert after in (await client.get(f"/insatser/{place.slug}")).text
    assert len(events((await client.get(after)).content)) == 3
    old = await client.get(before)
    assert (old.status_code, events(old.content)) == (200, [])
    clock.advance(weeks=8)
    assert [(await client.get(a)).status_code for a in (before, after)] == [410, 200]


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


async def test_a_groups_calendar_is_each_ones_own_and_shows_nothing_to_who_no_longer_works_with_the_group(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    """Taken off, a substitute's time over, the role lost, the account ended: each ends one address and no other."""
    now = clock.now()
    robin, sam, ali, kim = (
        await a_leader(now),
        await a_leader(now, "sam"),
        await a_leader(now, "ali"),
        await a_coordinator(now),
    )
    cohort = await a_cohort("2.1", now, robin, sessions=3)
    assert not await office.let_in(cohort.cohort_id, sam.staff_id, None, kim, now)
    last = local_date(now) + timedelta(days=30)
    assert not await office.let_in(cohort.cohort_id, ali.staff_id, last, kim, now)

    async def sees(who: Principal) -> int:
        feed = await services.cohort_feed(cohort.cohort_id, who.staff_id, keys, now)
        return len(events((await client.get(services.feed_address(feed, keys))).content))

    everybody = (robin, sam, ali, kim)
    before = [await services.cohort_feed(cohort.cohort_id, who.staff_id, keys, now) for who in everybody]
    assert len({feed.feed_id for feed in before}) == 4
    assert [await sees(who) for who in everybody] == [3, 3, 1, 3]
    assert not await office.take_out(cohort.cohort_id, sam.staff_id, kim, now)
    assert [await sees(who) for who in everybody] == [3, 0, 1, 3]
    await owner.execute("delete from staff_role where staff_id = $1", kim.staff_id)
    assert [await sees(who) for who in everybody] == [3, 0, 1, 0]
    await owner.execute("update staff set active = false where id = $1", robin.staff_id)
    address = services.feed_address(before[0], keys)
    assert events((await client.get(address)).content) == []
    # The one that all of staff had, from a release before, is over, and says nothing of why.
    await owner.execute("update feed set kind = 'cohort', group_id = null, member_id = null, cohort_id = $1 where id = $2",
                        cohort.cohort_id, before[2].feed_id)  # fmt: skip
    shared = await client.get(services.feed_address(before[2], keys))
    assert (shared.status_code, events(shared.content)) == (200, [])
    clock.advance(weeks=9)
    assert (await client.get(services.feed_address(before[2], keys))).status_code == 410
