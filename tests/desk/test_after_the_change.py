"""What a change leaves behind: who still sees a group, what calendars show twice, and what a second press ends on."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import change_services as cohort_changes
from programmes.cohorts import pages, session_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.clash_services import refused_in_words
from programmes.cohorts.schedule_rules import Slot
from programmes.core.clock import local, local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as changes
from programmes.desk.illness import services as illness
from programmes.desk.illness import substitute_queries, substitute_rules
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.services import Cancelling
from programmes.desk.today import queries as today
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, ask, house, look, mail, request_to, shown_to_stand  # noqa: F401
from tests.factories import a_cohort, a_venue, csrf_of
from tests.notices.mail import Mail


async def may_see(house: House, clock: FrozenClock) -> bool:  # noqa: F811
    try:
        await cohorts.mine(house.love, local_date(clock.now()), house.cohort.cohort_id)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("undone", [True, False])
async def test_who_stood_in_at_what_is_cancelled_sees_the_group_only_while_that_can_be_undone(
    undone: bool,
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    later = timedelta(hours=3)
    session = next(s for s in await cohorts.sessions(house.cohort.cohort_id) if s.session_id == house.session)
    slot = Slot(session.starts_at + later, session.ends_at + later)
    assert await changes.move(house.session, slot, session.venue_id, house.kim, clock.now(), meant=True) == []
    await ask(house, clock.now(), house.love)
    assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) is None
    stood = await shown_to_stand(house.session)
    assert await illness.cancel([Cancelling(house.session, 1, False)], keys, house.robin, clock.now(), stood) == []
    clock.advance(minutes=50)
    await mail.work()
    assert await may_see(house, clock)
    if undone:
        found = await cohort_changes.undoable(house.cohort.cohort_id, house.robin, clock.now())
        assert found
        assert await changes.undo(house.cohort.cohort_id, found.change_id, house.robin, clock.now()) == []
        assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) is None
    clock.advance(minutes=11)
    await mail.work()
    assert await may_see(house, clock) == undone


async def test_who_is_at_two_places_as_it_is_is_not_said_to_hold_it_alone(
    house: House,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    add = "insert into cohort_staff (cohort_id, staff_id, role, every_session) values ($1, $2, 'leader', true)"
    await owner.execute(add, house.cohort.cohort_id, house.love.staff_id)
    await sign_in_as(client, "robin", clock.now())
    assert "Love" in await look(client, f"{house.page}/sjuk")
    other = await a_cohort("2.8", clock.now(), house.love, first_in=timedelta(days=40), state="started")
    mine = (await cohorts.sessions(house.cohort.cohort_id))[0]
    theirs = (await cohorts.sessions(other.cohort_id))[0]
    slot = Slot(mine.starts_at, mine.ends_at)
    assert await changes.move(theirs.session_id, slot, theirs.venue_id, house.kim, clock.now(), meant=True) == []
    standing = await substitute_queries.standing(house.session)
    assert {one.name: one.elsewhere for one in standing if one.staff_id == house.love.staff_id} == {house.love.name: True}
    assert substitute_rules.others_stand(standing, house.robin.staff_id) == ()
    assert "leder också" not in await look(client, f"{house.page}/sjuk")
    with pytest.raises(Conflict, match="nobody_left"):
        await substitutes.hold_without(house.session, house.robin.staff_id, house.robin, clock.now())


async def test_what_is_added_again_at_the_same_time_is_the_same_session(house: House, clock: FrozenClock) -> None:  # noqa: F811
    cohort_id = house.cohort.cohort_id
    first, second = (s.session_id for s in (await cohorts.sessions(cohort_id))[:2])
    assert await session_services.cancel_session(first, True, house.kim, clock.now()) == []
    found = await cohort_changes.undoable(cohort_id, house.kim, clock.now())
    assert found
    assert await cohort_changes.undo(cohort_id, found.change_id, house.kim, clock.now()) == []
    assert await session_services.cancel_session(second, True, house.kim, clock.now()) == []
    added = [s for s in await cohorts.sessions(cohort_id) if s.added]
    assert [(s.state, s.sequence, s.makes_up_for, s.cancelled_at) for s in added] == [("planned", 2, second, None)]
    found = await cohort_changes.undoable(cohort_id, house.kim, clock.now())
    assert found
    assert await cohort_changes.undo(cohort_id, found.change_id, house.kim, clock.now()) == []
    assert [(s.state, s.sequence) for s in await cohorts.sessions(cohort_id) if s.added] == [("cancelled", 3)]


async def test_a_second_press_ends_where_the_first_does_and_anything_else_is_said(
    house: House,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    form = {"sedd": "0", "sedan": "inte", "_csrf_token": csrf_of(page)}
    second = (await cohorts.sessions(house.cohort.cohort_id))[1].session_id
    for _press in range(2):
        answer = await client.post(f"{house.page}/sjuk", data=form)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"{house.page}/besked")
    both = await client.post(f"{house.page}/sjuk", data={**form, "aven": [f"{second}/0"]})
    assert both.status_code == 409


async def test_until_when_an_answer_is_waited_for_is_said_with_its_day(
    house: House,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await sign_in_as(client, "love", clock.now())
    page = await look(client, f"/personal/vikariat/{await request_to(owner, house.love)}")
    assert "onsdag 2 september" in page.split("Svara helst före")[1][:60]


async def test_as_many_things_are_said_to_be_wrong_as_there_are(
    house: House,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    await sign_in_as(client, "kim", clock.now())
    first, second = (await cohorts.sessions(house.cohort.cohort_id))[:2]
    other = await a_cohort("2.8", clock.now(), house.robin, first_in=second.starts_at - clock.now() + timedelta(days=1),
                           venue_id=first.venue_id, state="started")  # fmt: skip
    there = (await cohorts.sessions(other.cohort_id))[0]
    page = await look(client, f"/personal/traffar/{second.session_id}/flytta")
    form = {"sedd": "0", "_csrf_token": csrf_of(page), "dag": f"{local(there.starts_at):%Y-%m-%d}", "fran": "17:00",
            "till": "19:00", "lokal": str(first.venue_id), "gor": "spara"}  # fmt: skip
    answer = await client.post(f"/personal/traffar/{second.session_id}/flytta", data=form)
    assert answer.status_code == 422
    assert "Två saker att rätta" in answer.text


async def test_the_next_session_on_idag_is_one_that_the_viewer_leads(house: House, clock: FrozenClock) -> None:  # noqa: F811
    ids, now = [house.cohort.cohort_id], clock.now()
    first, second = (await cohorts.sessions(house.cohort.cohort_id))[:2]
    there = (first.session_id, house.robin.staff_id, house.love.staff_id)
    assert await changes.change_leader(*there, False, house.kim, now) == []
    found = [await today.next_session(ids, who, local_date(now), now) for who in (house.robin, house.love, house.kim)]
    assert found == [second.starts_at, first.starts_at, first.starts_at]


def test_a_talk_that_may_have_had_nobody_there_is_not_said_to_be_held_and_a_time_says_more_than_the_same_day(
    clock: FrozenClock,
) -> None:
    now = clock.now()
    held = pages.Session(1, 1, now - timedelta(days=2), now - timedelta(days=2, hours=-1), None, "Linden", "", "held", False)
    moved = pages.Session(2, 2, now, now + timedelta(hours=1), now - timedelta(hours=2), "Linden", "", "moved", False)
    tags = []
    for form, exempt in (("individual", False), ("individual", True), ("group", False)):
        page = pages.sessions_page(pages.Group(1, "Grupp", form, "started", exempt, True), [held, moved], now, "")
        tags.append(page.past[0].tag)
        assert page.coming[0].was != page.coming[0].when
    assert tags == ["Noterat", "Hållen", "Hållen"]


@pytest.mark.parametrize("table", ["cohort_session", "session_duty"])
async def test_two_who_take_the_same_at_once_and_wait_for_each_other_are_told_so_in_words(
    table: str,
    house: House,  # noqa: F811
    clock: FrozenClock,
) -> None:
    leader, room = house.sam if table == "session_duty" else None, await a_venue("Samma")
    one = await a_cohort("2.7", clock.now(), leader, first_in=timedelta(days=60), venue_id=room)
    other = await a_cohort("2.7", clock.now(), leader, first_in=timedelta(days=90), venue_id=room)
    taken = {(table, n): clock.now() + timedelta(days=200 + n) for n in range(2)}
    met = asyncio.Barrier(2)

    async def take(cohort_id: int, order: tuple[int, int]) -> str:
        mine = [s.session_id for s in await cohorts.sessions(cohort_id)]
        where = "session_id = $1" if table == "session_duty" else "id = $1"
        try:
            async with transaction():
                with refused_in_words():
                    for n in order:
                        at = taken[table, n]
                        await execute(
                            f"update {table} set starts_at = $2, ends_at = $3 where {where}",
                            mine[n],
                            at,
                            at + timedelta(hours=1),
                        )
                        if n == order[0]:
                            await met.wait()
        except Conflict as conflict:
            return conflict.code
        return "done"

    found = await asyncio.gather(take(one.cohort_id, (0, 1)), take(other.cohort_id, (1, 0)))
    assert sorted(found) == ["done", "leader_taken" if table == "session_duty" else "room_taken"]
