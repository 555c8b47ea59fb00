"""Feeds over HTTP: any client, conditional requests, moves and cancellations, and addresses that end."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from importlib import import_module

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.calendar import services
from programmes.calendar.rules import Feed
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, fetchval, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, somebody
from tests.owner import as_owner


async def change(sql: str, *args: object) -> None:
    async with transaction():
        await execute(sql, *args)


async def move(cohort: CohortFacts, number: int, now: datetime, by: timedelta = timedelta(days=1)) -> None:
    await change(
        """update cohort_session set starts_at = starts_at + $3::interval, ends_at = ends_at + $3::interval, state = 'moved',
                  sequence = sequence + 1, revised_at = $4 where cohort_id = $1 and number = $2""",
        cohort.cohort_id,
        number,
        by,
        now,
    )


async def cancel(cohort: CohortFacts, number: int, now: datetime) -> None:
    await change(
        """update cohort_session set state = 'cancelled', number = null, sequence = sequence + 1, revised_at = $3,
                  cancelled_at = $3 where cohort_id = $1 and number = $2""",
        cohort.cohort_id,
        number,
        now,
    )


@pytest.fixture
async def cohort(db: None, clock: FrozenClock) -> CohortFacts:
    return await a_cohort("2.1", clock.now(), sessions=4)


@pytest.fixture
async def mine(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> Feed:
    """The feed of somebody who holds a place."""
    taken = await somebody(cohort, keys, clock.now())
    found = await services.participant_feed(taken.enrolment_id, keys, clock.now())
    assert found
    return found


@pytest.fixture
def address(mine: Feed, keys: KeyFolder) -> str:
    return services.feed_address(mine, keys)


def modified(answer: httpx.Response) -> datetime:
    return parsedate_to_datetime(answer.headers["last-modified"])


async def test_a_participants_feed_has_every_session_and_no_cookie(address: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(address, headers={"accept": "image/png", "cookie": "lang=en"})
    assert answer.status_code == 200
    assert len(events(answer.content)) == 4
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in answer.headers
    assert "vary" not in answer.headers


async def test_the_token_is_stored_nowhere(address: str, owner: asyncpg.Connection) -> None:
    token = address.removeprefix("/k/").removesuffix(".ics")
    assert len(token) == 32
    row = await owner.fetchval("select row_to_json(feed)::text from feed")
    assert token not in row


async def test_head_says_what_get_says(address: str, client: httpx.AsyncClient) -> None:
    full, head = await client.get(address), await client.head(address)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "last-modified", "content-type", "content-length", "cache-control"):
        assert head.headers[name] == full.headers[name]
    assert int(full.headers["content-length"]) == len(full.content)


async def test_an_unchanged_feed_costs_one_statement_however_it_is_asked_for(
    address: str, mine: Feed, client: httpx.AsyncClient, queries_log: QueryLog, clock: FrozenClock, keys: KeyFolder
) -> None:
    await services.set_title(mine.feed_id, "Kör", keys, clock.now())
    first = await client.get(address)
    since = {"if-modified-since": first.headers["last-modified"]}
    for headers, status in (({}, 200), ({"if-none-match": first.headers["etag"]}, 304), (since, 304)):
        for method in ("GET", "HEAD"):
            queries_log.clear()
            assert (await client.request(method, address, headers=headers)).status_code == status
            assert len(queries_log.statements) == 1, (method, headers)
    await services.revoke(mine.feed_id, clock.now())
    for expected in (200, 200, 410):
        queries_log.clear()
        assert (await client.get(address)).status_code == expected
        assert len(queries_log.statements) <= 3
        clock.advance(weeks=4)


async def test_a_changed_feed_costs_at_most_three(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, queries_log: QueryLog
) -> None:
    await client.get(address)
    await move(cohort, 2, clock.now())
    queries_log.clear()
    await client.get(address)
    assert len(queries_log.statements) <= 3


async def test_a_client_that_has_it_already_gets_304(address: str, client: httpx.AsyncClient) -> None:
    first = await client.get(address)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get(address, headers={"if-none-match": header})
        assert again.status_code == 304, header
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["last-modified"] == first.headers["last-modified"]
    since = await client.get(address, headers={"if-modified-since": first.headers["last-modified"]})
    assert since.status_code == 304
    assert (await client.head(address, headers={"if-none-match": tag})).status_code == 304


async def test_a_client_that_has_something_else_gets_it_all(address: str, client: httpx.AsyncClient) -> None:
    first = await client.get(address)
    earlier = format_datetime(modified(first) - timedelta(seconds=1), usegmt=True)
    for headers in (
        {"if-none-match": '"other"'},
        {"if-none-match": first.headers["etag"].strip('"')},
        {"if-modified-since": earlier},
        {"if-modified-since": "yesterday"},
        {"if-none-match": '"other"', "if-modified-since": first.headers["last-modified"]},
    ):
        assert (await client.get(address, headers=headers)).status_code == 200, headers


async def test_a_move_keeps_the_uid_and_raises_sequence_and_last_modified(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    before = await client.get(address)
    clock.advance(hours=1)
    await move(cohort, 2, clock.now())
    after = await client.get(
        address, headers={"if-none-match": before.headers["etag"], "if-modified-since": before.headers["last-modified"]}
    )
    assert after.status_code == 200
    # The server's own Date may be a second old.
    assert modified(after) == clock.now() - timedelta(seconds=1)
    old, new = events(before.content), events(after.content)
    assert [event["UID"] for event in old] == [event["UID"] for event in new]
    assert [event["SEQUENCE"] for event in new] == [0, 1, 0, 0]
    assert new[1].start == old[1].start + timedelta(days=1)
    assert new[1]["LAST-MODIFIED"].dt == clock.now()


async def test_of_two_moves_in_one_second_both_are_fetched_and_no_header_is_from_the_future(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    seen = [await client.get(address)]
    for number in (2, 3):
        await move(cohort, number, clock.now())
        since = {"if-modified-since": seen[-1].headers["last-modified"]}
        seen.append(await client.get(address, headers=since))
    assert [answer.status_code for answer in seen] == [200, 200, 200]
    assert max(modified(answer) for answer in seen) <= clock.now()
    clock.advance(seconds=5)
    later = await client.get(address)
    assert modified(later) > modified(seen[-1])
    again = await client.get(address, headers={"if-modified-since": later.headers["last-modified"]})
    assert again.status_code == 304


async def test_last_modified_never_goes_back_when_a_cancelled_session_disappears(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    clock.advance(days=1)
    await cancel(cohort, 4, clock.now())
    with_it = await client.get(address)
    assert [event["STATUS"] for event in events(with_it.content)].count("CANCELLED") == 1
    # It stays beyond thirty days from now, until thirty days after its own.
    clock.advance(days=31)
    assert (await client.get(address, headers={"if-modified-since": with_it.headers["last-modified"]})).status_code == 304
    clock.advance(days=60)
    without = await client.get(address, headers={"if-modified-since": with_it.headers["last-modified"]})
    assert without.status_code == 200
    assert len(events(without.content)) == 3
    assert modified(without) > modified(with_it)


async def test_readers_at_the_same_time_agree(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await client.get(address)
    clock.advance(minutes=1)
    await move(cohort, 1, clock.now())
    answers = await asyncio.gather(*(client.get(address) for _ in range(10)))
    assert len({(a.headers["etag"], a.headers["last-modified"]) for a in answers}) == 1


async def test_a_cohort_that_is_called_off_shows_every_session_cancelled(
    address: str, cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    leader = await a_leader(clock.now())
    clock.advance(hours=1)
    await change("update cohort set state = 'cancelled', closed_at = $2 where id = $1", cohort.cohort_id, clock.now())
    await change(
        "insert into start_decision (cohort_id, decision, reason, staff_id, decided_at) values ($1, 'cancel', '', $2, $3)",
        cohort.cohort_id,
        leader.staff_id,
        clock.now(),
    )
    found = events((await client.get(address)).content)
    assert [(e["STATUS"], e["SEQUENCE"]) for e in found] == [("CANCELLED", 1)] * 4
    clock.advance(days=90)
    assert events((await client.get(address)).content) == []


async def test_who_leaves_gets_an_empty_calendar_for_eight_weeks_and_then_410(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    before = await client.get(address)
    enrolment_id = await owner.fetchval("select enrolment_id from feed")
    await services.set_title(mine.feed_id, "Lisas yoga", keys, clock.now())
    clock.advance(days=1)
    await enrolment.leave(enrolment_id, keys, clock.now())
    # Nobody told the calendar: it sees by itself that the place is gone.
    empty = await client.get(address, headers={"if-modified-since": before.headers["last-modified"]})
    assert empty.status_code == 200
    assert events(empty.content) == []
    assert modified(empty) > modified(before)
    assert "Lisa" not in await owner.fetchval("select row_to_json(feed)::text from feed")
    again = await client.get(address)
    assert (again.content, again.headers["etag"]) == (empty.content, empty.headers["etag"])
    clock.advance(days=54)
    assert (await client.get(address)).status_code == 200
    clock.advance(days=2)
    gone = await client.get(address)
    assert gone.status_code == 410
    assert gone.headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in gone.headers
    clock.advance(days=310)
    await services.forget_old(clock.now())
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("how", ["leave", "renew", "close", "delete"])
async def test_an_address_that_ends_while_it_is_polled_is_whole_or_empty_and_never_comes_back(
    how: str,
    address: str,
    mine: Feed,
    cohort: CohortFacts,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    enrolment_id = await owner.fetchval("select enrolment_id from feed")
    before = await client.get(address)
    clock.advance(minutes=1)
    # What each poll hands out has to be noted anew, so that reading and noting have the end between them.
    await move(cohort, 1, clock.now())
    end = {
        "leave": lambda: enrolment.leave(enrolment_id, keys, clock.now()),
        "renew": lambda: services.renew(mine.feed_id, keys, clock.now()),
        "close": lambda: services.close(mine.feed_id, clock.now()),
        "delete": lambda: change("delete from feed where id = $1", mine.feed_id),
    }[how]

    async def poll() -> list[httpx.Response]:
        return [await client.get(address) for _ in range(3)]

    polled = await asyncio.gather(poll(), poll(), end(), poll(), poll())
    for answers in (answers for answers in polled if isinstance(answers, list)):
        counts = [len(events(a.content)) if a.status_code == 200 else 0 for a in answers]
        assert set(counts) <= {0, 4}
        assert counts == sorted(counts, reverse=True), "once empty it stays empty"
        assert {a.status_code for a in answers} <= ({200, 404} if how == "delete" else {200})
    after = await client.get(address, headers={"if-none-match": before.headers["etag"]})
    if how == "delete":
        assert after.status_code == 404
        return
    assert (after.status_code, events(after.content)) == (200, [])
    clock.advance(seconds=10)
    assert modified(await client.get(address)) > modified(before)
    clock.advance(weeks=9)
    assert (await client.get(address)).status_code == 410


async def test_revoking_keeps_neither_title_nor_whose_it_was(
    address: str,
    mine: Feed,
    cohort: CohortFacts,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    keys: KeyFolder,
) -> None:
    await services.set_title(mine.feed_id, "Lisas yoga", keys, clock.now())
    async with transaction():
        await services.revoke_for_cohort(cohort.cohort_id, clock.now())
    kept = "sealed_title, enrolment_id, cohort_id, staff_id, body_digest, revoked_at, created_at, revised_at"
    # Not even the day: as many feeds as ended with a group are a head count of it.
    end_of_month = datetime(2026, 10, 1, tzinfo=UTC)
    nothing = (None, None, None, None, None, end_of_month, end_of_month, end_of_month)
    assert tuple(await owner.fetchrow(f"select {kept} from feed")) == nothing
    empty = await client.get(address)
    assert events(empty.content) == []
    clock.advance(minutes=3)
    assert (await client.get(address, headers={"if-none-match": empty.headers["etag"]})).status_code == 304
    # Nor when a phone still asked for it.
    assert tuple(await owner.fetchrow(f"select {kept} from feed")) == nothing


async def test_of_an_old_address_and_of_a_calendar_that_was_closed_the_day_is_kept(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await client.get(address)
    clock.advance(minutes=3)
    await services.renew(mine.feed_id, keys, clock.now())
    await services.close(mine.feed_id, clock.now())
    await client.get(address)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await owner.fetch("select created_at, revised_at, revoked_at, body_digest from feed")
    assert [tuple(row) for row in rows] == [(today, today, today, None)] * 2


async def test_what_feeds_kept_that_have_ended_goes_with_the_upgrade(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await client.get(address)
    await services.renew(mine.feed_id, keys, clock.now())
    await owner.execute(
        """update feed set created_at = $1, revised_at = $1, revoked_at = $1, body_digest = decode('00', 'hex')
           where revoked_at is not null""",
        clock.now() + timedelta(seconds=7),
    )
    alive = await owner.fetchrow("select * from feed where revoked_at is null")
    stamp = "programmes.piccolo_migrations.programmes_2026_11_30t00_40_01_000001"
    await owner.execute(import_module(stamp).DAYS_ONLY)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    ended = await owner.fetchrow("select created_at, revised_at, revoked_at, body_digest from feed where generation = 0")
    assert tuple(ended) == (today, today, today, None)
    assert await owner.fetchrow("select * from feed where revoked_at is null") == alive


async def test_the_worker_forgets_the_title_of_a_place_that_was_left(
    address: str,
    mine: Feed,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    await services.set_title(mine.feed_id, "Lisas yoga", keys, clock.now())
    await worker.tick(the_worker)
    assert len(events((await client.get(address)).content)) == 4
    await enrolment.leave(await owner.fetchval("select enrolment_id from feed"), keys, clock.now())
    await worker.tick(the_worker)
    assert (
        await owner.fetchval("select sealed_title from feed where revoked_at is not null and enrolment_id is null") is None
    )
    assert events((await client.get(address)).content) == []


async def test_a_feed_whose_enrolment_was_deleted_is_empty_and_ends(
    address: str, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await client.get(address)
    await owner.execute("delete from enrolment")
    assert events((await client.get(address)).content) == []
    clock.advance(weeks=8)
    assert (await client.get(address)).status_code == 410


async def test_an_unknown_address_is_404_in_plain_text(client: httpx.AsyncClient, db: None) -> None:
    for name in ("a" * 32 + ".ics", "kort.ics", "a" * 32, "%00.ics", "A" * 32 + ".ics"):
        answer = await client.get(f"/k/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"].startswith("text/plain"), name
        assert "set-cookie" not in answer.headers


async def test_somebody_who_waits_has_an_empty_calendar_until_the_place_is_theirs(
    clock: FrozenClock, keys: KeyFolder, client: httpx.AsyncClient
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    first = await somebody(cohort, keys, clock.now())
    second = await somebody(cohort, keys, clock.now())
    assert not second.held
    feed = await services.participant_feed(second.enrolment_id, keys, clock.now())
    assert feed
    address = services.feed_address(feed, keys)
    assert events((await client.get(address)).content) == []
    await enrolment.leave(first.enrolment_id, keys, clock.now())
    assert events((await client.get(address)).content) == []
    await change("update enrolment set state = 'confirmed', offer_expires_at = null where id = $1", second.enrolment_id)
    assert len(events((await client.get(address)).content)) == 4


async def test_asking_twice_gives_the_same_feed_also_at_the_same_time(
    cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    taken = await somebody(cohort, keys, clock.now())
    made = await asyncio.gather(*(services.participant_feed(taken.enrolment_id, keys, clock.now()) for _ in range(8)))
    assert len(set(made)) == 1


async def test_somebody_with_protected_identity_gets_a_feed_only_when_asking(
    keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    taken = await somebody(cohort, keys, clock.now())
    await change("update participant set protected_identity = true")
    assert await services.participant_feed(taken.enrolment_id, keys, clock.now()) is None
    shown = await services.participant_calendar(taken.enrolment_id, keys, "http://testserver.local", clock.now())
    assert shown.address is None
    asked = await services.participant_feed(taken.enrolment_id, keys, clock.now(), asked_for=True)
    assert asked
    assert await services.participant_feed(taken.enrolment_id, keys, clock.now()) == asked


async def test_the_persons_own_title_replaces_the_neutral_one(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    before = await client.get(address)
    assert await services.set_title(mine.feed_id, "  Yoga\r\nATTENDEE:x  ", keys, clock.now()) == "Yoga ATTENDEE:x"
    await services.set_title(mine.feed_id, "Yoga ATTENDEE:x", keys, clock.now())
    found = events((await client.get(address)).content)
    assert [e["SUMMARY"] for e in found] == ["Yoga ATTENDEE:x"] * 4
    assert [e["SEQUENCE"] for e in found] == [1] * 4
    assert [e["UID"] for e in found] == [e["UID"] for e in events(before.content)]


async def test_a_renewed_address_empties_the_old_one_and_keeps_the_uids(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    before = await client.get(address)
    clock.advance(minutes=5)
    renewed = await services.renew(mine.feed_id, keys, clock.now())
    old, new = await client.get(address), await client.get(services.feed_address(renewed, keys))
    assert events(old.content) == []
    assert modified(old) > modified(before)
    assert [e["UID"] for e in events(new.content)] == [e["UID"] for e in events(before.content)]
    clock.advance(weeks=8)
    assert (await client.get(address)).status_code == 410
    assert (await client.get(services.feed_address(renewed, keys))).status_code == 200


async def test_a_cohorts_feed_is_neutral_and_a_meeting_places_is_not(
    cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim = await a_coordinator(clock.now())
    feed = await services.cohort_feed(cohort.cohort_id, kim.staff_id, keys, clock.now())
    body = (await client.get(services.feed_address(feed, keys))).content
    assert [e["SUMMARY"] for e in events(body)] == ["Onsdagsgruppen"] * 4
    place = await a_cohort("3.1", clock.now(), sessions=2)
    feed = await services.cohort_feed(place.cohort_id, kim.staff_id, keys, clock.now())
    assert feed.kind == "drop_in"
    body = (await client.get(services.feed_address(feed, keys))).content
    assert [e["LOCATION"] for e in events(body)] == [place.venue] * 2


async def test_a_leaders_feed_has_own_sessions_and_study_visits_only(
    cohort: CohortFacts, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    leader, other = await a_leader(clock.now()), await a_leader(clock.now(), "sam")
    led = await a_cohort("2.7", clock.now(), leader, sessions=2)
    for whose in (leader, other):
        await change(
            """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, staff_id, capacity)
               values ($1, $2::timestamptz, $2::timestamptz + interval '1 hour', $3, $4, 1)""",
            led.cohort_id,
            clock.now() + timedelta(days=7),
            led.venue_id,
            whose.staff_id,
        )
    address = services.feed_address(await services.leader_feed(leader.staff_id, keys, clock.now()), keys)
    found = events((await client.get(address)).content)
    assert [e["SUMMARY"] for e in found] == ["Studiebesök", "Onsdagsgruppen", "Onsdagsgruppen"]
    # Who does not come to a session has it no longer; the others go on under their name.
    await change("update session_duty set away = true where starts_at = (select min(starts_at) from session_duty)")
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Studiebesök", "Onsdagsgruppen"]
    async with as_owner():
        await change("update staff set active = false where id = $1", leader.staff_id)
    assert events((await client.get(address)).content) == []


async def test_a_leaders_feed_has_a_study_visit_of_a_series_without_talks(
    client: httpx.AsyncClient, db: None, clock: FrozenClock, keys: KeyFolder
) -> None:
    leader = await a_leader(clock.now())
    series = await a_cohort("2.9", clock.now(), leader, sessions=0)
    await change(
        """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, staff_id, capacity)
           values ($1, $2::timestamptz, $2::timestamptz + interval '1 hour', $3, $4, 1)""",
        series.cohort_id,
        clock.now() + timedelta(days=7),
        series.venue_id,
        leader.staff_id,
    )
    address = services.feed_address(await services.leader_feed(leader.staff_id, keys, clock.now()), keys)
    assert [e["SUMMARY"] for e in events((await client.get(address)).content)] == ["Studiebesök"]


async def test_a_feed_asked_for_in_a_transaction_that_fails_is_not_made(
    cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    leader = await a_leader(clock.now())

    async def make_and_fail() -> None:
        async with transaction():
            await services.leader_feed(leader.staff_id, keys, clock.now())
            raise LookupError

    with pytest.raises(LookupError):
        await make_and_fail()
    assert await fetchval("select count(*) from feed") == 0


async def test_clock_changes_come_through_the_whole_way(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    clock.set(datetime(2026, 10, 14, 16, 0, tzinfo=UTC))
    cohort = await a_cohort("2.1", clock.now(), sessions=3, first_in=timedelta(days=4))
    # Sundays at 18.00: 18 October, 25 October (the day itself) and 1 November.
    for number, hour in ((2, 1), (3, 1)):
        await move(cohort, number, clock.now(), timedelta(hours=hour))
    taken = await somebody(cohort, keys, clock.now())
    await confirm(taken.enrolment_id, clock.now())
    feed = await services.participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    found = events((await client.get(services.feed_address(feed, keys))).content)
    assert [e.start.strftime("%d %H:%M") for e in found] == ["18 18:00", "25 18:00", "01 18:00"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_but_reading_is_allowed_alike_of_a_calendar_that_there_is_and_of_none(
    address: str, client: httpx.AsyncClient, method: str
) -> None:
    answers = [await client.request(method, one) for one in (address, f"/k/{'a' * 32}.ics", "/k/x")]
    assert {(a.status_code, a.headers["allow"], a.content) for a in answers} == {
        (405, answers[0].headers["allow"], answers[0].content)
    }
    assert {"GET", "HEAD"} <= set(answers[0].headers["allow"].split(", "))
    assert not any("set-cookie" in a.headers for a in answers)


async def test_of_a_calendar_that_has_ended_nothing_was_modified_after_the_date_that_the_server_says(
    address: str, mine: Feed, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    """The server renews its Date once a second, so that may be a second old (RFC 9110, 8.8.2.1)."""
    before = await client.get(address)
    await services.close(mine.feed_id, clock.now())
    for _ in range(3):
        clock.advance(seconds=1)
        answer = await client.get(address, headers={"if-modified-since": before.headers["last-modified"]})
        assert (answer.status_code, events(answer.content)) == (200, [])
        assert modified(before) <= modified(answer) <= clock.now() - timedelta(seconds=1)
        before = answer
