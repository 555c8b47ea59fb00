"""Keys of applications: never lost with their row there, and gone when there is none."""

import os
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from programmes import worker
from programmes.core import db as core_db
from programmes.core.sealing import KeyFolder, Kind
from programmes.enrolment import queries
from programmes.enrolment.records import key_services
from programmes.enrolment.rules import State
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody

KINDS: tuple[Kind, ...] = get_args(Kind)


def on_disk(keys: KeyFolder, clock: FrozenClock) -> set[tuple[Kind, UUID]]:
    later = clock.now() + timedelta(days=9999)
    return {(kind, key) for kind in KINDS for key in keys.made_before(kind, later)}


async def test_a_lost_answer_to_commit_leaves_the_place_its_keys(
    db: None, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    commit = core_db.Transaction.commit
    lost: list[int] = []

    async def commit_and_lose_the_answer(self: core_db.Transaction) -> None:
        await commit(self)  # type: ignore[no-untyped-call]
        if not lost:
            lost.append(1)
            raise ConnectionError("the answer to COMMIT was lost")

    monkeypatch.setattr(core_db.Transaction, "commit", commit_and_lose_the_answer)
    with pytest.raises(ConnectionError):
        await somebody(cohort, keys, clock.now())
    [kept] = await queries.enrolments(cohort.cohort_id, get_args(State))
    assert kept.key_id
    assert kept.participant_id
    assert keys.exists("entry", kept.key_id)
    assert keys.exists("person", kept.participant_id)


async def test_a_commit_that_failed_leaves_no_keys(
    db: None, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    before = on_disk(keys, clock)
    commit = core_db.Transaction.commit
    failed: list[int] = []

    async def fail_once(self: core_db.Transaction) -> None:
        if not failed:
            failed.append(1)
            await self.rollback()  # type: ignore[no-untyped-call]
            raise ConnectionError("the database is away")
        await commit(self)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(core_db.Transaction, "commit", fail_once)
    with pytest.raises(ConnectionError):
        await somebody(cohort, keys, clock.now())
    assert on_disk(keys, clock) == before


async def test_what_cannot_be_found_out_is_left_to_the_sweep(
    db: None, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    before = on_disk(keys, clock)

    async def away(_: core_db.Transaction) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(core_db.Transaction, "commit", away)
    with pytest.raises(ConnectionError):
        await somebody(cohort, keys, clock.now())
    assert len(on_disk(keys, clock) - before) == 2


def age(settings: Settings, clock: FrozenClock, **by: float) -> None:
    """Make every key file that old."""
    made = (clock.now() - timedelta(**by)).timestamp()
    for path in settings.key_folder.glob("*/??/*.key"):
        os.utime(path, (made, made))


async def test_the_worker_removes_old_keys_without_a_row_and_no_others(
    the_worker: Worker, settings: Settings, clock: FrozenClock
) -> None:
    keys = the_worker.keys
    cohort = await a_cohort("2.8", clock.now())
    for kind, key in on_disk(keys, clock):
        keys.discard(kind, key)
    for name in "ABCD":
        await somebody(cohort, keys, clock.now(), name)
    kept = on_disk(keys, clock)
    strays = [keys.create("entry"), keys.create("person")]
    age(settings, clock, minutes=59)
    assert await key_services.sweep(keys, clock.now(), 30) == 0
    age(settings, clock, minutes=61)
    young = keys.create("entry")
    await worker.drain(the_worker)
    assert not keys.exists("entry", strays[0])
    assert not keys.exists("person", strays[1])
    assert on_disk(keys, clock) == kept | {("entry", young)}


async def test_an_empty_database_costs_no_key(db: None, clock: FrozenClock, keys: KeyFolder, settings: Settings) -> None:
    made = [keys.create("entry") for _ in range(5)]
    age(settings, clock, days=3)
    assert await key_services.sweep(keys, clock.now(), 30) == 0
    assert all(keys.exists("entry", key) for key in made)
