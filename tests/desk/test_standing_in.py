"""Who stands in hears of everything that is otherwise, and where nobody does that is known."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import office_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.schedule_rules import Slot
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as change_services
from programmes.desk.illness import services as illness
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.services import Cancelling
from programmes.notices.letter_fact_rules import Slot as Said
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, ask, house, look, mail, request_to, standing  # noqa: F401
from tests.desk.test_who_leads_then import DAY, texts, yes
from tests.factories import a_cohort, a_venue, hidden, somebody
from tests.notices.mail import Mail

HOUR = timedelta(hours=1)
NONE = timedelta(0)


async def change(
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    starts: timedelta = NONE,
    ends: timedelta = NONE,
    venue: int | None = None,
) -> None:
    """Kim moves the session, and everybody has heard of it."""
    clock.advance(seconds=10)
    one = next(s for s in await cohorts.sessions(house.cohort.cohort_id) if s.session_id == house.session)
    slot = Slot(one.starts_at + starts, one.ends_at + (ends or starts))
    found = await change_services.move(house.session, slot, venue or one.venue_id, house.kim, clock.now(), meant=True)
    assert found == []
    await mail.work()


async def back(house: House, clock: FrozenClock, mail: Mail) -> None:  # noqa: F811
    """Kim undoes the last change."""
    clock.advance(seconds=10)
    cohort_id = house.cohort.cohort_id
    found = await change_services.changes.undoable(cohort_id, house.kim, clock.now())
    assert found
    assert await change_services.undo(cohort_id, found.change_id, house.kim, clock.now()) == []
    await mail.work()


async def today(house: House, clock: FrozenClock) -> list[tuple[bool, bool]]:  # noqa: F811
    """What stands on Kim's Idag of sessions without a leader: whether somebody was asked, and whether that is open."""
    found = await queries.waiting(house.kim.staff_id, [house.cohort.cohort_id], clock.now())
    return [(bool(one.request_id), one.open) for one in found if not one.mine]


