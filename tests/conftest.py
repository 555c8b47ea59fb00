"""One private server for the run, one template database, one database cloned from it and emptied between tests."""

import asyncio
import contextlib
import fcntl
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import asyncpg
import httpx
import pytest
import uvloop
from argon2 import PasswordHasher, profiles
from hypothesis import settings as hypothesis_settings
from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from litestar import Litestar
from pgqueuer.core.qm import QueueManager

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")

from programmes import private_server, worker
from programmes.app import create_app
from programmes.core.db import close_pool, engine, open_pool
from programmes.core.sealing import KeyFolder
from programmes.migrate import migrate
from programmes.people import services as people
from programmes.settings import Settings, SingleSignOn
from programmes.web import rendering
from tests.clock import FrozenClock
from tests.owner import owners
from tests.pools import WORKERS, a_pool

# The loop that the web process runs on. Python 3.14 gives policies up. What pytest-asyncio has instead makes the loop anew,
# and all that lives in it, between tests with and without `async`.
if sys.version_info < (3, 14):
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis_settings.register_profile("project", deadline=None)
hypothesis_settings.load_profile("project")

# A Wednesday, 10.00 in the municipality.
START = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
# As they are in production, before `cheap_passwords`.
REAL_HASHER, REAL_NOBODY = people._hasher, people._NOBODY
TEMPLATE = "template_programmes"
# Loaded once with the template; everything else is emptied between tests.
_KEPT = {"migration", "edition", "programme", "pgqueuer_schedules", "retention_rule", "group_role"}
# What the groups of the tests' provider mean.
GROUPS = (("stod-samordnare", "coordinator", ""), ("stod-ledare", "leader", "2.8"), ("stod-chefer", "manager", ""))


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Passwords of the tests' staff, and of names that nobody has, cost the least; tests/people holds the real ones to
    RFC 9106."""
    people._hasher = PasswordHasher.from_parameters(profiles.CHEAPEST)
    people._NOBODY = people._hash_of_nothing(people._hasher)


class _CompiledOnce(BytecodeCache):
    """Templates as Python compiled them, for every application that the tests build, in this process and, once its server's
    folder is there, in the others of the run."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def _of_the_run(self) -> FileSystemBytecodeCache | None:
        folder = _run_folder() / "templates"
        if not folder.parent.exists():
            return None
        folder.mkdir(exist_ok=True)
        return FileSystemBytecodeCache(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))
        if bucket.code is None and (run := self._of_the_run()):
            run.load_bytecode(bucket)
            if bucket.code:
                self._known[bucket.key, bucket.checksum] = bucket.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code
        self._known[bucket.key, bucket.checksum] = bucket.code
        if run := self._of_the_run():
            run.dump_bytecode(bucket)


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> None:
    rendering.Environment = partial(Environment, bytecode_cache=_CompiledOnce())


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: nobody looks again and again whether it is garbage. Nor after
    every few hundred objects of a test, which costs a sixteenth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no process is left with it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/journeys", "tests/demo", "tests/hostile")))


@dataclass(eq=False)
class QueryLog:
    """Every statement that the web role ran since the last `clear`, without BEGIN and the like, and without what asyncpg
    asks once on each connection that meets an unknown type."""

    statements: list[str]

    def __call__(self, record: Any) -> None:
        query = record.query.strip()
        ours = not query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT pg_advisory_unlock_all"))
        if ours and "typeinfo_tree" not in query and "'jit'" not in query:
            self.statements.append(query)

    def clear(self) -> None:
        self.statements.clear()


def _swift() -> Path:
    """Memory where the machine has some to spare: a run makes and removes tens of thousands of small files, and a disk takes
    its time for each key that has to be safe on it before a row may name it."""
    memory = Path("/dev/shm")
    to_spare = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 2**30
    return memory if to_spare else Path("/var/tmp")


def _run_folder() -> Path:
    """Where this run's server lives: the same for every process of a run on several cores."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"alone-{os.getpid()}"
    return _swift() / f"programmes-test-{run[:12]}"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[Path]:
    """Hold the run's lock; gives the file that counts who still uses the server."""
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / "users"


