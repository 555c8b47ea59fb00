"""Whom to ring goes by what their messages say that they believe; nothing later hides it, and they know it by that day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes.queries import told_of
from programmes.desk.group import calls_pages, calls_queries
from programmes.desk.group.calls_services import told
from programmes.desk.illness import reached_pages, reached_services
from programmes.desk.illness.reached_rules import counted, may_be_rung
from programmes.notices import job_services
from programmes.notices.belief_rules import Known
from programmes.notices.left_rules import Left, left_of
from programmes.notices.post_services import Refused
from tests.clock import FrozenClock
from tests.desk.test_calls import look
from tests.factories import a_cohort, a_coordinator, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move, move_rest, undo

PHONE = "+46700000001"
HOUR = timedelta(hours=1)


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def to_say(cohort_id: int, clock: FrozenClock) -> list[str]:
    return [calls_pages.news_of(about) for about in await calls_queries.untold([cohort_id], clock.now())]


async def test_what_was_missed_stays_when_a_later_message_of_its_kind_goes(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=2)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()

    class Full:
        async def send(self, _message: object) -> None:
            raise Refused("SMTPDataError552")

    with monkeypatch.context() as patched:
        patched.setattr(job_services, "post_from", lambda _url: Full())
        await move_rest(cohort, timedelta(days=1), kim, clock)
        await mail.work()
    assert len(await to_say(cohort.cohort_id, clock)) == 1
    clock.advance(hours=2)
    assert not await session_services.cancel_session(
        (await cohorts.sessions(cohort.cohort_id))[1].session_id, True, kim, clock.now()
    )
    await mail.work()
    clock.advance(minutes=2)
    await undo(cohort, kim, clock)
    await mail.work()
    (said,) = await to_say(cohort.cohort_id, clock)
    assert "Det som skulle vara onsdag 30 september 10.00 är torsdag 1 oktober 10.00." in said
    assert (await told_of(cohort.cohort_id, clock.now(), clock.now())).missed == 1, "both pages say the same"


async def test_the_day_that_the_person_knows_is_what_staff_are_told_to_say(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    await sign_in_as(client, "kim", clock.now())
    page = await look(client, f"/personal/traffar/{second}/besked")
    assert "Skulle ha varit onsdag 7 oktober 10.00." in page
    clock.advance(minutes=1)
    assert not await session_services.cancel_session(second, False, kim, clock.now())
    await mail.work()
    assert await to_say(cohort.cohort_id, clock) == ["Det blir inget onsdag 7 oktober 10.00."]
    assert "Det blir inget onsdag 7 oktober 10.00." in await look(client, f"/personal/traffar/{second}/besked")


async def test_nobody_drops_off_while_they_would_still_come_on_the_wrong_day(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await owner.execute("update cohort set decide_by = '2026-09-01'")
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    clock.set(second.starts_at - timedelta(days=3))
    await move(cohort, 1, -timedelta(days=2), kim, clock)
    await mail.work()
    clock.set(second.starts_at - timedelta(days=1))
    assert len(await to_say(cohort.cohort_id, clock)) == 1, "the new time is over, the one that they know is tomorrow"
    clock.set(second.ends_at)
    assert await to_say(cohort.cohort_id, clock) == []
    third = (await cohorts.sessions(cohort.cohort_id))[2]
    clock.set(third.starts_at - timedelta(hours=1))
    assert not await session_services.cancel_session(third.session_id, True, kim, clock.now())
    await mail.work()
    clock.advance(hours=4)
    (said,) = await to_say(cohort.cohort_id, clock)
    assert said.startswith("Nytt tillfälle: "), "the one that was added is still to come"


async def test_an_undoing_names_the_session(kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    third = (await cohorts.sessions(cohort.cohort_id))[2]
    assert not await session_services.cancel_session(third.session_id, False, kim, clock.now())
    await mail.work()
    (about,) = await calls_queries.untold([cohort.cohort_id], clock.now())
    await told(cohort.cohort_id, about.enrolment_id, [about.notice_id], keys, kim, clock.now())
    clock.advance(minutes=1)
    await undo(cohort, kim, clock)
    await mail.work()
    assert await to_say(cohort.cohort_id, clock) == ["Det blir av onsdag 14 oktober 10.00."]


async def test_a_time_at_which_there_is_another_session_by_now_is_no_call(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=2)
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    await move(cohort, 1, timedelta(days=-1), kim, clock)
    await mail.work()
    assert len(await to_say(cohort.cohort_id, clock)) == 1
    moved = (await cohorts.sessions(cohort.cohort_id))[1]
    assert moved.moved_from
    clock.advance(hours=2)
    assert not await session_services.cancel_session(moved.session_id, True, kim, clock.now())
    await mail.work()
    last = (await cohorts.sessions(cohort.cohort_id))[-1]
    assert (last.starts_at, last.state) == (moved.moved_from, "planned")
    assert await to_say(cohort.cohort_id, clock) == []
    [cancelled] = [one for one in await cohorts.sessions(cohort.cohort_id) if one.session_id == moved.session_id]
    [person] = await reached_services.people(cohort, cancelled, keys, None, clock.now())
    assert (person.heard, may_be_rung(person.heard)) == ("knows", False)
    assert reached_pages.line(counted([person.heard])) == "1 av 1 är nådd."


def test_times_are_compared_whichever_session_they_are_of() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    at = [Known(now + n * HOUR, now + (n + 1) * HOUR, 1) for n in range(-2, 5)]
    past, one, two, three = at[0], at[3], at[4], at[5]
    assert left_of({1: one, 2: None}, {1: None, 2: one}, now) is None
    assert left_of({1: one}, {1: None, 2: one}, now) is None
    assert left_of({1: one, 2: two}, {1: two, 2: one}, now) is None
    assert left_of({1: one, 2: two, 3: three}, {1: two, 2: three, 3: one}, now) is None
    assert left_of({1: one, 2: None}, {1: two, 2: one}, now) == Left(((None, two),), False)
    assert left_of({1: one}, {1: two, 2: one}, now) == Left(((None, two),), False)
    assert left_of({1: one, 2: two}, {1: None, 2: one}, now) == Left(((two, None),), False)
    # What was to be before is over, and nobody comes to it.
    assert left_of({1: one, 2: past}, {1: None, 2: one}, now) is None
    # Another place at that time, and what they may not have heard, has to be told.
    assert left_of({1: one, 2: None}, {1: None, 2: replace(one, venue_id=2)}, now) == Left(
        ((one, None), (None, replace(one, venue_id=2))), True
    )
    assert left_of({1: replace(one, unheard=True)}, {1: None, 2: one}, now) is not None
