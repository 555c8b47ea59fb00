"""A decision about a start can be taken back until the first message has left, and then everything is as before."""

from datetime import timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import asyncpg
import httpx
import pytest

from programmes.calendar import services as calendar
from programmes.cohorts import change_services as session_changes
from programmes.cohorts import decision_queries, session_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import decision_undone_until
from programmes.core.db import transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.moving import services as moving
from programmes.enrolment import queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving import transfer_services as transfers
from programmes.enrolment.visits import services as visits
from programmes.notices import change_services
from programmes.notices import services as notices
from programmes.oversight import services
from programmes.oversight.decisions import undo_services
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, a_staff_member, sign_in_as
from tests.factories import a_cohort, confirm, hidden, post_form, somebody


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def filled(confirmed: int, keys: KeyFolder, clock: FrozenClock, section: str = "2.8", **others: Any) -> CohortFacts:
    cohort = await a_cohort(section, clock.now(), **others)
    for number in range(confirmed):
        taken = await somebody(cohort, keys, clock.now(), f"P{number}", "p@example.se")
        await confirm(taken.enrolment_id, clock.now())
    return cohort


def seen(cohort: CohortFacts) -> str:
    return services.seen_as(cohort.state, cohort.first_start)


async def decided(cohort: CohortFacts, clock: FrozenClock) -> int:
    found = await undo_services.undoable(cohort.cohort_id, clock.now())
    assert found is not None
    return found.decision_id


async def as_it_is(cohort: CohortFacts, owner: asyncpg.Connection) -> object:
    """What a decision changes, calendars' counters apart: those only ever rise."""
    row = await owner.fetchrow(
        "select state, decide_by, started_at, closed_at, ended_how from cohort where id = $1", cohort.cohort_id
    )
    sessions = [(s.number, s.state, s.starts_at, s.ends_at) for s in await cohorts.sessions(cohort.cohort_id)]
    people = await owner.fetch("select id, state, turn from enrolment where cohort_id = $1 order by id", cohort.cohort_id)
    slots = await owner.fetch("select id, cancelled_at from visit_slot where cohort_id = $1 order by id", cohort.cohort_id)
    return tuple(row), sessions, [tuple(p) for p in people], [tuple(s) for s in slots]


async def decide(what: str, cohort: CohortFacts, kim: Principal, clock: FrozenClock) -> None:
    if what == "start":
        assert not await services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now())
    elif what == "cancel":
        await services.cancel(cohort.cohort_id, "too_few", seen(cohort), kim, clock.now())
    else:
        assert cohort.first_start
        new_first = (cohort.first_start + timedelta(days=21)).date()
        days = (await services.plan_again(cohort.cohort_id, new_first, kim, clock.now())).digest
        by = new_first - timedelta(days=10)
        assert not await services.postpone(cohort.cohort_id, new_first, by, "no_venue", seen(cohort), days, kim, clock.now())


