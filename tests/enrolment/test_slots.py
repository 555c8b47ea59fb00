"""A study visit is offered once, at a place of its own, by somebody who holds no other and, unless it is meant, leads
nothing then."""

import asyncio
import importlib
from datetime import date, time, timedelta

import asyncpg
import httpx
import pytest

from programmes.core.clock import at_local
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import slot_services, step_services
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from tests.clock import FrozenClock
from tests.enrolment.test_visit_changes import look, open_in
from tests.enrolment.test_visits import SLOT
from tests.factories import a_cohort, a_coordinator, a_leader, a_venue, box, hidden, post_form, sign_in_as, somebody

HOUR = timedelta(hours=1)


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def test_a_double_click_offers_one_and_another_tab_is_told_why_not(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    first, second = await a_cohort("2.8", clock.now(), robin), await a_cohort("2.7", clock.now(), robin)
    address = f"/personal/grupper/{first.cohort_id}/studiebesok"
    form = {**SLOT, "ledare": str(robin.staff_id), "once": hidden((await client.get(address)).text, "once")}
    both = [post_form(client, address, form) for _ in range(2)]
    assert [answer.status_code for answer in await asyncio.gather(*both)] == [303, 303]
    assert await owner.fetchval("select count(*) from visit_slot") == 1
    for cohort in (first, second):
        address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
        form = {**SLOT, "fran": "15:30", "till": "16:30", "ledare": str(robin.staff_id), "anda": "ja"}
        refused = await post_form(client, address, form)
        assert refused.status_code == 422
        assert "Robin håller ett annat studiebesök då: torsdag 10 september 15.00–16.00." in refused.text
    after = {**SLOT, "fran": "16:00", "till": "17:00", "ledare": str(robin.staff_id)}
    assert (await post_form(client, address, after)).status_code == 303
    assert await owner.fetchval("select count(*) from visit_slot") == 2


async def test_a_visit_while_one_leads_something_else_is_taken_only_when_it_is_meant(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    other = await a_cohort("2.1", clock.now(), robin, first_in=timedelta(days=8, hours=5))
    assert other.first_start
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    form = {**SLOT, "ledare": str(robin.staff_id)}
    refused = await post_form(client, address, form)
    assert refused.status_code == 422
    assert "Robin leder något annat då: torsdag 10 september 15.00–17.00." in refused.text
    assert 'name="anda"' in refused.text
    meant = box(refused.text)
    # What was meant for one question is not an answer to another.
    await a_cohort("2.17", clock.now(), robin, first_in=timedelta(days=9, hours=5))
    moved = await post_form(client, address, {**form, "dag": "2026-09-11", "anda": meant})
    assert moved.status_code == 422
    assert "Robin leder något annat då: fredag 11 september" in moved.text
    assert (await post_form(client, address, {**form, "anda": meant})).status_code == 303
    # Whoever leads nothing then is not asked, in a room of their own.
    love = await a_leader(clock.now(), "love")
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", cohort.cohort_id, love.staff_id
    )
    free = {"ledare": str(love.staff_id), "lokal": str(await a_venue("Eken"))}
    assert (await post_form(client, address, {**form, **free})).status_code == 303


async def test_a_room_that_is_taken_and_a_time_after_the_decision_are_asked_about(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    love = await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.8", clock.now(), robin)
    await a_cohort("2.1", clock.now(), love, first_in=timedelta(days=8, hours=5), venue_id=cohort.venue_id)
    await slot_services.add_slot(
        (await a_cohort("2.7", clock.now(), love)).cohort_id,
        at_local(date(2026, 9, 11), time(15, 30)),
        at_local(date(2026, 9, 11), time(16, 30)),
        cohort.venue_id,
        love.staff_id,
        1,
        clock.now(),
    )
    await owner.execute("update cohort set decide_by = $2 where id = $1", cohort.cohort_id, date(2026, 9, 10))
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    form = {**SLOT, "ledare": str(robin.staff_id)}
    refused = await post_form(client, address, form)
    assert refused.status_code == 422
    assert "Lokalen är upptagen då: torsdag 10 september 15.00–17.00." in refused.text
    assert "efter sista dagen för beslut" not in refused.text
    refused = await post_form(client, address, {**form, "dag": "2026-09-11"})
    assert "Lokalen är upptagen då: fredag 11 september 15.30–16.30." in refused.text
    assert "Besöket är efter sista dagen för beslut, torsdag 10 september." in refused.text
    assert await owner.fetchval("select count(*) from visit_slot where cohort_id = $1", cohort.cohort_id) == 0
    elsewhere = await a_venue("Eken")
    assert (await post_form(client, address, {**form, "lokal": str(elsewhere)})).status_code == 303


RACE = 8


@pytest.mark.parametrize("guarded", [True, False])
async def test_two_who_offer_the_same_leaders_time_at_once_offer_it_once(
    robin: Principal,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    guarded: bool,
) -> None:
    """The control: without the lock and the constraint more than one must be seen."""
    cohorts = [await a_cohort("2.8", clock.now()) for _ in range(RACE)]
    if not guarded:
        definition = await owner.fetchval(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = 'one_visit_at_a_time'"
        )
        await owner.execute("alter table visit_slot drop constraint one_visit_at_a_time")
        execute = slot_services.execute

        async def without_lock(sql: str, *values: object) -> int:
            return 0 if "for no key update" in sql else await execute(sql, *values)

        monkeypatch.setattr(slot_services, "execute", without_lock)
    starts = clock.now() + timedelta(days=5)
    try:
        outcomes = await asyncio.gather(
            *(
                step_services.add_slot(c.cohort_id, starts, starts + HOUR, c.venue_id, robin.staff_id, 1, clock.now())
                for c in cohorts
            ),
            return_exceptions=True,
        )
        made = await owner.fetchval("select count(*) from visit_slot")
        if guarded:
            assert made == 1
            assert [type(o) for o in outcomes].count(Conflict) == RACE - 1
        else:
            assert made > 1
    finally:
        if not guarded:
            await owner.execute("delete from visit_slot")
            await owner.execute(f"alter table visit_slot add constraint one_visit_at_a_time {definition}")


async def test_the_database_holds_it_too_but_not_against_what_is_called_off(
    robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort, other, third = [await a_cohort("2.8", clock.now()) for _ in range(3)]
    starts = clock.now() + timedelta(days=5)

    async def offer(cohort_id: int) -> int:
        return await step_services.add_slot(
            cohort_id, starts, starts + HOUR, cohort.venue_id, robin.staff_id, 1, clock.now()
        )

    slot = await offer(cohort.cohort_id)
    with pytest.raises(asyncpg.ExclusionViolationError, match="one_visit_at_a_time"):
        await owner.execute(
            """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, staff_id, capacity)
               select cohort_id, starts_at, ends_at, venue_id, staff_id, 1 from visit_slot"""
        )
    await visit_services.cancel_slot(cohort.cohort_id, slot, 0, kim.staff_id, clock.now())
    await offer(other.cohort_id)
    with pytest.raises(Conflict, match="visit_clash"):
        await offer(third.cohort_id)
    await oversight.cancel(other.cohort_id, "too_few", seen_as(other.state, other.first_start), kim, clock.now())
    await offer(third.cohort_id)


async def test_a_visit_can_be_somewhere_else_and_everybody_sees_where(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    elsewhere = await a_venue("Ekdungen")
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    form = {**SLOT, "ledare": str(robin.staff_id)}
    assert (await post_form(client, address, {**form, "lokal": "999999"})).status_code == 422
    assert (await post_form(client, address, {**form, "lokal": str(elsewhere)})).status_code == 303
    assert (await post_form(client, address, {**form, "dag": "2026-09-11"})).status_code == 303
    places = await owner.fetch("select venue_id from visit_slot order by starts_at")
    assert [row["venue_id"] for row in places] == [elsewhere, cohort.venue_id]
    page = await look(client, address)
    assert "Ekdungen. Robin." in page
    assert f"{cohort.venue}. Robin." in page
    taken = await somebody(cohort, keys, clock.now())
    await open_in(client, taken, keys)
    assert "Ekdungen" in await look(client, "/min-plats")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Torsdag 10 september 15.00, Ekdungen" in await look(client, person)
    await step_services.book_visit(taken.enrolment_id, await owner.fetchval("select min(id) from visit_slot"), clock.now())
    assert "Torsdag 10 september 15.00, Ekdungen. Bokat." in await look(client, person)


async def test_a_closure_of_the_chosen_place_is_asked_about(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    elsewhere = await a_venue("Ekdungen")
    await owner.execute(
        "insert into closure (venue_id, first_day, last_day, reason) values ($1, '2026-09-10', '2026-09-10', 'Målning')",
        elsewhere,
    )
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    form = {**SLOT, "ledare": str(robin.staff_id)}
    refused = await post_form(client, address, {**form, "lokal": str(elsewhere)})
    assert refused.status_code == 422
    assert "Målning" in refused.text
    assert (await post_form(client, address, form)).status_code == 303


async def test_what_was_offered_doubly_before_keeps_its_bookings_and_one_leader(
    robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """What the migration finds in a database from before it."""
    migration = importlib.import_module("programmes.piccolo_migrations.programmes_2026_11_22t13_10_00_000001")
    cohort, off = await a_cohort("2.8", clock.now()), await a_cohort("2.8", clock.now(), state="cancelled")
    await owner.execute(migration.BACKWARDS[0])
    try:
        for cohort_id in (cohort.cohort_id, cohort.cohort_id, off.cohort_id):
            await owner.execute(
                """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, staff_id, capacity)
                   values ($1, $2, $2::timestamptz + interval '1 hour', $3, $4, 1)""",
                cohort_id,
                clock.now() + timedelta(days=5),
                cohort.venue_id,
                robin.staff_id,
            )
    finally:
        for statement in migration.FORWARDS:
            await owner.execute(statement)
    rows = await owner.fetch("select staff_id, cancelled_at is not null as off from visit_slot order by id")
    assert [tuple(row) for row in rows] == [(robin.staff_id, False), (None, False), (robin.staff_id, True)]
