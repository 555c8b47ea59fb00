"""An installation that doctor looks at."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from programmes import worker
from programmes.core.db import engine
from programmes.core.sealing import KeyFolder
from programmes.doctor import server_checks
from programmes.doctor.findings import Patient
from programmes.evaluation.keys import BallotKeys
from programmes.people.looks import looking
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody
from tests.pools import WORKERS, a_pool


@pytest.fixture
async def as_worker(settings: Settings, db: None) -> AsyncIterator[None]:
    """What is asked is asked with the worker's role, as in its container."""
    webs = engine().pool
    async with a_pool(settings.worker_database_url, WORKERS) as engine().pool:
        yield
    engine().pool = webs


@pytest.fixture
def installation(work_folder: Path) -> Iterator[Path]:
    """A folder on the volume of the run's database, where no key should lie."""
    folder = Path(tempfile.mkdtemp(dir=work_folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def patient(
    settings: Settings,
    clock: FrozenClock,
    the_worker: Worker,
    installation: Path,
    owner: asyncpg.Connection,
    as_worker: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Patient:
    """An installation with folders of its own, one of each kind of key, and a worker that has started. The tests' server is
    the only one that need not outlive a crash."""
    monkeypatch.setattr(server_checks, "_KEPT", {})
    own = replace(
        settings,
        key_folder=installation / "keys",
        ballot_key_folder=installation / "ballots",
        log_key_folder=installation / "log",
        database_url=settings.worker_database_url,
    )
    keys, ballots = KeyFolder(own.key_folder), BallotKeys(own.ballot_key_folder, own.key_folder)
    await worker.start_up(replace(the_worker, settings=own, keys=keys))
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Kim Hemlig")
    keys.service_key("search")
    box = uuid4()
    ballots.create(box)
    await owner.execute(
        "insert into ballot (id, half_year, section, state, created_on) values ($1, '2026-2', '2.14', 'open', '2026-09-01')",
        box,
    )
    async with looking(robin, "person", clock.now()) as look:
        person = await owner.fetchval("select participant_id from enrolment where id = $1", taken.enrolment_id)
        look.see(person, cohort.cohort_id, False)
    await worker.drain(replace(the_worker, settings=own, keys=keys))
    return Patient(own, datetime.now(UTC))
