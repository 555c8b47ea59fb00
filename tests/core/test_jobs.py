"""Jobs that fail: tried again, at once or later, and never a word of what a row holds."""

from datetime import timedelta

import asyncpg
import pytest

from programmes import worker
from programmes.core import jobs
from programmes.core.db import transaction

PASSING = (
    "AdminShutdownError", "CannotConnectNowError", "CrashShutdownError", "TooManyConnectionsError", "QueryCanceledError",
    "SerializationError", "DeadlockDetectedError", "LockNotAvailableError", "ConnectionDoesNotExistError",
    "InterfaceError", "ForeignKeyViolationError", "ReadOnlySQLTransactionError", "DiskFullError", "OutOfMemoryError",
)  # fmt: skip
LASTING = (
    "UniqueViolationError",
    "CheckViolationError",
    "NotNullViolationError",
    "DataError",
    "InvalidTextRepresentationError",
)


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_tried_again_at_once(name: str) -> None:
    assert jobs.passes(getattr(asyncpg, name)("words"))


@pytest.mark.parametrize("name", LASTING)
def test_what_does_not_pass_is_held(name: str) -> None:
    assert not jobs.passes(getattr(asyncpg, name)("words"))


def test_a_lost_connection_passes_and_a_mistake_of_ours_does_not() -> None:
    assert jobs.passes(ConnectionResetError())
    assert jobs.passes(TimeoutError())
    assert not jobs.passes(KeyError("words"))
    assert not jobs.passes(ValueError("words"))


def test_pauses_grow_to_five_minutes() -> None:
    assert [jobs.pause_after(n).total_seconds() for n in (0, 1, 5, 9, 1000)] == [1, 2, 32, 300, 300]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the answer to an event meets, one after the other; then it succeeds."""
    to_come: list[Exception] = []

    async def answer(_: worker.Worker, __: dict[str, str | int]) -> None:
        if to_come:
            raise to_come.pop(0)

    monkeypatch.setattr(worker, "handlers", lambda: {"cohort_started": answer})
    return to_come


async def put() -> None:
    async with transaction():
        await jobs.put("cohort_started", {"cohort": 1})


async def test_a_database_that_restarts_costs_no_event(
    broken: list[Exception], the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    broken += [asyncpg.AdminShutdownError("terminating"), asyncpg.QueryCanceledError("canceling")]
    await put()
    await worker.drain(the_worker)
    assert broken == []
    assert await owner.fetchval("select count(*) from pgqueuer") == 0


async def test_a_held_job_is_tried_again_after_growing_pauses(
    broken: list[Exception], the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    broken += [KeyError("anna@example.invalid"), KeyError("anna@example.invalid")]
    await put()
    await worker.drain(the_worker)
    for attempts, pause in ((0, timedelta(minutes=1)), (1, timedelta(minutes=2))):
        row = await owner.fetchrow("select status::text, attempts from pgqueuer")
        assert tuple(row) == ("failed", attempts)
        await age(owner, pause - timedelta(seconds=20))
        assert await jobs.try_held_again() == 0
        await age(owner, timedelta(seconds=20))
        await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from pgqueuer") == 0


async def age(owner: asyncpg.Connection, by: timedelta) -> None:
    """The queue compares with the database's time: make what waits that much older."""
    await owner.execute("update pgqueuer set updated = updated - $1::interval", by)


async def test_a_failed_job_is_logged_once_and_never_with_what_it_met(
    broken: list[Exception],
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken += [asyncpg.UniqueViolationError("Key (contact)=(anna@example.invalid)")] * 2
    broken += [asyncpg.AdminShutdownError("anna@example.invalid")]
    await put()
    await worker.drain(the_worker)
    await age(owner, timedelta(hours=6))
    await worker.drain(the_worker)
    await age(owner, timedelta(hours=6))
    await worker.drain(the_worker)
    told = capsys.readouterr()
    said = told.out + told.err + caplog.text
    assert said.count("job_held") == 1
    assert "UniqueViolationError" in said
    assert "anna@" not in said
    assert await owner.fetchval("select count(*) from pgqueuer") == 0


async def test_the_queue_keeps_no_log_of_what_it_did(
    broken: list[Exception], the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    broken += [KeyError("words")]
    for _ in range(3):
        await put()
    await worker.drain(the_worker)
    for table in ("pgqueuer_log", "pgqueuer_statistics"):
        assert await owner.fetchval(f"select count(*) from {table}") == 0, table
