"""An installation that is backed up, an empty database beside it, and a shell."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from programmes import worker
from programmes.cli import main
from programmes.core import logs
from programmes.core.db import engine
from programmes.core.sealing import KeyFolder
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from programmes.worker import Worker
from tests.backup.installation import IDENTITY, Place, Typed, variables
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody


@pytest.fixture
async def place(
    settings: Settings, clock: FrozenClock, the_worker: Worker, tmp_path: Path, owner: asyncpg.Connection
) -> Place:
    own = replace(
        settings,
        key_folder=tmp_path / "keys",
        ballot_key_folder=tmp_path / "ballots",
        log_key_folder=tmp_path / "log",
        backup_folder=tmp_path / "backups",
        key_backup_folder=tmp_path / "copies",
        backup_recipients=(str(IDENTITY.to_public()),),
    )
    keys = KeyFolder(own.key_folder)
    await worker.start_up(replace(the_worker, settings=own, keys=keys))
    robin = await a_leader(clock.now())
    documented = await a_cohort("2.8", clock.now(), robin)
    for name in ("Kim Hemlig", "Alex Hemlig"):
        await somebody(documented, keys, clock.now(), name)
    await somebody(await a_cohort("2.1", clock.now(), robin), keys, clock.now())
    people = [row[0] for row in await owner.fetch("select id from participant order by id")]
    entry = await owner.fetchval("select key_id from enrolment where participant_id is null")
    identity = tmp_path / "identity.txt"
    identity.write_text(f"# created: today\n{IDENTITY}\n")
    return Place(own, keys, people, entry, identity)


@pytest.fixture
async def empty_database(server: PrivateServer, settings: Settings) -> AsyncIterator[Settings]:
    """A database with nothing in it, on the same server."""
    name = f"restored_{os.getpid()}"
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f'create database "{name}"')
    yield replace(
        settings,
        database_url=server.url(name),
        web_database_url=server.web_url(name),
        worker_database_url=server.worker_url(name),
    )
    await connection.execute(f'drop database if exists "{name}" with (force)')
    await connection.close()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A command as it is typed, by its settings; with pools of its own, as a process would have."""

    async def run(own: Settings, *arguments: object) -> tuple[int, str]:
        db = engine()
        before, config, db.pool = db.pool, db.config, None
        with monkeypatch.context() as patch:
            for name, told in variables(own).items():
                patch.setenv(name, told)
            # The worker's log would go on where what is typed here is caught.
            patch.setattr(logs, "configure", lambda: None)
            capsys.readouterr()
            try:
                code = await asyncio.to_thread(main, [str(argument) for argument in arguments])
            finally:
                db.pool, db.config = before, config
        said = capsys.readouterr()
        return code, said.out + said.err

    return run
