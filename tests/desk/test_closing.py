"""Closing on a real database (promise 2): figures kept, and of the people of an exempt group nothing, in any table."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.calendar.services import participant_feed
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.services import mark_cancelled
from programmes.core.db import transaction
from programmes.core.errors import NotFound
from programmes.core.jobs import put
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk import closing_services as closing
from programmes.enrolment import place_services, step_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.settings import Settings
from tests.attendance.cast import NAMES, a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, somebody


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def everything(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    tables = await owner.fetch("select table_name from information_schema.tables where table_schema = 'public'")
    found = {}
    for table in tables:
        name = table["table_name"]
        found[name] = [row[0] for row in await owner.fetch(f'select t::text from "{name}" t')]
    return found


def holding(tables: dict[str, list[str]], needle: str) -> set[str]:
    return {name for name, rows in tables.items() if any(needle in row for row in rows)}


async def rows_about(owner: asyncpg.Connection, column: str, values: list[object]) -> dict[str, int]:
    """How many rows of each table have one of the values in a column of this name, or in one that refers to it."""
    columns = await owner.fetch(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'public' and column_name = $1""",
        column,
    )
    found = {}
    for entry in columns:
        name = entry["table_name"]
        n = await owner.fetchval(
            f'select count(*) from "{name}" where {column}::text = any($1::text[])', [str(v) for v in values]
        )
        if n:
            found[name] = n
    return found