@pytest.fixture(scope="session")
def server() -> Iterator[private_server.PrivateServer]:
    """The one private server of this run, with the template in it; the last process to leave removes it."""
    folder = _run_folder()
    with _one_at_a_time(folder) as users:
        count = int(users.read_text()) if users.exists() else 0
        started = asyncio.run(private_server.start(folder / "pg", durable=False))
        users.write_text(str(count + 1))
    yield started
    with _one_at_a_time(folder) as users:
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            private_server.remove(folder / "pg")
    if left == 0:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def work_folder() -> Iterator[Path]:
    """Keys, ballot keys and mail of this run."""
    folder = Path(tempfile.mkdtemp(prefix="programmes-keys-", dir=_swift()))
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
        log_key_folder=folder / "log-keys",
        mail_url=f"folder://{folder / 'mail'}",
        # Everybody in the tests comes from one address; tests/enrolment/test_bursts.py and
        # test_guessing.py have applications of their own.
        **{"burst_most": 0, "guess_most": 0, "second_factor": (), **others},
    )


@pytest.fixture(scope="session")
async def settings(server: private_server.PrivateServer, work_folder: Path) -> Settings:
    """The migrated template, cloned into the database that this process's tests use."""
    mine = f"programmes_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with _one_at_a_time(_run_folder()) as users:
        made = users.with_name("template-made")
        if not made.exists():
            await private_server.ensure_database(server, TEMPLATE)
            provider = SingleSignOn("https://id.example", "stod", "", "konto", "groups", GROUPS)
            await migrate(settings_for(server, TEMPLATE, work_folder, single_sign_on=provider), START)
            made.touch()
        await clone(server, mine)
    return settings_for(server, mine, work_folder)


