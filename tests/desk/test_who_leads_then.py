"""After a change or its undoing somebody leads each session, or it is known that nobody does; and who leads hears of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.schedule_rules import Slot
from programmes.core.clock import local
from programmes.core.principal import Principal
from programmes.desk.changes import services as change_services
from programmes.desk.changes.duty_told_rules import Post, changed, messages
from programmes.desk.illness import settling_services as settling
from programmes.desk.illness import substitute_services as substitutes
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader, sign_in_as
from tests.desk.test_sick import House, ask, house, look, mail, request_to, standing  # noqa: F401
from tests.factories import a_cohort, hidden, post_form
from tests.notices.mail import Mail

DAY = timedelta(days=1)


async def yes(house: House, who: Principal, owner: asyncpg.Connection, clock: FrozenClock) -> None:  # noqa: F811
    assert await substitutes.answer(await request_to(owner, who), True, who, clock.now()) is None


async def cancel(house: House, clock: FrozenClock, who: Principal) -> None:  # noqa: F811
    assert await change_services.cancel(house.session, False, who, clock.now()) == []


async def move(house: House, number: int, by: timedelta, clock: FrozenClock, **more: bool) -> list[str]:  # noqa: F811
    session = (await cohorts.sessions(house.cohort.cohort_id))[number]
    moved = Slot(session.starts_at + by, session.ends_at + by)
    found = await change_services.move(session.session_id, moved, session.venue_id, house.kim, clock.now(), **more)
    return [reason.code for reason in found]


async def undo(house: House, client: httpx.AsyncClient, clock: FrozenClock) -> str:  # noqa: F811
    back = f"/personal/grupper/{house.cohort.cohort_id}/andrat"
    await sign_in_as(client, "kim", clock.now())
    change = hidden((await client.get(back)).text, "andring")
    answer = await post_form(client, back, {"andring": change}, back)
    assert answer.status_code == 303, answer.text
    return await look(client, answer.headers["location"])


def texts(mail: Mail, name: str, words: str) -> list[str]:  # noqa: F811
    return [text for text in mail.to(f"{name}@kommun.example") if words in text.replace("\n", " ")]


@pytest.mark.parametrize("change", ["cancelled", "moved"])
@pytest.mark.parametrize("free", [True, False])
async def test_a_substitute_who_was_told_not_to_come_is_asked_again_when_that_is_undone_or_somebody_hears_that_nobody_comes(
    change: str,
    free: bool,
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    clock.set(clock.now() - timedelta(hours=3))
    await ask(house, clock.now(), house.love)
    await mail.work()
    await yes(house, house.love, owner, clock)
    clock.advance(minutes=5)
    if change == "cancelled":
        await cancel(house, clock, house.kim)
    else:
        assert await move(house, 0, DAY, clock) == []
    await mail.work()
    assert len(texts(mail, "love", "Du behöver inte hoppa in")) == 1
    clock.advance(minutes=5)
    if not free:
        await owner.execute("update staff_role set role = 'manager' where staff_id = $1", house.love.staff_id)
    done = await undo(house, client, clock)
    assert "Ingen leder onsdag 2 september 17.00–19.00." in done
    assert f"{house.page}/sjuk" in done
    assert await standing(owner, house.session) == {"robin": False}
    await mail.work()
    assert len(texts(mail, "love", "Kan du hoppa in")) == (2 if free else 1)
    assert len(texts(mail, "kim", "Ingen har sagt ja")) == (0 if free else 1)
    assert "Vikarie saknas" in await look(client, "/personal/idag")
    if free:
        await yes(house, house.love, owner, clock)
        assert await standing(owner, house.session) == {"robin": True, "love": False}
        assert "Ingen leder" not in await look(client, f"/personal/grupper/{house.cohort.cohort_id}/andrat")


async def test_before_anybody_was_told_otherwise_a_substitute_stays(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    clock.advance(minutes=1)
    await cancel(house, clock, house.kim)
    clock.advance(minutes=1)
    assert "Ingen leder" not in await undo(house, client, clock)
    await mail.work()
    assert await standing(owner, house.session) == {"robin": True, "love": False}
    assert texts(mail, "love", "Du behöver inte hoppa in") == []


async def test_undoing_something_else_asks_nobody_who_could_not_come_either(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    assert await move(house, 4, DAY, clock) == []
    clock.advance(minutes=1)
    # Love said yes and then could not; Sam stands there. The undone move was of another session.
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
    await yes(house, house.sam, owner, clock)
    await mail.work()
    there = await standing(owner, house.session)
    assert there == {"robin": True, "love": True, "sam": False}
    since = clock.now() - timedelta(hours=1)
    await settling.ask_again(house.cohort.cohort_id, since, house.kim, clock.now())
    assert await standing(owner, house.session) == there


async def test_who_leads_a_session_this_once_leads_it_on_another_day_too_or_it_is_said(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    now = clock.now()
    second = (await cohorts.sessions(house.cohort.cohort_id))[1]
    robin, love = house.robin.staff_id, house.love.staff_id
    assert await change_services.change_leader(second.session_id, robin, love, False, house.kim, now) == []
    await mail.work()
    assert len(texts(mail, "robin", "Du leder inte längre det som är onsdag 9 september")) == 1
    assert len(texts(mail, "love", "Du leder det som är onsdag 9 september 17.00")) == 1
    assert await move(house, 1, DAY, clock) == []
    assert await standing(owner, second.session_id) == {"robin": True, "love": False}
    await mail.work()
    assert len(texts(mail, "love", "är flyttat: torsdag 10 september 17.00")) == 1
    # Elsewhere on the third day: that is said before anything is saved, and it falls to who usually leads.
    meets = timedelta(days=9) + (second.starts_at - timedelta(days=7) - now)
    await a_cohort("2.8", now, house.love, first_in=meets, sessions=1)
    assert await move(house, 1, DAY, clock) == ["instead_elsewhere"]
    assert await move(house, 1, DAY, clock, meant=True) == []
    assert await standing(owner, second.session_id) == {"robin": False}
    await mail.work()
    assert len(texts(mail, "love", "Du leder inte längre det som är torsdag 10 september")) == 1, "by the day that they know"


async def test_with_another_leader_nobody_need_answer_and_who_leads_hears_of_what_a_coordinator_changes(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love, house.sam)
    await mail.work()
    new = await a_leader(clock.now(), "ny")
    clock.advance(minutes=1)
    there = (house.session, house.robin.staff_id, new.staff_id)
    assert await change_services.change_leader(*there, False, house.kim, clock.now()) == []
    await mail.work()
    for name in ("love", "sam"):
        assert len(texts(mail, name, "Du behöver inte hoppa in")) == 1
    assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) == "over"
    # Undone, who had been asked is asked again: the one who can't come still can't.
    clock.advance(minutes=1)
    assert "Ingen leder onsdag" in await undo(house, client, clock)
    await mail.work()
    assert len(texts(mail, "love", "Kan du hoppa in")) == 2
    # A coordinator cancels the third and moves all from the fourth on: the leader hears each once.
    third, fourth = (await cohorts.sessions(house.cohort.cohort_id))[2:4]
    assert await change_services.cancel(third.session_id, True, house.kim, clock.now()) == []
    starts, ends = local(fourth.starts_at), local(fourth.ends_at)
    wanted = change_services.Wanted(starts.date() + DAY, (starts.time(), ends.time()), fourth.venue_id)
    cohort, session = await cohorts.my_session(house.kim, starts.date(), fourth.session_id)
    plan, _ = await change_services.plan_rest(cohort, session, wanted, house.kim, clock.now())
    assert await change_services.move_rest(fourth.session_id, wanted, plan.digest, house.kim, clock.now()) == []
    await mail.work()
    assert len(texts(mail, "robin", "är inställt")) == 1
    assert len(texts(mail, "robin", "är flyttat: torsdag 24 september")) == 1
    # What a leader does to their own is no news to them.
    fifth = (await cohorts.sessions(house.cohort.cohort_id))[4]
    assert await change_services.cancel(fifth.session_id, False, house.robin, clock.now()) == []
    await mail.work()
    assert len(texts(mail, "robin", "är inställt")) == 1


async def test_a_session_that_passes_another_is_asked_about_and_the_first_day_with_it(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    assert await move(house, 2, timedelta(days=-8), clock) == ["comes_before"]
    assert await move(house, 2, timedelta(days=8), clock) == ["comes_after"]
    assert await move(house, 2, DAY, clock) == []
    assert await move(house, 2, timedelta(days=-9), clock, meant=True) == []
    await sign_in_as(client, "kim", clock.now())
    children = await a_cohort("2.15", clock.now(), house.robin, first_in=timedelta(days=60, hours=2))
    second = (await cohorts.sessions(children.cohort_id))[1]
    address = f"/personal/traffar/{second.session_id}/flytta"
    assert "Åldern räknas den första dagen" not in await look(client, address)
    day = local(second.starts_at - timedelta(days=8))
    form = {"dag": f"{day:%Y-%m-%d}", "fran": "10:00", "till": "11:00", "lokal": str(second.venue_id), "sedd": "0"}
    shown = await post_form(client, address, {**form, "omfang": "en"})
    assert shown.status_code == 422
    assert "Den hamnar då före träffen" in shown.text
    assert "Åldern räknas den första dagen" in shown.text


def test_each_of_staff_gets_one_message_of_all_that_is_otherwise_for_them() -> None:
    def post(session: int, staff: int = 1, day: int = 0, **more: bool) -> Post:
        starts = datetime(2026, 9, 2, tzinfo=UTC) + (session + day) * DAY
        return Post(session, staff, starts, starts + DAY / 12, 1, more.get("off", False), more.get("asked", False))

    def told(before: Sequence[Post], after: Sequence[Post]) -> list[tuple[int, dict[int, bool]]]:
        there = {one.session_id: one for one in (*before, *after)}
        found = messages(before, after, list(there.values()), {one.session_id for one in before})
        return [(one.staff_id, {session: stand.comes for session, stand in one.believed.items()}) for one in found]

    both = [post(1), post(2)]
    assert told(both, [post(1, day=3), post(2, day=3)]) == [(1, {1: True, 2: True})]
    assert told(both, [post(1, day=3), post(2, off=True)]) == [(1, {1: True, 2: True})]
    assert told([post(1, off=True)], [post(1)]) == [(1, {1: False})]
    assert told(both, [post(1, 2), post(2)]) == [(1, {1: True}), (2, {1: False})]
    # One that is new, unchanged ones, and where a question's own messages follow the session.
    assert told(both, [*both, post(3)]) == []
    assert told([post(1, asked=True)], [post(1, day=1, asked=True)]) == []
    assert changed(both, [post(1, day=3), post(2), post(3)]) == {1, 3}
