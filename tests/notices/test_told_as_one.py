"""What somebody believes is what all messages say that have not reached them: whom to ring goes by all of it, joined."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes.queries import told_of
from programmes.notices.belief_rules import Known
from programmes.notices.left_rules import Told, left_of, left_together
from programmes.oversight import services as decisions
from tests.clock import FrozenClock
from tests.desk.test_calls import look, tell_the_first
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move
from tests.notices.test_left_to_tell import PHONE, to_say

NOW = datetime(2026, 11, 29, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Two of them are over.
TIMES = [Known(NOW + n * HOUR, NOW + (n + 1) * HOUR, 1) for n in range(-2, 5)]
ONE, TWO, THREE, FOUR = TIMES[3:]
MESSAGES = [UUID(int=n) for n in range(3)]


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


def coming(times: Iterable[Known | None]) -> set[Known]:
    return {time for time in times if time and time.ends_at > NOW}


def said(told: dict[UUID, Told]) -> tuple[set[Known], set[Known]]:
    """What does not take place, and what they know nothing of."""
    pairs = [pair for one in told.values() if one.left for pair in one.left.sessions]
    return coming(was for was, _new in pairs), coming(new for _was, new in pairs)


@given(st.data())
def test_what_is_to_be_rung_is_what_somebody_believes_of_all_sessions_less_what_is_so(data: st.DataObject) -> None:
    free, now_is = list(TIMES), dict[int, Known | None]()
    for session_id in range(1, data.draw(st.integers(1, 5)) + 1):
        known = now_is[session_id] = data.draw(st.sampled_from([None, *free]))
        free = [time for time in free if time != known]
    messages = dict[UUID, dict[int, Known | None]]()
    for session_id in now_is:
        if (number := data.draw(st.sampled_from([None, *MESSAGES]))) is not None:
            messages.setdefault(number, {})[session_id] = data.draw(st.sampled_from([None, *TIMES]))
    while True:
        believed = {**now_is, **{one: known for belief in messages.values() for one, known in belief.items()}}
        told = left_together(messages, now_is, NOW)
        assert set(told) == set(messages)
        gone, new = set(believed.values()) - set(now_is.values()), set(now_is.values()) - set(believed.values())
        assert said(told) == (coming(gone), coming(new))
        if not messages:
            break
        # One after the other is told, with what is told as one with it: the others say what is left.
        first = told[min(messages)]
        _, told_new = said({min(messages): first})
        messages = {number: belief for number, belief in messages.items() if number not in first.messages}
        assert said(left_together(messages, now_is, NOW))[1] == coming(new) - told_new


def test_messages_are_told_as_one_only_where_one_has_the_time_of_another() -> None:
    a, b, c = MESSAGES
    swapped = left_together({a: {1: ONE}, b: {2: TWO}, c: {3: THREE}}, {1: TWO, 2: ONE, 3: None}, NOW)
    assert (swapped[a], swapped[c].messages) == (Told(frozenset({a, b}), None), frozenset({c}))
    chain = left_together({a: {1: ONE}, b: {2: TWO}}, {1: TWO, 2: THREE}, NOW)
    assert chain[a] is chain[b]
    assert chain[a].left
    assert chain[a].left.sessions == ((ONE, THREE),)
    # Two who are believed at one time, at which there is a third: it takes place.
    both = left_of({1: ONE, 2: ONE}, {1: TWO, 2: THREE, 3: ONE}, NOW)
    assert both
    assert said({a: Told(frozenset({a}), both)}) == (set(), {TWO, THREE})


async def of_two(kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock) -> CohortFacts:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=2)
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    return cohort


async def change(cohort: CohortFacts, mail: Mail, kim: Principal, clock: FrozenClock, *moves: tuple[int, timedelta]) -> None:
    for session_id, by in moves:
        clock.advance(minutes=1)
        order = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)]
        await move(cohort, order.index(session_id), by, kim, clock)
    await mail.work()


async def test_of_two_sessions_that_have_changed_days_nobody_is_rung(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await of_two(kim, mail, keys, clock)
    a, b = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)]
    await change(cohort, mail, kim, clock, (a, DAY), (b, -7 * DAY), (a, 6 * DAY))
    assert await to_say(cohort.cohort_id, clock) == []
    assert (await told_of(cohort.cohort_id, None, clock.now())).missed == 0


@pytest.mark.parametrize("where", ["list", "session"])
async def test_what_is_told_as_one_is_said_once_and_settled_as_one(
    where: str,
    kim: Principal,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    cohort = await of_two(kim, mail, keys, clock)
    a, b = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)]
    await change(cohort, mail, kim, clock, (b, DAY), (a, 7 * DAY))
    assert await owner.fetchval("select count(*) from notice where believed is not null") == 2
    assert await to_say(cohort.cohort_id, clock) == [
        "Det som skulle vara onsdag 30 september 10.00 är torsdag 8 oktober 10.00."
    ]
    await sign_in_as(client, "kim", clock.now())
    if where == "list":
        await tell_the_first(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    else:
        page = f"/personal/traffar/{a}/besked"
        text = await look(client, page)
        assert "är torsdag 8 oktober 10.00." in text
        person = await owner.fetchval("select id from enrolment")
        mine, other = [
            await owner.fetchval("select id from notice where session_id = $1", session_id) for session_id in (a, b)
        ]
        assert f'name="med" value="{other}"' in text
        form: dict[str, object] = {"vem": person, "besked": mine, "med": other, "svar": "nadd"}
        assert (await post_form(client, page, form, page)).status_code == 303
    assert await to_say(cohort.cohort_id, clock) == []
    assert await owner.fetchval("select count(*) from notice where believed is not null and sent_at is null") == 0


async def test_what_comes_instead_is_said_alike_on_every_page_that_settles_it(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    await somebody(cohort, keys, clock.now(), contact=PHONE)
    await mail.work()
    a, b = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)][1:]
    assert not await session_services.cancel_session(a, True, kim, clock.now())
    await mail.work()
    await change(cohort, mail, kim, clock, (b, -7 * DAY))
    (said,) = await to_say(cohort.cohort_id, clock)
    assert "I stället blir det" in said
    await sign_in_as(client, "kim", clock.now())
    for session_id in (a, b):
        assert said in await look(client, f"/personal/traffar/{session_id}/besked"), session_id


async def test_of_a_start_that_is_postponed_staff_say_the_new_first_day(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await of_two(kim, mail, keys, clock)
    await postpone_by_three_weeks(cohort, kim, clock)
    clock.advance(hours=1)
    await mail.work()
    first = (await cohorts.sessions(cohort.cohort_id))[0].starts_at
    words = f"Starten är framflyttad. Första gången är {moment_long(first)}."
    assert "21 oktober 10.00" in words
    assert await to_say(cohort.cohort_id, clock) == [words]
    await sign_in_as(client, "kim", clock.now())
    assert words in await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")


async def postpone_by_three_weeks(cohort: CohortFacts, kim: Principal, clock: FrozenClock) -> None:
    assert cohort.first_start
    new_first = (cohort.first_start + 21 * DAY).date()
    days = (await decisions.plan_again(cohort.cohort_id, new_first, kim, clock.now())).digest
    seen = decisions.seen_as(cohort.state, cohort.first_start)
    by = new_first - 10 * DAY
    assert not await decisions.postpone(cohort.cohort_id, new_first, by, "no_venue", seen, days, kim, clock.now())
