"""One private server for the run, one template database, one database cloned from it and emptied between tests."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")

from programmes import private_server, worker
from programmes.app import create_app
from programmes.core.db import close_pool, engine, open_pool
from programmes.core.sealing import KeyFolder
from programmes.migrate import migrate
from programmes.settings import Settings
from tests.clock import FrozenClock

# A Wednesday, 10.00 in the municipality.
START = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
# Loaded once with the template; everything else is emptied between tests.
_KEPT = {"migration", "edition", "programme", "agreement_text", "pgqueuer_schedules"}


@dataclass(eq=False)
class QueryLog:
    """Every statement that the web role ran since the last `clear`, without BEGIN and the like."""

    statements: list[str]

    def __call__(self, record: Any) -> None:
        query = record.query.strip()
        if not query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT pg_advisory_unlock_all")):
            self.statements.append(query)

    def clear(self) -> None:
        self.statements.clear()


@pytest.fixture(scope="session")
def server() -> Iterator[private_server.PrivateServer]:
    """The private server of this run, in a folder of its own that goes with it."""
    home = Path(tempfile.mkdtemp(prefix="programmes-test-", dir="/var/tmp")) / "pg"
    home.parent.chmod(0o755)
    started = asyncio.run(private_server.start(home, durable=False))
    yield started
    private_server.remove(home)
    shutil.rmtree(home.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def work_folder() -> Iterator[Path]:
    """Keys, ballot keys and mail of this run."""
    folder = Path(tempfile.mkdtemp(prefix="programmes-keys-"))
    yield folder
    shutil.rmtree(folder)


def settings_for(server: private_server.PrivateServer, database: str, folder: Path, **others: Any) -> Settings:
    """Settings as in production: three roles, key folders apart."""
    return Settings(
        database_url=server.url(database),
        web_database_url=server.web_url(database),
        worker_database_url=server.worker_url(database),
        base_url="http://testserver.local",
        key_folder=folder / "keys",
        ballot_key_folder=folder / "ballot-keys",
        mail_url=f"folder://{folder / 'mail'}",
        **others,
    )


@pytest.fixture(scope="session")
async def settings(server: private_server.PrivateServer, work_folder: Path) -> Settings:
    """The migrated template, cloned into the database that the tests use."""
    await private_server.ensure_database(server, "template_programmes")
    await migrate(settings_for(server, "template_programmes", work_folder), START)
    await clone(server, "programmes")
    return settings_for(server, "programmes", work_folder)


async def clone(server: private_server.PrivateServer, name: str) -> None:
    """A fresh database from the template."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.execute(f'create database "{name}" template template_programmes')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def queries_log() -> QueryLog:
    return QueryLog([])


@pytest.fixture(scope="session")
async def pool(settings: Settings, queries_log: QueryLog) -> AsyncIterator[None]:
    """The pool of the web role, which every test in the run shares."""
    await open_pool(settings.web_database_url, 20, queries_log)
    yield
    await close_pool()


@pytest.fixture(scope="session")
async def owner(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the database's owner, for looking behind the scenes."""
    connection = await asyncpg.connect(settings.database_url)
    yield connection
    await connection.close()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
async def db(pool: None, owner: asyncpg.Connection, queries_log: QueryLog) -> None:
    """An empty database (with the guideline's edition); what a test writes really commits."""
    names = [
        row["tablename"]
        for row in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
        if row["tablename"] not in _KEPT
    ]
    # Without triggers the order does not matter; on small tables this is ten times faster than truncate.
    deletes = "; ".join(f"delete from {name}" for name in names)
    await owner.execute(f"set session_replication_role = replica; {deletes}; set session_replication_role = default")
    queries_log.clear()


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    return KeyFolder(settings.key_folder)


@pytest.fixture
async def the_worker(
    settings: Settings, clock: FrozenClock, db: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[worker.Worker]:
    """The worker, with its own role. `await worker.drain(the_worker)` does what waits, over the worker's own pool."""
    connection = await asyncpg.connect(settings.worker_database_url)
    pool = await asyncpg.create_pool(settings.worker_database_url, min_size=1, max_size=4)
    drain = worker.drain

    async def drain_as_worker(who: worker.Worker) -> None:
        webs, engine().pool = engine().pool, pool
        try:
            await drain(who)
        finally:
            engine().pool = webs

    monkeypatch.setattr(worker, "drain", drain_as_worker)
    yield worker.Worker(settings, clock, KeyFolder(settings.key_folder), connection)
    await pool.close()
    await connection.close()


@pytest.fixture
async def client(settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen: keeps cookies, does not follow redirects."""
    app = create_app(settings, clock, own_pool=False)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        yield browser
