"""A backup is whole or not there, holds no key that must not be kept, and comes back as it was, but for whom was erased since."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pyrage
import pytest

from programmes import worker
from programmes.backup import making
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody
from tests.shell import Shell

IDENTITY = pyrage.x25519.Identity.generate()


@dataclass
class Place:
    """An installation with two protected records, an entry of a working list, and a shell of the worker's account."""

    settings: Settings
    keys: KeyFolder
    people: list[UUID]
    entry: UUID
    identity: Path

    def environment(self, **others: str) -> dict[str, str]:
        own = self.settings
        return {
            **environment(own, "migrate"),
            "PROGRAMMES_BALLOT_KEY_FOLDER": str(own.ballot_key_folder),
            "PROGRAMMES_LOG_KEY_FOLDER": str(own.log_key_folder),
            "PROGRAMMES_BACKUP_FOLDER": str(own.backup_folder),
            "PROGRAMMES_KEY_BACKUP_FOLDER": str(own.key_backup_folder),
            "PROGRAMMES_BACKUP_RECIPIENT": str(IDENTITY.to_public()),
            **others,
        }


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
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


async def test_x(place: Place, empty_database: Settings, owner: asyncpg.Connection):
    shell = Shell(place.environment())
    import time

    t = time.time()
    print(await shell.run("backup", "--verbose"), time.time() - t)
    for p in sorted(place.settings.backup_folder.parent.rglob("*")):
        print(p.relative_to(place.settings.backup_folder.parent), p.stat().st_size, oct(p.stat().st_mode))
    t = time.time()
    print(await shell.run("restore", "--drill", "--identity", str(place.identity)), time.time() - t)
    [found] = making.sets_in(place.settings.backup_folder)
    print((found / "manifest.json").read_text())
    there = replace(
        place,
        settings=replace(
            place.settings,
            database_url=empty_database.database_url,
            web_database_url=empty_database.web_database_url,
            worker_database_url=empty_database.worker_database_url,
        ),
    )
    other = Shell(there.environment())
    t = time.time()
    print(await other.run("restore", str(found), "--identity", str(place.identity)), time.time() - t)
    print(await other.run("restore", str(found), "--identity", str(place.identity)))
    print(await shell.run("doctor"))
    await shell.close()
    await other.close()
    assert 0
