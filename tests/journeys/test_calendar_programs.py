"""What four independent readers make of the calendars across both clock changes, before and after sessions change."""

from dataclasses import replace
from datetime import UTC, date, time, timedelta

import asyncpg
import httpx
from playwright.async_api import Browser, Page

from programmes.calendar import services
from programmes.calendar.rules import Feed
from programmes.cohorts.queries import CohortFacts, by_id
from programmes.cohorts.session_services import cancel_session, move_session
from programmes.cohorts.venue_services import rename_venue
from programmes.core.clock import at_local
from programmes.core.sealing import KeyFolder
from tests.calendar.ics import strict_lines
from tests.calendar.readers import Read, read_by_all
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody

TITLE = "Kör, sång; allt\\annat \N{GRINNING FACE} på Ålö"
_FIRST, _WEEKS = date(2026, 10, 11), 27
# Sundays: 25 October and 28 March are the very days on which the clocks change.
_DAYS = [_FIRST + timedelta(weeks=week) for week in range(_WEEKS)]


async def at_six(owner: asyncpg.Connection, cohort: CohortFacts) -> None:
    """Every session at 18 by the clock on the wall; that its leader is at another one then is meant."""
    async with owner.transaction():
        await owner.execute("set constraints one_place_at_a_time deferred")
        await owner.executemany(
            """update cohort_session set starts_at = $3::timestamptz, ends_at = $3::timestamptz + interval '2 hours'
               where cohort_id = $1 and number = $2""",
            [(cohort.cohort_id, number, at_local(day, time(18))) for number, day in enumerate(_DAYS, 1)],
        )
        await owner.execute("update session_duty set meant = true")


async def session_id(owner: asyncpg.Connection, cohort: CohortFacts, day: date) -> int:
    return int(
        await owner.fetchval(
            "select id from cohort_session where cohort_id = $1 and starts_at = $2",
            cohort.cohort_id,
            at_local(day, time(18)),
        )
    )


class _Reader:
    """Fetches a calendar as any program would, and has all four read it."""

    def __init__(self, client: httpx.AsyncClient, page: Page, keys: KeyFolder) -> None:
        self.client, self.page, self.keys = client, page, keys

    async def __call__(self, feed: Feed) -> Read:
        answer = await self.client.get(services.feed_address(feed, self.keys))
        assert answer.status_code == 200
        names = {line.partition(":")[0].partition(";")[0] for line in strict_lines(answer.content)}
        assert not names & {"METHOD", "ATTENDEE", "ORGANIZER", "DESCRIPTION", "URL", "GEO", "CONTACT", "ATTACH", "COMMENT"}
        assert b"VALARM" not in answer.content
        assert b"Hamngatan" not in answer.content
        return await read_by_all(self.page, answer.content)


async def test_every_calendar_program_sees_the_same_truth(
    browser: Browser, client: httpx.AsyncClient, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    page, leader = await browser.new_page(), await a_leader(clock.now())
    read = _Reader(client, page, keys)
    group = await a_cohort("2.1", clock.now(), leader, sessions=_WEEKS)
    place = await a_cohort("3.1", clock.now(), leader, sessions=_WEEKS)
    for cohort in (group, place):
        await at_six(owner, cohort)
    taken = await somebody(await by_id(group.cohort_id), keys, clock.now())
    own = await services.participant_feed(taken.enrolment_id, keys, clock.now())
    assert own
    await services.set_title(own.feed_id, TITLE, keys, clock.now())
    feeds = {
        "own": own,
        "group": await services.cohort_feed(group.cohort_id, leader.staff_id, keys, clock.now()),
        "leader": await services.leader_feed(leader.staff_id, keys, clock.now()),
        "place": await services.cohort_feed(place.cohort_id, leader.staff_id, keys, clock.now()),
    }

    before = {name: await read(feed) for name, feed in feeds.items()}
    six = [at_local(day, time(18)) for day in _DAYS]
    assert {(moment.astimezone(UTC).hour) for moment in six} == {16, 17}
    for name, calendar in before.items():
        moments = [(e.starts, e.ends) for e in calendar.events]
        assert moments == [(m, m + timedelta(hours=2)) for m in six for _ in range(2 if name == "leader" else 1)], name
        assert {e.status for e in calendar.events} == {"CONFIRMED"}
        assert len({e.uid for e in calendar.events}) == len(calendar.events)
    assert (before["own"].name, {e.title for e in before["own"].events}) == (TITLE, {TITLE})
    assert (before["group"].name, {e.title for e in before["group"].events}) == ("Söndagsgruppen", {"Söndagsgruppen"})
    assert (before["leader"].name, {e.title for e in before["leader"].events}) == (
        "Mina grupper",
        {"Söndagsgruppen", "Öppet"},
    )
    assert {e.place for name in ("own", "group", "leader") for e in before[name].events} == {""}
    assert {(e.title, e.place) for e in before["place"].events} == {(f"Öppet: {place.venue}", place.venue)}
    uids = [{e.uid for e in calendar.events} for calendar in before.values()]
    assert len(set.union(*uids)) == sum(map(len, uids)), "no two calendars can be matched"

    # One session is moved over a clock change, one is cancelled, and the open place gets another name.
    clock.advance(hours=1)
    moved_to = at_local(date(2026, 10, 26), time(17, 30))
    venue = await owner.fetchval("select venue_id from cohort where id = $1", group.cohort_id)
    moved, off = await session_id(owner, group, date(2026, 10, 25)), await session_id(owner, group, date(2027, 3, 28))
    assert await move_session(moved, moved_to, moved_to + timedelta(hours=1), venue, leader, clock.now()) == []
    assert await cancel_session(off, False, leader, clock.now()) == []
    place_id = await owner.fetchval("select venue_id from cohort where id = $1", place.cohort_id)
    assert not await rename_venue(place_id, group.venue, leader, clock.now())
    assert await rename_venue(place_id, "Åhuset; gården", leader, clock.now())

    after = {name: await read(feed) for name, feed in feeds.items()}
    changed = {"starts": moved_to, "ends": moved_to + timedelta(hours=1)}
    for name in ("own", "group", "leader"):
        expected = {}
        for event in before[name].events:
            new, at = replace(event, sequence=event.sequence + 1, stamp=clock.now()), event.starts.astimezone(UTC).date()
            if name == "leader" and event.title == "Öppet":
                expected[event.uid] = new
            elif at == date(2026, 10, 25):
                expected[event.uid] = replace(new, **changed)
            elif at == date(2027, 3, 28):
                expected[event.uid] = replace(new, title=f"INSTÄLLT: {event.title}", status="CANCELLED", free=True)
            else:
                expected[event.uid] = event
        assert {e.uid: e for e in after[name].events} == expected, name
        assert after[name].name == before[name].name
    assert after["place"] == Read(
        "Öppet: Åhuset; gården",
        tuple(
            replace(e, title="Öppet: Åhuset; gården", place="Åhuset; gården", sequence=e.sequence + 1, stamp=clock.now())
            for e in before["place"].events
        ),
    )
    await services.revoke(own.feed_id, clock.now())
    assert await read(own) == Read("Möte", ())
    await page.close()