@pytest.mark.parametrize("what", ["start", "cancel", "postpone"])
async def test_taken_back_everything_is_as_before_and_nobody_hears_of_it(
    what: str, kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled(5, keys, clock)
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=80))
    before = await as_it_is(cohort, owner)
    await owner.execute("delete from pgqueuer")
    await decide(what, cohort, kim, clock)
    assert await as_it_is(cohort, owner) != before
    # The worker has written the messages, and they wait.
    if what == "start":
        await notices.tell_cohort("cohort_started", cohort.cohort_id, keys, clock.now())
    else:
        await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    assert await owner.fetchval("select count(*) from notice where look_again_at > $1", clock.now()) == 5
    clock.advance(minutes=5)
    await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    assert await as_it_is(cohort, owner) == before
    assert await owner.fetchval("select count(*) from notice where kind like 'cohort%'") == 0
    assert await owner.fetchval("select count(*) from pgqueuer where entrypoint like 'cohort%'") == 0
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    assert await owner.fetchval("select count(*) from notice where kind in ('rest_moved', 'change_undone')") == 0
    assert await owner.fetchval("select count(*) from session_change where untold") == 0
    assert await first_right_queries.of_start(cohort.cohort_id, clock.now()) is None
    (line,) = await decision_queries.history(cohort.cohort_id)
    assert (line.decision, line.undone_at) == (what, clock.now())
    # Decided once more, it is told.
    await decide(what, await cohorts.by_id(cohort.cohort_id), kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    await notices.tell_cohort("cohort_started", cohort.cohort_id, keys, clock.now())
    assert await owner.fetchval("select count(*) from notice where kind like 'cohort%'") >= 5


async def test_not_when_a_message_has_left_or_the_time_is_over_or_in_a_second_tab_or_by_who_only_leads(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await filled(5, keys, clock, leader=robin)
    await decide("start", cohort, kim, clock)
    number = await decided(cohort, clock)
    with pytest.raises(Forbidden):
        await undo_services.undo(cohort.cohort_id, number, robin, clock.now())
    await notices.tell_cohort("cohort_started", cohort.cohort_id, keys, clock.now())
    await owner.execute("update notice set handed_over_at = $1 where kind = 'cohort_started'", clock.now())
    with pytest.raises(Conflict) as left:
        await undo_services.undo(cohort.cohort_id, number, kim, clock.now())
    assert left.value.code == "decision_settled"
    # Who has been told by staff knows of it too, though no message left.
    await owner.execute("update notice set handed_over_at = null, state = 'no_channel', sent_at = $1", clock.now())
    assert await undo_services.undoable(cohort.cohort_id, clock.now()) is None
    await owner.execute("update notice set sent_at = null")
    assert await undo_services.undoable(cohort.cohort_id, clock.now()) is not None
    await owner.execute("update notice set state = 'waiting'")
    clock.advance(minutes=10)
    assert await undo_services.undoable(cohort.cohort_id, clock.now()) is None
    clock.advance(minutes=-1)
    await undo_services.undo(cohort.cohort_id, number, kim, clock.now())
    with pytest.raises(Conflict):
        await undo_services.undo(cohort.cohort_id, number, kim, clock.now())


async def test_not_when_staff_have_moved_somebody_because_of_it_but_when_somebody_has_moved_on_their_own(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await filled(3, keys, clock)
    target = await a_cohort("2.8", clock.now(), first_in=timedelta(days=80))
    one, two, _three = [f.enrolment_id for f in await queries.enrolments(cohort.cohort_id, ["confirmed"])]
    await decide("cancel", cohort, kim, clock)
    clock.advance(minutes=1)
    planned = await transfers.plan(one, target.cohort_id, keys, clock.now())
    await moving.move_myself(one, target.cohort_id, planned.seen, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/starter?klart=installd&grupp={cohort.cohort_id}"
    assert "Ångra beslutet" in (await client.get(address)).text
    before = await decided(cohort, clock)
    found = await moving.preview(cohort.cohort_id, target.cohort_id, [two], kim, keys, clock.now())
    assert await moving.move_several(cohort.cohort_id, target.cohort_id, [two], found.seen, kim, keys, clock.now())
    said = f"1 person är redan flyttad till {target.name}, så beslutet går inte att ångra."
    shown = (await client.get(address)).text
    assert said in shown
    assert "Ångra beslutet" not in shown
    angra = f"/personal/starter/{cohort.cohort_id}/angra"
    answer = await post_form(client, angra, {"beslut": str(before)}, "/personal/starter")
    assert answer.status_code == 409
    assert said in answer.text
    assert (await cohorts.by_id(cohort.cohort_id)).state == "cancelled"


async def test_an_offer_that_cancelling_ended_is_made_again(kim: Principal, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await filled(8, keys, clock)
    waiting = (await somebody(cohort, keys, clock.now(), "Lind")).enrolment_id
    first = (await queries.enrolments(cohort.cohort_id, ["confirmed"]))[0]
    await enrolment.leave(first.enrolment_id, keys, clock.now())
    assert (await queries.enrolment(waiting)).state == "offered"
    await decide("cancel", cohort, kim, clock)
    assert (await queries.enrolment(waiting)).state == "queued"
    await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    assert (await queries.enrolment(waiting)).state == "offered"


def test_what_is_about_tomorrow_goes_at_once(run_clock: FrozenClock) -> None:
    now = run_clock.now()
    assert decision_undone_until(now, now + timedelta(hours=24)) is None
    assert decision_undone_until(now, now + timedelta(hours=25)) == now + timedelta(minutes=10)
    assert decision_undone_until(now, None) == now + timedelta(minutes=10)
    assert decision_undone_until(now, now - timedelta(hours=1)) == now + timedelta(minutes=10)


async def test_the_cockpit_offers_to_take_back_what_was_just_decided(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await filled(2, keys, clock)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/starter/{cohort.cohort_id}"
    shown = (await client.get(f"{address}/stall-in")).text
    assert "Beskeden går efter tio minuter. Till dess går det att ångra." in shown
    done = await post_form(client, f"{address}/stall-in", {"skal": "too_few", "sett": hidden(shown, "sett")})
    text = (await client.get(done.headers["location"])).text
    number = hidden(text, "beslut")
    answer = await post_form(client, f"{address}/angra", {"beslut": number}, done.headers["location"])
    assert answer.status_code == 303
    assert "Ingen deltagare har fått besked om beslutet." in (await client.get(answer.headers["location"])).text
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"
    again = await post_form(client, f"{address}/angra", {"beslut": number}, f"{address}/starta")
    assert again.status_code == 409
    assert "Beslutet går inte att ångra längre" in again.text


@pytest.mark.parametrize(("what", "said"), [
    ("start", "är startad."), ("cancel", "är inställd."), ("postpone", "är framflyttad."),
])  # fmt: skip
async def test_any_coordinator_sees_in_any_tab_what_can_be_taken_back(
    what: str, said: str, kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    robin = await a_leader(clock.now())
    cohort = await filled(5, keys, clock, leader=robin)
    await decide(what, cohort, kim, clock)
    pages = ("/personal/starter", f"/personal/grupper/{cohort.cohort_id}/checklista")
    # Who only leads it sees the decision, and no way to take it back.
    await sign_in_as(client, "robin", clock.now())
    for address in pages:
        assert "Ångra beslutet" not in (await client.get(address)).text
    await a_staff_member("alex", "coordinator", clock.now())
    await sign_in_as(client, "alex", clock.now())
    for address in pages:
        assert "Ångra beslutet" in (await client.get(address)).text, address
    assert f"{cohort.name} {said}" in (await client.get(pages[0])).text
    # Once, also beside the confirmation.
    words = {"start": "startad", "cancel": "installd", "postpone": "uppskjuten"}[what]
    shown = (await client.get(f"{pages[0]}?klart={words}&grupp={cohort.cohort_id}")).text
    assert shown.count("Ångra beslutet") == 1
    clock.advance(minutes=10)
    for address in pages:
        assert "Ångra beslutet" not in (await client.get(address)).text, address


async def test_a_confirmation_is_only_said_of_the_newest_decision_that_stands(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await filled(5, keys, clock)
    await sign_in_as(client, "kim", clock.now())
    words = {"startad": "är startad", "installd": "är inställd", "uppskjuten": "är framflyttad", "angrad": "är ångrat"}

    async def confirmed() -> set[str]:
        found = set()
        for what, said in words.items():
            shown = (await client.get(f"/personal/starter?klart={what}&grupp={cohort.cohort_id}")).text
            notice = shown.partition('role="status"')[2].partition('id="nyss"')[0].partition("<h1")[0]
            found |= {what} if said in notice else set()
        return found

    assert await confirmed() == set(), "nothing was decided"
    await decide("start", cohort, kim, clock)
    assert await confirmed() == {"startad"}
    await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    assert await confirmed() == {"angrad"}
    await decide("cancel", await cohorts.by_id(cohort.cohort_id), kim, clock)
    assert await confirmed() == {"installd"}
    clock.advance(days=1)
    await sign_in_as(client, "kim", clock.now())
    assert await confirmed() == set(), "it was not done just now"


async def test_not_when_something_was_changed_since_which_would_be_gone(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    cohort = await filled(2, keys, clock, leader=robin)
    await decide("postpone", cohort, kim, clock)
    clock.advance(minutes=2)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    later = timedelta(hours=1)
    assert not await session_services.move_session(
        second.session_id, second.starts_at + later, second.ends_at + later, second.venue_id, kim, clock.now(), meant=True
    )
    moved = await as_it_is(cohort, owner)
    number = await decided(cohort, clock)
    said = "Något i gruppen har ändrats efter beslutet, så det går inte att ångra."
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"/personal/starter?klart=uppskjuten&grupp={cohort.cohort_id}")).text
    assert said in shown
    assert "Ångra beslutet" not in shown
    angra = f"/personal/starter/{cohort.cohort_id}/angra"
    answer = await post_form(client, angra, {"beslut": str(number)}, "/personal/starter")
    assert answer.status_code == 409
    assert said in answer.text
    assert await as_it_is(cohort, owner) == moved
    # Changed back it has been told all the same.
    change = await session_changes.undoable(cohort.cohort_id, kim, clock.now())
    assert change
    assert not await session_changes.undo(cohort.cohort_id, change.change_id, kim, clock.now())
    assert await undo_services.undo(cohort.cohort_id, number, kim, clock.now())
    # Who leads may be changed without anything being written down.
    other = await filled(2, keys, clock, first_in=timedelta(days=90))
    await decide("postpone", other, kim, clock)
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", other.cohort_id, love.staff_id
    )
    assert await undo_services.undo(other.cohort_id, await decided(other, clock), kim, clock.now())


async def test_in_the_calendar_of_who_leads_each_change_is_newer_than_the_one_before(
    kim: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await filled(3, keys, clock, leader=robin)
    # One that is over when the start is cancelled, one that has a day left, one that is cancelled by itself.
    hours, slots = (-3, 96, 120), []
    for begins in hours:
        starts = clock.now() + timedelta(hours=begins)
        slots.append(
            await owner.fetchval(
                """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity, staff_id)
                   select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5, $3 from cohort where id = $1
                   returning id""",
                cohort.cohort_id,
                starts,
                robin.staff_id,
            )
        )
    await owner.execute(
        "update cohort_session set starts_at = starts_at - interval '40 days', "
        "ends_at = ends_at - interval '40 days' where cohort_id = $1 and number = 1",
        cohort.cohort_id,
    )
    cohort = await cohorts.by_id(cohort.cohort_id)
    async with transaction():
        address = calendar.feed_address(await calendar.leader_feed(robin.staff_id, keys, clock.now()), keys)
    shown = [{str(e["UID"]): e for e in events((await client.get(address)).content)}]
    clock.advance(minutes=1)
    for step in range(6):
        if step == 2:
            await visits.cancel_slot(cohort.cohort_id, slots[2], 0, kim.staff_id, clock.now())
        elif step in {1, 4}:
            assert not await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
        else:
            await decide("cancel", await cohorts.by_id(cohort.cohort_id), kim, clock)
        shown.append({str(e["UID"]): e for e in events((await client.get(address)).content)})
        clock.advance(minutes=1)
    assert [len(one) for one in shown] == [13] * 7
    for before, after in pairwise(shown):
        for uid, was in before.items():
            now_is = after[uid]
            assert now_is["LAST-MODIFIED"].dt >= was["LAST-MODIFIED"].dt
            words = [
                {k: v for k, v in e.property_items() if k not in {"LAST-MODIFIED", "DTSTAMP", "SEQUENCE"}}
                for e in (was, now_is)
            ]
            assert now_is["SEQUENCE"] > was["SEQUENCE"] or (now_is["SEQUENCE"], words[0]) == (was["SEQUENCE"], words[1])


async def test_what_the_release_before_cancelled_is_newer_too(
    kim: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await filled(3, keys, clock, leader=robin)
    await owner.execute(
        """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity, staff_id)
           select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5, $3 from cohort where id = $1""",
        cohort.cohort_id,
        clock.now() + timedelta(days=3),
        robin.staff_id,
    )
    await decide("cancel", cohort, kim, clock)
    await owner.execute("update visit_slot set sequence = 0, revised_at = null")
    async with transaction():
        address = calendar.feed_address(await calendar.leader_feed(robin.staff_id, keys, clock.now()), keys)
    (off,) = [e for e in events((await client.get(address)).content) if e.start.day == 5]
    assert (off["SEQUENCE"], off["LAST-MODIFIED"].dt) == (1, clock.now())
    clock.advance(minutes=1)
    assert not await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    (on,) = [e for e in events((await client.get(address)).content) if e.start.day == 5]
    assert (on["SEQUENCE"], on["LAST-MODIFIED"].dt, on["STATUS"]) == (2, clock.now(), "CONFIRMED")


async def test_what_was_cancelled_or_brought_back_before_there_was_a_sequence_has_one(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    back, off, same = [await filled(1, keys, clock) for _ in range(3)]
    made = """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
              select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5 from cohort where id = $1"""
    for cohort in (back, off, same):
        await owner.execute(made, cohort.cohort_id, clock.now() + timedelta(days=3))
    for cohort in (back, off):
        await decide("cancel", cohort, kim, clock)
    cancelled = clock.now()
    clock.advance(minutes=1)
    assert not await undo_services.undo(back.cohort_id, await decided(back, clock), kim, clock.now())
    await owner.execute("update visit_slot set sequence = 0, revised_at = null")
    migration = import_module("programmes.piccolo_migrations.programmes_2026_11_30t00_20_01_000001")
    for statement in migration.FORWARDS:
        await owner.execute(statement)
    rows = await owner.fetch("select cohort_id, sequence, revised_at from visit_slot")
    assert {row["cohort_id"]: (row["sequence"], row["revised_at"]) for row in rows} == {
        back.cohort_id: (2, clock.now()),
        off.cohort_id: (1, cancelled),
        same.cohort_id: (0, None),
    }