async def clone(server: private_server.PrivateServer, name: str) -> None:
    """A fresh database from the template."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.execute(f'create database "{name}" template {TEMPLATE}')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def queries_log() -> QueryLog:
    return QueryLog([])


@pytest.fixture(scope="session")
async def pool(settings: Settings, queries_log: QueryLog) -> AsyncIterator[None]:
    """The pool of the web role, which every test in the run shares."""
    await open_pool(settings.web_database_url, 20, queries_log)
    async with a_pool(settings.database_url, 4) as owners_pool:
        owners[await owners_pool.fetchval("select current_database()")] = owners_pool
        yield
        owners.clear()
    await close_pool()


@pytest.fixture(scope="session")
async def owner(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the database's owner, for looking behind the scenes."""
    connection = await asyncpg.connect(settings.database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def run_clock() -> FrozenClock:
    """The clock that the application of this run was built with; tests take it as `clock`."""
    return FrozenClock(START)


@pytest.fixture
def clock(run_clock: FrozenClock) -> FrozenClock:
    """Set to the start again for every test."""
    run_clock.set(START)
    return run_clock


@pytest.fixture(scope="session")
def app(settings: Settings, run_clock: FrozenClock) -> Litestar:
    """The web application, built once: what it remembers between requests lies in the database."""
    return create_app(settings, run_clock, own_pool=False)


async def _own_tables(owner: asyncpg.Connection) -> list[str]:
    rows = await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
    return [row["tablename"] for row in rows if row["tablename"] not in _KEPT]


async def empty(owner: asyncpg.Connection, then: str = "") -> None:
    """Leave nothing but what was loaded with the template; and run statements before constraints count again."""
    # Without triggers the order does not matter; on small tables this is ten times faster than truncate.
    deletes = "; ".join(f"delete from {name}" for name in await _own_tables(owner))
    for _ in range(20):
        # Where processes of the test's own are at work, one of them may be writing just then, each second anew.
        with contextlib.suppress(asyncpg.DeadlockDetectedError):
            await owner.execute(
                f"set session_replication_role = replica; {deletes}; {then}; set session_replication_role = default"
            )
            return
    raise RuntimeError("the database cannot be emptied")


class Snapshot:
    """What the database holds, with the keys of its people, to be put back many times faster than it was made."""

    def __init__(self, owner: asyncpg.Connection, keys: Path) -> None:
        self._owner, self._keys = owner, keys
        self._back = ""
        self._kept: dict[Path, bytes] = {}

    async def take(self) -> None:
        """Remember the rows and the keys as they are now."""
        await self._owner.execute("drop schema if exists snapshot cascade; create schema snapshot")
        filled = [
            name for name in await _own_tables(self._owner) if await self._owner.fetchval(f"select exists(table {name})")
        ]
        await self._owner.execute("; ".join(f"create table snapshot.{name} as table {name}" for name in filled))
        self._back = "; ".join(f"insert into {name} table snapshot.{name}" for name in filled)
        ids = await self._owner.fetch("select key_id from enrolment union select id from participant")
        paths = [path for row in ids for path in self._keys.glob(f"*/{str(row[0])[:2]}/{row[0]}.key")]
        self._kept = {path: path.read_bytes() for path in paths}

    async def put_back(self) -> None:
        """Everything as it was when it was taken."""
        await empty(self._owner, self._back)
        for path, key in self._kept.items():
            path.write_bytes(key)

    async def forget(self) -> None:
        await self._owner.execute("drop schema if exists snapshot cascade")


@pytest.fixture
async def db(pool: None, owner: asyncpg.Connection, settings: Settings, queries_log: QueryLog) -> None:
    """An empty database (with the guideline's edition), and no chain that knows of another; what a test writes commits."""
    await empty(owner)
    shutil.rmtree(settings.log_key_folder, ignore_errors=True)
    # Nor a key folder that knows of another, or of anybody whose row is gone: each tick of a worker looks through it.
    for name in ("database.json", "unconfirmed", "confirmed", "signed-out", "receipts.jsonl"):
        (settings.key_folder / name).unlink(missing_ok=True)
    for name in ("person", "entry", "ballots"):
        shutil.rmtree(settings.key_folder / name, ignore_errors=True)
    queries_log.clear()


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    return KeyFolder(settings.key_folder)


@pytest.fixture(scope="session")
async def workers_lines(settings: Settings) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Pool]]:
    """What the worker is connected by, as its own role: a connection and a pool, for the run."""
    connection = await asyncpg.connect(settings.worker_database_url)
    async with a_pool(settings.worker_database_url, WORKERS) as pool:
        yield connection, pool
    await connection.close()


@pytest.fixture(scope="session", autouse=True)
def queue_looked_over_once() -> None:
    """The queue's tables are those of the template for every worker that a test drains; `programmes worker` looks itself."""

    async def as_in_the_template(_: QueueManager) -> None:
        pass

    QueueManager.verify_structure = as_in_the_template  # type: ignore[method-assign]


@pytest.fixture
async def the_worker(
    settings: Settings,
    clock: FrozenClock,
    db: None,
    workers_lines: tuple[asyncpg.Connection, asyncpg.Pool],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[worker.Worker]:
    """The worker, with its own role. `worker.drain`, `worker.tick` and `worker.start_up` do their work over the worker's own
    pool."""
    connection, pool = workers_lines
    webs = engine().pool

    def as_worker(work: Callable[[worker.Worker], Awaitable[None]]) -> Callable[[worker.Worker], Awaitable[None]]:
        async def do(who: worker.Worker) -> None:
            before = engine().pool
            # A test that has put another database there means that one.
            engine().pool = pool if before is webs else before
            try:
                await work(who)
            finally:
                engine().pool = before

        return do

    for name in ("drain", "start_up", "tick"):
        monkeypatch.setattr(worker, name, as_worker(getattr(worker, name)))
    yield worker.Worker(settings, clock, KeyFolder(settings.key_folder), connection)
    # It listens no more for the queues of this test, and holds no lock of it.
    await connection.reset()


@pytest.fixture
async def client(app: Litestar, settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen: keeps cookies, does not follow redirects."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        yield browser
