"""While a backup is put back, or that has broken off, the worker does nothing that falls due and no job, and erases nothing;
afterwards it erases again what had been erased, before it does anything else."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.errors import RetryRequested

from programmes import put_back, worker
from programmes.core.db import transaction
from programmes.core.jobs import put
from programmes.core.restoring import Together, restoring
from programmes.enrolment.leaving import services as leaving_services
from programmes.evaluation.keys import BallotKeys
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody

# Notes that it waits; that it erases nothing then is tried where it is at home.
WAITS_BY_ITSELF = {"nightly"}
TICKS = worker.ticks()


def _spied(due: worker.Tick, ran: list[str]) -> worker.Tick:
    async def instead(_: worker.Worker) -> None:
        ran.append(due.__name__)

    return instead


async def test_no_tick_runs_beside_a_restore_and_all_do_when_it_has_ended(
    the_worker: worker.Worker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    spies = [due if due in worker.BESIDE_A_RESTORE else _spied(due, ran) for due in TICKS]
    monkeypatch.setattr(worker, "ticks", lambda: spies)
    assert {due.__name__ for due in worker.BESIDE_A_RESTORE} == WAITS_BY_ITSELF
    async with restoring(settings.database_url, the_worker.keys):
        await worker.tick(the_worker)
        # The lock alone says so too, should the mark be lost; and the mark alone, once the process is gone.
        the_worker.keys.unmark_restoring()
        await worker.tick(the_worker)
    with pytest.raises(ZeroDivisionError):
        async with restoring(settings.database_url, the_worker.keys):
            raise ZeroDivisionError
    await worker.tick(the_worker)
    assert ran == []
    the_worker.keys.unmark_restoring()
    await worker.tick(the_worker)
    assert set(ran) == {due.__name__ for due in TICKS} - WAITS_BY_ITSELF


async def test_who_left_a_working_list_is_forgotten_after_the_restore_and_not_in_it(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = the_worker.keys
    left = await somebody(await a_cohort("2.1", clock.now()), keys, clock.now())
    await leaving_services.leave(left.enrolment_id, keys, clock.now())
    key_id = await owner.fetchval("select key_id from enrolment")
    clock.advance(hours=2)
    async with restoring(settings.database_url, keys):
        await worker.tick(the_worker)
        assert keys.exists("entry", key_id)
    await worker.tick(the_worker)
    assert not keys.exists("entry", key_id)


async def test_no_job_destroys_a_key_beside_a_restore_nor_before_the_database_is_erased_again(
    the_worker: worker.Worker, settings: Settings, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box whose answers are not put back yet looks empty: counting it would destroy its key, and every answer with it."""
    box, ballots = uuid4(), BallotKeys(settings.ballot_key_folder, settings.key_folder)
    ballots.create(box)
    insert = "insert into ballot (id, half_year, section, state, created_on) values ($1, '2026-2', '2.14', 'closing', $2)"
    await owner.execute(insert, box, the_worker.clock.now())
    monkeypatch.setattr(worker, "ticks", list)
    async with transaction():
        await put("ballot_close", {"ballot": str(box)})
    job: Any = SimpleNamespace(entrypoint="ballot_close", attempts=0, payload=json.dumps({"ballot": str(box)}).encode())
    erased = []

    async def erases(_: worker.Worker) -> None:
        erased.append(box in ballots.alive())
        if len(erased) == 1:
            raise ConnectionError

    monkeypatch.setattr(put_back.closing, "erase_restored", erases)

    async def waits() -> None:
        # One that the queue hands out goes back into it; who does everything once leaves it there.
        with pytest.raises(RetryRequested):
            await worker._do(worker.handlers()["ballot_close"], the_worker, job)
        await worker.drain(the_worker)
        assert box in ballots.alive()
        assert await owner.fetchval("select count(*) from pgqueuer") == 1

    async with restoring(settings.database_url, the_worker.keys):
        await waits()
        the_worker.keys.unmark_restoring()
        await waits()
    assert erased == []
    # It is put back, and what was to be erased again could not be yet.
    await waits()
    assert erased == [True]
    await worker.drain(the_worker)
    assert erased == [True, True]
    assert box not in ballots.alive()
    assert await owner.fetchval("select count(*) from pgqueuer") == 0


@pytest.mark.parametrize("begun", ["before", "in_it", "in_it_by_the_release_before"])
async def test_what_had_been_erased_goes_again_after_the_restore_without_a_restart(
    begun: str, the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = the_worker.keys
    await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")
    person = await owner.fetchval("select participant_id from enrolment")
    if begun == "before":
        await worker.start_up(the_worker)
    async with restoring(settings.database_url, keys):
        if begun != "before":
            await worker.start_up(the_worker)
        if begun == "in_it_by_the_release_before":
            keys.unmark_restored()
            await worker.drain(the_worker)
        # The rows of somebody whose key was destroyed after the backup was made.
        keys.destroy("person", person, "person: never got a place", clock.now())
    assert await owner.fetchval("select count(*) from participant") == 1
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from participant") == 0
    assert not keys.waits_for_restore()


async def test_jobs_side_by_side_hold_restores_off_by_one_connection_until_the_last_is_done(
    the_worker: worker.Worker, settings: Settings, owner: asyncpg.Connection
) -> None:
    together, go = Together(), asyncio.Event()
    begun = asyncio.Barrier(9)

    async def job() -> None:
        async with together.held_off(the_worker.keys) as free:
            assert free
            await begun.wait()
            await go.wait()

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(job())
        await begun.wait()
        # Other processes of this run have databases of their own on the same server.
        held = """select count(*) from pg_locks l join pg_database d on d.oid = l.database
                  where locktype = 'advisory' and objid = 7105896 and datname = current_database()"""
        assert await owner.fetchval(held) == 1
        assert not await owner.fetchval("select pg_try_advisory_lock(7105896)")
        go.set()
    assert await owner.fetchval(held) == 0
    async with restoring(settings.database_url, the_worker.keys), together.held_off(the_worker.keys) as free:
        assert not free
    async with together.held_off(the_worker.keys) as free:
        assert free


async def test_no_restore_begins_while_something_that_is_due_is_done(
    the_worker: worker.Worker, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[bool] = []

    async def asks(_: worker.Worker) -> None:
        free.append(await owner.fetchval("select pg_try_advisory_lock(7105896)"))

    monkeypatch.setattr(worker, "ticks", lambda: [asks])
    await worker.tick(the_worker)
    assert free == [False]
