"""A clock that is wrong when the worker starts, or after it has stood still: nothing is erased by it (decision 24)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import clock_commands, worker
from programmes.core import clock_trace
from programmes.core.clock_trace import Machine, Trace, Witness, doubt, needs_a_sure_clock
from programmes.core.sealing import KeyFolder
from programmes.doctor import database_checks
from programmes.doctor.findings import Patient
from programmes.enrolment.leaving import services as leaving_services
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.conftest import START
from tests.factories import a_cohort, somebody
from tests.oversight.retention_cast import as_worker

DAY, SURE = timedelta(days=1), datetime(2026, 9, 2, 10, tzinfo=UTC)


class Real:
    """What time it really is, for a machine and a database that no clock of ours can move."""

    def __init__(self, now: datetime, boot: str = "aa") -> None:
        self.now, self.boot, self.began = now, boot, now - 100 * DAY

    def machine(self) -> Machine:
        return Machine(self.boot, int((self.now - self.began).total_seconds()))

    async def database(self) -> datetime:
        return self.now

    def start_anew(self) -> None:
        self.boot, self.began = self.boot + "b", self.now


@pytest.fixture
def real() -> Real:
    return Real(START)


@pytest.fixture
async def at_work(settings: Settings, clock: FrozenClock, keys: KeyFolder, db: None, real: Real) -> AsyncIterator[Worker]:
    connection = await asyncpg.connect(settings.worker_database_url)
    async with as_worker(settings):
        yield Worker(settings, clock, keys, connection, witness=Witness(DAY, real.machine, real.database))
    await connection.close()


@given(st.integers(0, 400 * 86400), st.integers(-400 * 86400, 400 * 86400), st.booleans(), st.integers(-9, 9))
def test_a_clock_is_believed_when_all_witnesses_agree(ran: int, off: int, anew: bool, database: int) -> None:
    """`ran` seconds have passed since the trace; the clock says `off` more than that."""
    trace = Trace(SURE, Machine("aa", 1000))
    now = SURE + timedelta(seconds=ran)
    wall = now + timedelta(seconds=off)
    machine = Machine("bb", 5) if anew else Machine("aa", 1000 + ran)
    found = doubt(trace, wall, wall + timedelta(minutes=database), machine, DAY)
    if abs(database) > 5:
        assert found == "database"
    elif anew:
        assert (found is None) == (-300 <= ran + off <= 86400)
    else:
        assert (found is None) == (abs(off) <= 300 + ran / 1000)
    # Without a trace the database's clock is all there is; where a machine tells nothing, as after a start.
    assert doubt(None, wall, wall, machine, DAY) is None
    assert doubt(trace, SURE + 2 * DAY, SURE + 2 * DAY, Machine(), DAY) == "gap"
    assert doubt(trace, SURE + DAY, SURE + DAY, Machine("aa", 999), DAY) is None


async def test_a_clock_that_is_wrong_erases_nothing_and_all_else_goes_on(
    at_work: Worker, real: Real, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong at the start, and wrong together with the database's: keys and rows stay until it is right."""
    cohort, keys = await a_cohort("2.1", START), at_work.keys
    for _ in range(2):
        await somebody(cohort, keys, START)
    left = (await somebody(cohort, keys, START)).enrolment_id
    assert await leaving_services.leave(left, keys, START)
    await worker.tick(at_work)
    about = "select key_id from enrolment where key_id is not null order by key_id"
    known = [row["key_id"] for row in await owner.fetch(about)]
    assert len(known) == 3

    async def nothing_is_lost() -> bool:
        return [row["key_id"] for row in await owner.fetch(about)] == known and all(
            keys.exists("entry", key) for key in known
        )

    for days in (59, 400, -59):
        clock.set(real.now + days * DAY)
        # A process that has just begun, with the database's clock right; and a wrong clock under both.
        for wrong in (Witness(DAY, real.machine, real.database), Witness(DAY, real.machine, _says(clock))):
            await worker.drain(replace(at_work, witness=wrong))
            assert await nothing_is_lost()
    ran: list[str] = []
    monkeypatch.setattr(worker, "ticks", lambda: [_spied(tick, ran) for tick in TICKS])
    await worker.tick(at_work)
    assert set(ran) == {tick.__name__ for tick in TICKS if not needs_a_sure_clock(tick)}
    monkeypatch.undo()
    patient = Patient(replace(at_work.settings, clock_standstill_hours=24 * 5000), await clock_trace.database_clock())
    [finding] = await database_checks.clock(patient)
    assert (finding.level, "doubts" in finding.says, "clock confirm" in finding.mend) == ("fault", True, True)
    [finding] = await database_checks.clock(replace(patient, now=patient.now + DAY))
    assert (finding.level, "database's clock" in finding.says) == ("fault", True)
    # Put right, it is believed by itself; and what is due then goes.
    clock.set(real.now)
    await worker.tick(at_work)
    [finding] = await database_checks.clock(patient)
    assert (finding.level, "No worker" in finding.says) == ("warning", True)
    assert await nothing_is_lost()
    real.now += timedelta(hours=2)
    clock.set(real.now)
    await worker.tick(at_work)
    assert not await nothing_is_lost()


TICKS = worker.ticks()


def _says(clock: FrozenClock):  # type: ignore[no-untyped-def]
    async def database() -> datetime:
        return clock.now()

    return database


def _spied(tick, ran: list[str]):  # type: ignore[no-untyped-def]
    """A tick that only says that it ran, as sure or unsure as the one that it stands for."""

    async def instead(_: Worker) -> None:
        ran.append(tick.__name__)

    return clock_trace.by_a_sure_clock(instead) if needs_a_sure_clock(tick) else instead


async def test_a_week_of_standstill_is_caught_up_and_one_with_the_machine_off_when_somebody_says_the_day(
    at_work: Worker, real: Real, clock: FrozenClock, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    async def waits() -> list[str]:
        """Rows of people who left, and whose hour is over."""
        return [str(row["id"]) for row in await owner.fetch("select id from enrolment where undo_until is not null")]

    cohort, keys, witness = await a_cohort("2.1", START), at_work.keys, at_work.witness
    assert witness is not None
    await worker.tick(at_work)
    one, other = [(await somebody(cohort, keys, START)).enrolment_id for _ in range(2)]
    await leaving_services.leave(one, keys, START)
    real.now += 7 * DAY
    clock.set(real.now)
    await worker.tick(at_work)
    assert await waits() == []
    await leaving_services.leave(other, keys, clock.now())
    real.now += 7 * DAY
    real.start_anew()
    clock.set(real.now)
    await worker.tick(at_work)
    assert await waits() == [str(other)]
    assert await clock_commands.show(witness, clock.now()) == 1
    assert await clock_commands.confirm(witness, clock.now(), date(2026, 9, 1)) == 1
    assert await clock_commands.confirm(witness, clock.now() + 3 * DAY, (clock.now() + 3 * DAY).date()) == 1
    await worker.tick(at_work)
    assert await waits() == [str(other)]
    assert await clock_commands.confirm(witness, clock.now(), clock.now().date()) == 0
    await worker.tick(at_work)
    assert await waits() == []
    assert "started anew" in capsys.readouterr().err
