"""While a backup is put back, or that has broken off, the worker does nothing that falls due, and erases nothing."""

import asyncpg
import pytest

from programmes import worker
from programmes.core.restoring import restoring
from programmes.enrolment import leaving_services
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
    spies = [due if due in worker._BESIDE_A_RESTORE else _spied(due, ran) for due in TICKS]
    monkeypatch.setattr(worker, "ticks", lambda: spies)
    assert {due.__name__ for due in worker._BESIDE_A_RESTORE} == WAITS_BY_ITSELF
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


async def test_no_restore_begins_while_something_that_is_due_is_done(
    the_worker: worker.Worker, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[bool] = []

    async def asks(_: worker.Worker) -> None:
        free.append(await owner.fetchval("select pg_try_advisory_lock(7105896)"))

    monkeypatch.setattr(worker, "ticks", lambda: [asks])
    await worker.tick(the_worker)
    assert free == [False]
