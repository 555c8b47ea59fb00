"""When a list may go, and that nothing, not even a number of rows, tells how many stood on it (promises 2 and 7)."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.services import mark_cancelled
from programmes.core.db import transaction
from programmes.core.jobs import put
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.enrolment.queue import order_services
from programmes.enrolment.visits import step_services
from programmes.notices.job_services import wake_sending
from programmes.people.looks import Look
from programmes.settings import Settings
from tests.attendance.cast import NAMES, a_running, session_ids
from tests.clock import FrozenClock
from tests.desk.cast import do_everything_first, everything, holding, with_a_past
from tests.factories import a_cohort, a_coordinator, a_leader, a_programme, confirm, somebody


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


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
    programme = (await a_programme(section))[1]
    for person in people:
        facts = await enrolments.enrolment(person)
        await place_services.reissue_code(person, keys, robin.staff_id, clock.now())
        await place_services.reveal_contact(facts, "asked", keys, robin.staff_id, clock.now())
        await step_services.note_proof(person, robin.staff_id, programme, clock.now())
        async with transaction():
            await put("place_confirmed", {"enrolment": str(person)})
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from audit_entry where action like 'contact:reveal:%'") == len(people)
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
    # What the worker writes down once, whoever there is.
    await worker.drain(the_worker)
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
    # Its message waits as long as the decision can be taken back.
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), kim, keys, clock.now()), closing.NotReady)
    clock.advance(minutes=10)
    await wake_sending(the_worker)
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


async def test_what_a_queue_was_and_why_goes_with_the_list(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.16", clock.now(), robin, minimum=1, maximum=2, sessions=2)
    people = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in NAMES]
    await order_services.skip(people[2], "clash", robin.staff_id, clock.now())
    await order_services.move_before(cohort.cohort_id, people[5], people[3], "together", kim, clock.now())
    await order_services.restore(cohort.cohort_id, people[5], kim, clock.now())
    await order_services.move_before(cohort.cohort_id, people[5], people[3], "age_limit", kim, clock.now())
    await order_services.history(cohort, keys, Look(kim, "queue_export", None), clock.now())
    await worker.drain(the_worker)
    about = "select count(*) from audit_entry where subject like 'enrolment/%'"
    assert await owner.fetchval(about) == 4
    assert cohort.last_end
    await owner.execute("update cohort set state = 'started'")
    clock.set(cohort.last_end + timedelta(hours=1))
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    await worker.drain(the_worker)
    # Those who waited have just been told, with a link that works for a day.
    not_yet = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(not_yet, closing.NotReady)
    assert not_yet.facts.reading
    clock.advance(hours=25)
    await worker.drain(the_worker)
    assert isinstance(await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing.Closed)
    after = await everything(owner)
    assert after["queue_event"] == []
    assert all(holding(after, str(person)) == set() for person in people)
    # That the history was once taken out is no person's, and stays.
    left = await owner.fetch("select action from audit_entry where action like 'queue:%'")
    assert [row["action"] for row in left] == ["queue:export"]
