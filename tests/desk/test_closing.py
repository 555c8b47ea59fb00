"""Closing on a real database (promise 2): figures kept, and of the people of an exempt group nothing, in any table."""

import asyncio
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import asyncpg
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.wording_rules import default_name
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.enrolment import queries as enrolments
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.desk.cast import do_everything_first, everything, holding, rows_about, with_a_past
from tests.factories import a_cohort, a_leader, somebody


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


@pytest.mark.parametrize("section", ["2.1", "2.12", "2.15", "2.16"])
async def test_nothing_of_an_exempt_group_is_left_in_any_table(
    section: str, robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people, held = await with_a_past(section, clock, keys, robin, owner)
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    before = await everything(owner)
    assert all(holding(before, str(person)) for person in people)
    answer = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(answer, closing.Closed)
    after = await everything(owner)
    for table in ("enrolment", "queue_event", "seat", "condition_met", "visit_slot", "study_visit", "agreement",
                  "place_session", "notice", "notice_attempt", "attendance", "participant", "slip",
                  "sealed_answer"):  # fmt: skip
        assert after[table] == [], table
    for person in people:
        assert holding(after, str(person)) == set()
    assert await rows_about(owner, "enrolment_id", list(people)) == {}
    for key in held:
        assert not keys.exists("entry", key)
    assert (await cohorts.by_id(cohort.cohort_id)).state == "closed"


@pytest.mark.parametrize("section", ["2.15", "2.16"])
async def test_a_closed_childrens_group_says_nowhere_how_many_they_were(
    section: str, robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past(section, clock, keys, robin, owner)
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    row = await owner.fetchrow("select arrivals, ended_how, closed_at from cohort where id = $1", cohort.cohort_id)
    assert row is not None
    assert (row["arrivals"], row["ended_how"], row["closed_at"]) == (0, "completed", clock.now())
    assert await owner.fetchval("select sum(confirmed) from start_decision") == 0
    assert await owner.fetchval("select sum(slips) from ballot") == 0
    assert await owner.fetchval("select count(*) from head_count") == 0
    assert await owner.fetchval("select count(*) from unique_participants") == 0
    sessions = await owner.fetch("select state from cohort_session where cohort_id = $1", cohort.cohort_id)
    assert [session["state"] for session in sessions] == ["held", "held"]


async def test_the_figures_of_abc_are_kept(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.1", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.1", robin, clock.now(), owner)
    await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    counts = await owner.fetch("select women, men, other from head_count")
    assert [tuple(row) for row in counts] == [(3, 2, 0), (3, 2, 0)]
    assert tuple(await owner.fetchrow("select women, men, other from unique_participants")) == (4, 2, 0)
    assert await owner.fetchval("select own_words from ballot") == "Vi lärde oss mycket."


async def test_participants_feeds_are_revoked_and_forget_whose_they_were(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.1", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.1", robin, clock.now(), owner)
    await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    feeds = await owner.fetch("select enrolment_id, revoked_at from feed where kind = 'participant'")
    assert len(feeds) == 3
    assert all(feed["enrolment_id"] is None and feed["revoked_at"] for feed in feeds)


async def test_an_individual_series_dissolves_into_the_programmes_totals(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    start, ids = clock.now(), []
    for number in range(2):
        clock.set(start + timedelta(days=number))
        cohort, people = await a_running("2.9", clock, keys, robin, ("Familjen",), sessions=3 + number)
        assert cohort.last_end
        clock.set(cohort.last_end + timedelta(hours=1))
        await do_everything_first(cohort, "2.9", robin, clock.now(), owner)
        receipt = uuid4()
        assert await closing.close(cohort.cohort_id, receipt, robin, keys, clock.now()) == closing.Closed(receipt)
        assert await closing.close(cohort.cohort_id, receipt, robin, keys, clock.now()) == closing.Closed(receipt)
        ids.append(cohort.cohort_id)
        assert holding(await everything(owner), str(people[0])) == set()
    row = await owner.fetchrow("select section, half_year, form, ended_how, series, talks from period_total")
    assert row is not None
    assert tuple(row) == ("2.9", "2026-2", "individual", "completed", 2, 7)
    assert await rows_about(owner, "cohort_id", list(ids)) == {}
    assert await owner.fetchval("select count(*) from cohort") == 0
    with pytest.raises(NotFound):
        await closing.close(ids[0], uuid4(), robin, keys, clock.now())


async def test_who_waits_for_a_series_is_told_before_it_is_closed(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, _people = await a_running("2.9", clock, keys, robin, ("Familjen",), sessions=3)
    await owner.execute("update cohort set maximum = 1 where id = $1", cohort.cohort_id)
    clock.advance(minutes=-1)
    waits = await somebody(cohort, keys, clock.now(), "Väntar", "lisa@example.invalid")
    assert (await enrolments.enrolment(waits.enrolment_id)).state == "queued"
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    await do_everything_first(cohort, "2.9", robin, clock.now(), owner)
    await worker.drain(the_worker)
    refused = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(refused, closing.NotReady)
    assert (refused.facts.queued, refused.facts.reading) == (1, False)
    await worker.tick(the_worker)
    for _ in range(2):
        await worker.drain(the_worker)
        await worker.tick(the_worker)
    # Now they have a day to read it.
    refused = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(refused, closing.NotReady)
    assert (refused.facts.queued, refused.facts.reading, refused.facts.waiting) == (0, True, 0)
    clock.advance(days=1, minutes=1)
    await worker.tick(the_worker)
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)


async def test_documented_people_stay_and_their_working_data_goes(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people, held = await with_a_past("2.7", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.7", robin, clock.now(), owner)
    assert await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()) == closing.Closed(None)
    states = {row["id"]: row["state"] for row in await owner.fetch("select id, state from enrolment")}
    assert [states[person] for person in people] == [*["completed"] * 4, "dropped_out", "withdrawn"]
    assert await owner.fetchval("select count(*) from attendance") == 10
    assert await owner.fetchval("select count(*) from participant") == 6
    left = await owner.fetchval(
        """select count(*) from enrolment where key_id is not null or sealed is not null or code_digest is not null
             or once_digest is not null"""
    )
    assert left == 0
    assert await owner.fetchval("select count(*) from seat") == 0
    assert await owner.fetchval("select count(*) from place_session") == 0
    assert not any(keys.exists("entry", key) for key in held)
    assert await owner.fetchval("select count(*) from erasure_receipt") == 0
    assert await owner.fetchval("select state from cohort") == "closed"


async def test_with_something_left_nothing_is_erased(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, _, held = await with_a_past("2.1", clock, keys, robin, owner)
    before = await everything(owner)
    answer = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(answer, closing.NotReady)
    assert await everything(owner) == before
    assert all(keys.exists("entry", key) for key in held)


async def test_a_message_on_its_way_holds_the_list_back(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.16", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    await owner.execute("update notice set state = 'waiting' where id = (select min(id::text)::uuid from notice)")
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.NotReady)
    await owner.execute("update notice set state = 'failed' where state = 'waiting'")
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)


async def test_two_who_close_at_once_close_once(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.1", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.1", robin, clock.now(), owner)
    first, second = uuid4(), uuid4()
    answers = await asyncio.gather(
        *(closing.close(cohort.cohort_id, receipt, robin, keys, clock.now()) for receipt in (first, first, second, second))
    )
    assert all(isinstance(answer, closing.Closed) for answer in answers)
    assert await owner.fetchval("select count(*) from erasure_receipt") == 1
    assert await owner.fetchval("select count(*) from audit_entry where action = 'cohort:close'") == 1


async def test_somebody_elses_group_cannot_be_closed(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.16", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    stranger = await a_leader(clock.now(), "love")
    with pytest.raises(NotFound):
        await closing.close(cohort.cohort_id, uuid4(), stranger, keys, clock.now())
    with pytest.raises(NotFound):
        await closing.set_ending(cohort.cohort_id, "completed", stranger, clock.now())
    with pytest.raises(NotFound):
        await closing.confirm_transfer(cohort.cohort_id, robin, clock.now())
    assert await owner.fetchval("select count(*) from enrolment") == 6


async def test_thirty_days_after_the_last_session_the_list_goes_though_nobody_closed(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, people, held = await with_a_past("2.16", clock, keys, robin, owner)
    documented = await a_cohort("2.7", clock.now(), robin, first_in=timedelta(hours=2), sessions=1)
    await somebody(documented, keys, clock.now(), "Lind")
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=30) - timedelta(minutes=1))
    await closing.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from enrolment where cohort_id = $1", cohort.cohort_id) == 6
    clock.advance(minutes=2)
    await closing.erase_overdue(the_worker)
    await closing.erase_overdue(the_worker)
    after = await everything(owner)
    for person in people:
        assert holding(after, str(person)) == set()
    assert not any(keys.exists("entry", key) for key in held)
    assert (await cohorts.by_id(cohort.cohort_id)).state == "started"
    receipts = await owner.fetch("select cohort_id, rule, staff_id from erasure_receipt")
    assert [tuple(row) for row in receipts] == [(cohort.cohort_id, "overdue", None)]
    assert await owner.fetchval("select count(*) from enrolment where cohort_id = $1", documented.cohort_id) == 1
    # It can still be closed properly.
    clock.advance(days=1)
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)


async def test_the_list_of_a_cancelled_start_can_go_at_once_and_goes_after_thirty_days(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    ids = []
    for _ in range(2):
        cohort = await a_cohort("2.1", clock.now(), robin)
        await somebody(cohort, keys, clock.now(), "Lind")
        ids.append(cohort.cohort_id)
    await worker.drain(the_worker)
    await owner.execute("update cohort set state = 'cancelled', ended_how = 'cancelled', closed_at = $1", clock.now())
    await owner.execute("update cohort_session set state = 'cancelled', number = null")
    assert isinstance(await closing.close(ids[0], uuid4(), robin, keys, clock.now()), closing.Closed)
    assert (await cohorts.by_id(ids[0])).state == "cancelled"
    await closing.erase_overdue(the_worker)
    assert await owner.fetchval("select array_agg(cohort_id) from enrolment") == [ids[1]]
    clock.advance(days=30)
    await closing.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from enrolment") == 0
    assert await owner.fetchval("select string_agg(rule, ' ' order by rule) from erasure_receipt") == "cancelled overdue"


async def test_what_a_series_was_called_goes_with_its_list(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    series = await a_cohort("2.9", clock.now(), robin, sessions=1)
    await somebody(series, keys, clock.now(), "Lind")
    await worker.drain(the_worker)
    await owner.execute("update cohort set name = 'Samtal Anna Svensson', state = 'started'")
    assert series.last_end
    clock.set(series.last_end + timedelta(days=31))
    await closing.erase_overdue(the_worker)
    assert not await owner.fetchval("select count(*) from enrolment")
    assert holding(await everything(owner), "Svensson") == set()
    assert (await cohorts.by_id(series.cohort_id)).name != series.name


async def test_what_a_documented_series_was_called_goes_when_it_is_closed(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    series, people = await a_running("2.18", clock, keys, robin, ("Al",), sessions=1)
    await owner.execute("update cohort set name = 'Anna Svensson 19850214-1234'")
    assert series.last_end
    clock.set(series.last_end + timedelta(hours=1))
    await attendance.mark((await session_ids(series))[0], dict.fromkeys(people, "present"), robin, clock.now())
    await closing.set_ending(series.cohort_id, "ended_early", robin, clock.now())
    await closing.confirm_transfer(series.cohort_id, robin, clock.now())
    assert await closing.close(series.cohort_id, uuid4(), robin, keys, clock.now()) == closing.Closed(None)
    programme = await catalogue.programme(series.programme_id)
    assert series.first_start
    assert await owner.fetchval("select name from cohort") == default_name(programme, local_date(series.first_start))


async def test_what_documented_series_were_called_that_are_over_goes_with_the_upgrade(
    robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    over, runs = await a_cohort("2.18", clock.now(), robin), await a_cohort("2.18", clock.now(), robin)
    group = await a_cohort("2.8", clock.now(), robin)
    await owner.execute("update cohort set name = 'Anna Svensson'")
    await owner.execute("update cohort set state = 'closed' where id <> $1", runs.cohort_id)
    stamp = "programmes.piccolo_migrations.programmes_2026_11_30t01_10_01_000001"
    await owner.execute(import_module(stamp).NAME_ANEW)
    programme = await catalogue.programme(over.programme_id)
    assert over.first_start
    assert dict(await owner.fetch("select id, name from cohort")) == {
        over.cohort_id: default_name(programme, local_date(over.first_start)),
        runs.cohort_id: "Anna Svensson",
        group.cohort_id: "Anna Svensson",
    }


async def test_what_series_were_called_whose_list_is_gone_goes_with_the_upgrade(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    gone, kept = await a_cohort("2.9", clock.now(), robin, sessions=1), await a_cohort("2.9", clock.now(), robin, sessions=1)
    group = await a_cohort("2.8", clock.now(), robin)
    await somebody(kept, keys, clock.now(), "Lind")
    await owner.execute("update cohort set name = 'Anna Svensson'")
    stamp = "programmes.piccolo_migrations.programmes_2026_11_30t00_40_00_000001"
    await owner.execute(import_module(stamp).NAME_ANEW)
    names = dict(await owner.fetch("select id, name from cohort"))
    programme = await catalogue.programme(gone.programme_id)
    assert gone.first_start
    assert names == {
        gone.cohort_id: default_name(programme, local_date(gone.first_start)),
        kept.cohort_id: "Anna Svensson",
        group.cohort_id: "Anna Svensson",
    }


async def test_what_series_that_run_were_called_goes_with_the_upgrade_whatever_list_is_left(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    living = [await a_cohort("2.9", clock.now(), robin) for _ in range(3)]
    documented = await a_cohort("2.18", clock.now(), robin)
    group = await a_cohort("2.8", clock.now(), robin)
    await somebody(living[0], keys, clock.now(), "Lind")
    await owner.execute("update cohort set name = 'Anna Svensson'")
    assert living[0].first_start
    assert documented.first_start
    programme = await catalogue.programme(living[0].programme_id)
    ours = default_name(programme, local_date(living[0].first_start))
    # Named by us, for the day it was to begin; beginning as such a name is none.
    begun = f"{programme.short_name}, 3 mars 2026 (2)"
    await owner.execute("update cohort set name = $2 where id = $1", living[2].cohort_id, ours)
    moved = await a_cohort("2.9", clock.now(), robin)
    await owner.execute("update cohort set name = $2 where id = $1", moved.cohort_id, begun)
    await owner.execute("update cohort set name = $2 where id = $1", living[1].cohort_id, f"{ours} Anna Svensson")
    stamp = "programmes.piccolo_migrations.programmes_2026_11_30t02_20_00_000001"
    for _ in range(2):
        await owner.execute(import_module(stamp).NAME_ANEW)
        assert dict(await owner.fetch("select id, name from cohort")) == {
            living[0].cohort_id: f"{ours} (2)",
            living[1].cohort_id: f"{ours} (3)",
            living[2].cohort_id: ours,
            moved.cohort_id: begun,
            documented.cohort_id: default_name(
                await catalogue.programme(documented.programme_id), local_date(documented.first_start)
            ),
            group.cohort_id: "Anna Svensson",
        }