async def test_who_said_yes_hears_of_another_room_another_end_and_of_a_time_that_it_had_before(
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    clock.advance(hours=-3)
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    told = 0
    room = await a_venue("Annan")
    steps: list[dict[str, object]] = [
        {"venue": room}, {"ends": HOUR}, {"starts": HOUR}, {"starts": -HOUR}, {"starts": HOUR}
    ]  # fmt: skip
    for step in steps:
        await change(house, clock, mail, **step)  # type: ignore[arg-type]
        told += 1
        assert len(texts(mail, "love", "ny tid eller plats: onsdag 2 september")) == told, step
    await back(house, clock, mail)
    assert len(texts(mail, "love", "ny tid eller plats: onsdag 2 september")) == told + 1
    assert await standing(owner, house.session) == {"robin": True, "love": False}


async def test_a_coordinator_hears_of_the_second_time_that_it_is_cancelled_too_and_who_leads_of_the_second_change_of_leader(
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
) -> None:
    for n in (1, 2):
        one = next(s for s in await cohorts.sessions(house.cohort.cohort_id) if s.session_id == house.session)
        wanted = [Cancelling(house.session, one.sequence, False)]
        assert await illness.cancel(wanted, keys, house.robin, clock.now()) == []
        await mail.work()
        assert len(texts(mail, "kim", "är inställt av den som leder det")) == n
        await back(house, clock, mail)
    there = (house.session, house.robin.staff_id, house.love.staff_id)
    for n in (1, 2):
        assert await change_services.change_leader(*there, False, house.kim, clock.now()) == []
        await mail.work()
        assert len(texts(mail, "love", "Du leder det som är")) == n
        await back(house, clock, mail)
        assert len(texts(mail, "love", "Du leder inte längre")) == n


@pytest.mark.parametrize("free", [True, False])
async def test_at_another_time_of_the_day_who_was_asked_is_asked_about_that_or_it_is_known_that_nobody_comes(
    free: bool,
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await mail.work()
    if not free:
        await a_cohort("2.8", clock.now(), house.love, first_in=timedelta(hours=3), sessions=1)
    await change(house, clock, mail, starts=2 * HOUR)
    assert len(texts(mail, "love", "Kan du hoppa in onsdag 2 september 19.00–21.00?")) == free
    # Who need not come is told so of the time that they know.
    assert len(texts(mail, "love", "Du behöver inte hoppa in onsdag 2 september 17.00–19.00")) == (not free)
    for name in ("robin", "kim"):
        assert len(texts(mail, name, "Ingen har sagt ja")) == (not free)
    assert await today(house, clock) == [(True, free)]
    assert [one[0] for one in await queries.without_leader(house.cohort.cohort_id, clock.now())] == [house.session]
    if free:
        await yes(house, house.love, owner, clock)
        assert await today(house, clock) == []


@pytest.mark.parametrize("days", [1, -1])
@pytest.mark.parametrize("said", ["yes", "no", "nothing"])
async def test_on_another_day_nobody_stands_in_and_the_absent_one_and_the_coordinators_hear_who_is_expected(
    said: str,
    days: int,
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await change(house, clock, mail, starts=2 * DAY)
    await ask(house, clock.now(), house.love)
    if said != "nothing":
        assert await substitutes.answer(await request_to(owner, house.love), said == "yes", house.love, clock.now()) is None
    await change(house, clock, mail, starts=days * DAY)
    assert await standing(owner, house.session) == {"robin": False}
    assert await today(house, clock) == []
    for name in ("robin", "kim"):
        assert len(texts(mail, name, "Den som brukar leda väntas komma")) == 1
    assert len(texts(mail, "love", "Du behöver inte hoppa in fredag 4 september")) == (said != "no")
    # Undone, the absent one can't come then as before: whoever was asked is asked again.
    await back(house, clock, mail)
    assert len(texts(mail, "love", "Kan du hoppa in fredag 4 september")) == 1
    assert await today(house, clock) == [(True, True)]


@pytest.mark.parametrize("how", ["taken out", "role", "account"])
@pytest.mark.parametrize("instead", [False, True])
async def test_when_who_said_yes_is_taken_out_or_may_not_lead_any_more_it_is_told_and_stands_on_idag(
    how: str,
    instead: bool,
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    if instead:  # Love can't come either, and Sam does.
        await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
        await yes(house, house.sam, owner, clock)
    await mail.work()
    if how == "taken out":
        assert await office_services.take_out(house.cohort.cohort_id, house.love.staff_id, house.kim, clock.now()) == []
    elif how == "role":
        await owner.execute("update staff_role set role = 'manager' where staff_id = $1", house.love.staff_id)
    else:
        await owner.execute("update staff set active = false where id = $1", house.love.staff_id)
    await mail.work()
    assert await today(house, clock) == ([] if instead else [(True, False)])
    there = await standing(owner, house.session)
    assert there == ({"robin": True, "sam": False} if instead else {"robin": False})
    for name in ("robin", "kim"):
        assert len(texts(mail, name, "gör det inte längre")) == (not instead)
    if instead:  # Robin comes after all: who stood in for who stood in need not.
        await substitutes.comes_after_all(house.session, house.robin.staff_id, house.robin, clock.now())
        await mail.work()
        assert len(texts(mail, "sam", "Du behöver inte hoppa in")) == 1


async def test_where_who_was_to_hold_it_goes_too_it_stands_on_idag(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await owner.execute("insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')",
                        house.cohort.cohort_id, house.love.staff_id)  # fmt: skip
    await substitutes.hold_without(house.session, house.robin.staff_id, house.robin, clock.now())
    assert await today(house, clock) == []
    assert await office_services.take_out(house.cohort.cohort_id, house.love.staff_id, house.kim, clock.now()) == []
    assert await today(house, clock) == [(False, False)]
    await sign_in_as(client, "kim", clock.now())
    assert "Ingen leder det. Ställ in, eller fråga någon." in await look(client, "/personal/idag")
    page = await look(client, f"{house.page}/sjuk")
    assert "Det blir av" not in page
    assert "Ingen leder det. Ställ in, eller fråga någon." in page
    await ask(house, clock.now(), house.sam, by=house.kim)
    assert await today(house, clock) == [(True, True)]
    await yes(house, house.sam, owner, clock)
    assert await standing(owner, house.session) == {"robin": True, "sam": False}


@pytest.mark.parametrize("again", ["robin", "love"])
async def test_who_stands_in_for_who_stood_in_goes_home_when_either_of_them_is_well_again(
    again: str,
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
    await yes(house, house.sam, owner, clock)
    await mail.work()
    who = house.robin if again == "robin" else house.love
    await substitutes.comes_after_all(house.session, who.staff_id, who, clock.now())
    await mail.work()
    expected = {"robin": False} if again == "robin" else {"robin": True, "love": False}
    assert await standing(owner, house.session) == expected
    assert len(texts(mail, "sam", "Du behöver inte hoppa in")) == 1
    assert texts(mail, "love", "Du behöver inte hoppa in") == []
    states = await owner.fetch("select state from substitute_request order by id")
    assert [row["state"] for row in states] == ["withdrawn" if again == "robin" else "yes", "withdrawn"]


async def test_a_substitute_whom_a_coordinator_replaces_is_told_and_nobody_comes_against_that(
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    await mail.work()
    there = (house.session, house.love.staff_id, house.sam.staff_id)
    assert await change_services.change_leader(*there, False, house.kim, clock.now()) == []
    await mail.work()
    assert len(texts(mail, "love", "Du behöver inte hoppa in onsdag 2 september 17.00")) == 1
    assert len(texts(mail, "sam", "Du leder det som är")) == 1
    with pytest.raises(Conflict, match="led_instead"):
        await substitutes.comes_after_all(house.session, house.robin.staff_id, house.robin, clock.now())
    assert (await standing(owner, house.session))["sam"] is False


@pytest.mark.parametrize("other", ["asked", "said no", "comes"])
async def test_it_is_left_to_the_others_only_where_they_come(
    other: str,
    house: House,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await owner.execute("insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')",
                        house.cohort.cohort_id, house.love.staff_id)  # fmt: skip
    if other != "comes":
        await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
    if other == "said no":
        await substitutes.answer(await request_to(owner, house.sam), False, house.sam, clock.now())
    if other == "comes":
        await substitutes.hold_without(house.session, house.robin.staff_id, house.robin, clock.now())
    else:
        with pytest.raises(Conflict, match="nobody_left"):
            await substitutes.hold_without(house.session, house.robin.staff_id, house.robin, clock.now())


@pytest.mark.parametrize("add", [True, False])
async def test_what_is_added_for_a_cancelled_one_is_named_to_coordinators_and_to_who_leads_it_too(
    add: bool,
    house: House,  # noqa: F811
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    statement = "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')"
    await owner.execute(statement, house.cohort.cohort_id, house.love.staff_id)
    one = next(s for s in await cohorts.sessions(house.cohort.cohort_id) if s.session_id == house.session)
    wanted = [Cancelling(house.session, one.sequence, add)]
    assert await illness.cancel(wanted, keys, house.robin, clock.now()) == []
    await mail.work()
    last = (await cohorts.sessions(house.cohort.cohort_id))[-1]
    when = Said(last.starts_at, last.ends_at)
    (to_kim,) = texts(mail, "kim", "är inställt av den som leder det")
    (to_love,) = texts(mail, "love", "är inställt")
    assert (f"Ett tillfälle är tillagt i stället: {when}." in to_kim) == add
    assert (f"Du leder det som är {when}." in to_love) == add
    assert ("tillagt" in to_kim) == add


@pytest.mark.parametrize("everywhere", [True, False])
async def test_what_one_tap_cancelled_is_brought_back_by_one_in_every_group_of_theirs(
    everywhere: bool,
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    other = await a_cohort("2.8", clock.now(), house.robin, first_in=timedelta(hours=20))
    await somebody(house.cohort, keys, clock.now(), "Mejl", "mejl@example.invalid")
    first, second = (await cohorts.sessions(house.cohort.cohort_id))[:2]
    there = (await cohorts.sessions(other.cohort_id))[0]
    wanted = [Cancelling(one.session_id, one.sequence, False) for one in (first, there, second)]
    assert await illness.cancel(wanted, keys, house.robin, clock.now()) == []
    await mail.work()
    assert len(texts(mail, "kim", "är inställt av den som leder det")) == 3
    if not everywhere:  # Something else has happened there since.
        await owner.execute("update cohort_session set shares_room = true where id = $1", there.session_id)
    clock.advance(minutes=1)
    await sign_in_as(client, "robin", clock.now())
    shown = await look(client, f"/personal/grupper/{house.cohort.cohort_id}/andrat")
    for when, name in (("onsdag 2 september", True), ("onsdag 9 september", True), ("torsdag 3 september", everywhere)):
        assert (f"{when} " in shown) == name, when
    change = int(hidden(shown, "andring"))
    assert await change_services.undo(house.cohort.cohort_id, change, house.robin, clock.now()) == []
    found = [*await cohorts.sessions(house.cohort.cohort_id), *await cohorts.sessions(other.cohort_id)]
    left = [s.session_id for s in found if s.state == "cancelled"]
    assert left == ([] if everywhere else [there.session_id])
    await mail.work()
    assert len(texts(mail, "kim", "blir av")) == (3 if everywhere else 2)
    [said] = [" ".join(text.split()) for text in mail.to("mejl@example.invalid") if "gäller inte" in text]
    assert "Mötet onsdag 2 september 17.00–19.00 blir av. Mötet onsdag 9 september 17.00–19.00 blir av." in said