async def with_a_past(
    section: str, clock: FrozenClock, keys: KeyFolder, robin: Principal, owner: asyncpg.Connection, sessions: int = 2
) -> tuple[CohortFacts, list[UUID], list[UUID]]:
    """A running cohort whose people have left all kinds of traces, after its last session; people and their keys."""
    cohort, people = await a_running(section, clock, keys, robin, sessions=sessions)
    now = clock.now()
    for person in people[:3]:
        async with transaction():
            await participant_feed(person, keys, now)
    await owner.execute(
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at)
           select gen_random_uuid(), e.id, s.id, 'session_moved', 'sent', $2 from enrolment e
           join cohort_session s on s.cohort_id = e.cohort_id where e.cohort_id = $1""",
        cohort.cohort_id,
        now,
    )
    await owner.execute("insert into notice_attempt (notice_id, failed_at, error) select id, $1, 'Timeout' from notice", now)
    await owner.execute(
        "insert into condition_met (enrolment_id, condition, met_at) select id, 'extra', $1 from enrolment", now
    )
    await owner.execute(
        """with slot as (insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
                         select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5 from cohort where id = $1
                         returning id)
           insert into study_visit (slot_id, enrolment_id, state, booked_at) select slot.id, $3, 'attended', $2 from slot""",
        cohort.cohort_id,
        now,
        people[0],
    )
    await owner.execute(
        "insert into start_decision (cohort_id, decision, confirmed, staff_id, decided_at) values ($1, 'start', 6, $2, $3)",
        cohort.cohort_id,
        robin.staff_id,
        now,
    )
    await enrolment.leave(people[5], keys, now)
    held = [row["key_id"] for row in await owner.fetch("select key_id from enrolment where key_id is not null")]
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    return await cohorts.by_id(cohort.cohort_id), people, held


async def do_everything_first(
    cohort: CohortFacts, section: str, robin: Principal, now: datetime, owner: asyncpg.Connection
) -> None:
    """Every step of the checklist."""
    for session in await session_ids(cohort):
        if section in {"2.1", "2.12"}:
            await attendance.count(session, Count(3, 2, 0), robin, now)
        elif section in {"2.7", "2.8"}:
            people = [
                r["id"] for r in await owner.fetch("select id from enrolment where state = 'confirmed' order by arrival")
            ]
            await attendance.mark(session, dict.fromkeys(people[:4], "present") | {people[4]: "no_show"}, robin, now)
        else:
            await attendance.held(session, robin, now)
    await closing.set_ending(cohort.cohort_id, "completed", robin, now)
    if section in {"2.1", "2.12"}:
        assert await attendance.count_unique(cohort.cohort_id, Count(4, 2, 0), robin, now) is None
    if not cohort.exempt:
        await closing.confirm_transfer(cohort.cohort_id, robin, now)
    if cohort.form == "group":
        await owner.execute(
            """insert into ballot (id, section, cohort_id, state, slips, created_on, closed_on, own_words)
               values (gen_random_uuid(), $2, $1, 'waiting', 5, $3, $3, 'Vi lärde oss mycket.')
               on conflict (cohort_id) do update set state = 'waiting', slips = 5""",
            cohort.cohort_id,
            section,
            now.date(),
        )


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
    for table in ("enrolment", "seat", "condition_met", "visit_slot", "study_visit", "agreement", "place_session",
                  "notice", "notice_attempt", "attendance", "participant", "slip", "sealed_answer"):  # fmt: skip
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


async def rows_of_a_closed(
    section: str,
    names: tuple[str, ...],
    clock: FrozenClock,
    keys: KeyFolder,
    robin: Principal,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> dict[str, int]:
    """How many rows of each table an exempt cohort of these people leaves, after all that can be noted about each."""
    before = {name: len(rows) for name, rows in (await everything(owner)).items()}
    cohort, people = await a_running(section, clock, keys, robin, names, sessions=2)
    for person in people:
        facts = await enrolments.enrolment(person)
        await place_services.reissue_code(person, keys, robin.staff_id, clock.now())
        await place_services.reveal_contact(facts, keys, robin.staff_id, clock.now())
        await step_services.note_proof(person, robin.staff_id, clock.now())
        async with transaction():
            await put("place_confirmed", {"enrolment": str(person)})
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from audit_entry where action = 'contact:reveal'") == len(people)
    for person in people[len(people) // 2 :]:
        await enrolment.leave(person, keys, clock.now())
    await worker.drain(the_worker)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)
    await worker.drain(the_worker)
    return {name: len(rows) - before[name] for name, rows in (await everything(owner)).items()}


@pytest.mark.parametrize("section", ["2.9", "2.15", "2.16"])
async def test_a_large_group_leaves_as_many_rows_as_a_small_one(
    section: str,
    robin: Principal,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    settings: Settings,
) -> None:
    receipts = settings.key_folder / "receipts.jsonl"
    known = len(receipts.read_text().splitlines()) if receipts.exists() else 0
    large = await rows_of_a_closed(section, NAMES, clock, keys, robin, owner, the_worker)
    small = await rows_of_a_closed(section, NAMES[:2], clock, keys, robin, owner, the_worker)
    if section == "2.9":
        # The second series is added to the totals of the first.
        large |= {"period_total": 0}
    assert small == large
    # What must be kept to erase again ties nothing to a group: no reason, no day.
    added = [json.loads(line) for line in receipts.read_text().splitlines()[known:]]
    assert len(added) == 8
    assert {(line["why"], line["when"]) for line in added} == {("entry", "2026")}
    assert {name for line in added for name in line} == {"key", "kind", "why", "when"}


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


async def test_an_event_that_nobody_has_been_told_of_holds_the_list_back(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, people, _ = await with_a_past("2.16", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    other = await a_cohort("2.16", clock.now(), robin)
    await somebody(other, keys, clock.now(), "Lind")
    session = (await session_ids(cohort))[0]
    for event, payload in (
        ("cohort_postponed", {"cohort": cohort.cohort_id}),
        ("session_moved", {"session": session}),
        ("place_confirmed", {"enrolment": str(people[0])}),
    ):
        async with transaction():
            await put(event, payload)
        for state in ("queued", "picked", "failed"):
            await owner.execute("update pgqueuer set status = $1::pgqueuer_status", state)
            answer = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
            assert isinstance(answer, closing.NotReady), (event, state)
        await owner.execute("update pgqueuer set status = 'queued', execute_after = now() - interval '1 minute'")
        await worker.drain(the_worker)
    async with transaction():
        await put("cohort_postponed", {"cohort": other.cohort_id})
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)


async def test_at_the_limit_a_list_goes_though_an_event_waits_and_the_event_with_it(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, people, _ = await with_a_past("2.16", clock, keys, robin, owner)
    async with transaction():
        await put("place_confirmed", {"enrolment": str(people[0])})
        await put("cohort_postponed", {"cohort": cohort.cohort_id})
    clock.advance(days=30)
    await closing.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from enrolment") == 0
    assert await owner.fetchval("select count(*) from pgqueuer where entrypoint not like 'ballot%'") == 0


async def test_a_cancelled_start_is_told_before_its_list_can_go(
    clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.12", clock.now(), sessions=4)
    await somebody(cohort, keys, clock.now(), "Al", "al@example.invalid")
    await worker.drain(the_worker)
    await cancel(cohort, kim, clock.now())
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), kim, keys, clock.now()), closing.NotReady)
    await worker.drain(the_worker)
    assert await owner.fetchval("select state from notice where kind = 'cohort_cancelled'") == "sent"
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), kim, keys, clock.now()), closing.Closed)


async def cancel(cohort: CohortFacts, principal: Principal, now: datetime) -> None:
    async with transaction():
        await mark_cancelled(await cohorts.locked(cohort.cohort_id), "too_few", 1, principal, now)
        await enrolment.end_all(cohort.cohort_id, now)


async def test_a_cancelled_start_of_documented_people_can_be_closed(
    clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now(), sessions=4)
    people = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await confirm(people[0].enrolment_id, clock.now())
    held = [row["key_id"] for row in await owner.fetch("select key_id from enrolment")]
    await cancel(cohort, kim, clock.now())
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), kim, keys, clock.now()), closing.NotReady)
    await worker.drain(the_worker)
    for _ in range(2):
        assert await closing.close(cohort.cohort_id, uuid4(), kim, keys, clock.now()) == closing.Closed(None)
    assert (await cohorts.by_id(cohort.cohort_id)).state == "cancelled"
    assert await owner.fetch("select distinct state, code_digest, key_id from enrolment") == [("expired", None, None)]
    assert not any(keys.exists("entry", key) for key in held)
    assert await owner.fetchval("select count(*) from participant") == 2
    assert await owner.fetchval("select count(*) from audit_entry where action = 'cohort:close'") == 1


@pytest.mark.parametrize("section", ["2.9", "2.16"])
async def test_sent_twice_at_once_both_are_answered_with_the_same_receipt(
    section: str, robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, _ = await a_running(section, clock, keys, robin, ("Al",), sessions=2)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    receipt = uuid4()
    answers = await asyncio.gather(*(closing.close(cohort.cohort_id, receipt, robin, keys, clock.now()) for _ in range(4)))
    assert answers == [closing.Closed(receipt)] * 4


async def test_what_was_erased_goes_again_when_a_backup_of_the_database_brings_it_back(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, people = await a_running("2.16", clock, keys, robin, sessions=2)
    other = await a_cohort("2.16", clock.now(), robin, minimum=1, maximum=1)
    left, waits = [await somebody(other, keys, clock.now(), name) for name in ("Lind", "Ask")]
    documented = await a_cohort("2.7", clock.now(), robin)
    stays = await somebody(documented, keys, clock.now(), "Rönn")
    for row in await owner.fetch(
        "select key_id from enrolment where cohort_id = $1 or id = any($2::uuid[])",
        cohort.cohort_id,
        [left.enrolment_id, stays.enrolment_id],
    ):
        # As if the list had been closed, and two had left, after the backup was made.
        keys.destroy("entry", row["key_id"], "closed", clock.now())
    for _ in range(2):
        await worker.start_up(the_worker)
        ids = {row["id"] for row in await owner.fetch("select id from enrolment")}
        assert ids == {waits.enrolment_id, stays.enrolment_id}
        assert (await enrolments.enrolment(waits.enrolment_id)).state == "offered"
    after = await everything(owner)
    assert all(holding(after, str(person)) == set() for person in people)
    assert await owner.fetchval("select arrivals from cohort where id = $1", cohort.cohort_id) == 0
    assert await owner.fetchval("select count(*) from audit_entry where action = 'cohort:erase'") == 2
