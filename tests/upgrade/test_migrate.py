"""`programmes migrate`: said before it is done, wholly or not at all, one at a time, and never in anybody's way for long."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncpg
import httpx
import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from programmes.cli import _may_start, main
from programmes.core import lock_numbers, schema
from programmes.core.db import engine, fetch
from programmes.demo.processes import environment
from programmes.settings import Settings
from programmes.upgrading import files, forwards, looking, patience
from programmes.upgrading.files import Migration
from programmes.upgrading.plan import PENDING, Plan, Step, in_words
from programmes.upgrading.statements import Lock, lock

FUTURE = "2099-01-01T00:00:00:000001"
_SCHEMA = "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' order by 1"
Typed = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def typed(own: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`programmes migrate` as it is typed, with a pool of its own."""

    async def run(*arguments: str, given: Settings = own) -> tuple[int, str]:
        db = engine()
        before, config, db.pool = db.pool, db.config, None
        with monkeypatch.context() as patch:
            for name, told in environment(given, "migrate").items():
                if name.startswith(("PROGRAMMES_", "DATABASE_URL")):
                    patch.setenv(name, told)
            capsys.readouterr()
            try:
                code = await asyncio.to_thread(main, ["migrate", *arguments])
            finally:
                db.pool, db.config = before, config
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def coming(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let this release have one more migration, of these statements."""

    def add(*statements: str, name: str = FUTURE) -> None:
        async def made() -> MigrationManager:
            manager = MigrationManager(migration_id=name, app_name="programmes", description="one more")

            async def run() -> None:
                for statement in statements:
                    await fetch(statement)

            manager.add_raw(run)
            return manager

        found = files.migrations() | {name: Migration(name, "one more", made)}
        monkeypatch.setattr(schema, "known", lambda: tuple(sorted(found)))
        for module in (forwards, looking):
            monkeypatch.setattr(module, "migrations", lambda: found)

    return add


def test_files_are_called_as_their_migrations_and_each_says_what_it_is_for() -> None:
    found = files.migrations()
    assert tuple(found) == schema.known()
    assert [name for name, each in found.items() if not each.told] == []


async def test_what_would_be_done_is_said_and_nothing_is_written(
    own: Settings, looked: asyncpg.Connection, typed: Typed, coming: Callable[..., None]
) -> None:
    # Where rights were given before this was noted, they would be given anew.
    code, said = await typed()
    assert (code, "The database is at this release." in said) == (0, True)
    code, said = await typed("--check")
    assert (code, "Nothing is to be done." in said, "Nothing was written." in said) == (0, True, True), said
    coming("alter table cohort add column brand_new integer", "create index brand_new_index on cohort (brand_new)")
    await looked.execute("comment on table migration is 'rights of another release'")
    code, said = await typed("--check", "--statements")
    assert code == PENDING
    for told in (
        "1 migration would be run",
        f"{FUTURE}  one more",
        "cohort, about ",
        "reads and writes wait until it has ended",
        "alter table cohort add column brand_new integer",
        "the rights of web and worker would be given as this release has them",
        "The newest backup: not known here.",
    ):
        assert told in said, told
    assert not await looked.fetchval("select true from pg_attribute where attname = 'brand_new'")
    assert not await looked.fetchval("select true from migration where name = $1", FUTURE)
    # A database with nothing in it yet.
    await looked.execute("drop schema public cascade; create schema public")
    code, said = await typed("--check")
    assert (code, f"{len(schema.known())} migrations would be run" in said) == (PENDING, True)
    assert "the guideline's edition would be stored" in said
    assert "the job queue's tables would be made" in said
    assert await looked.fetch(_SCHEMA) == []


async def test_a_migration_that_fails_halfway_leaves_all_as_it_was_and_is_run_again(
    looked: asyncpg.Connection, typed: Typed, coming: Callable[..., None]
) -> None:
    before = await looked.fetch(_SCHEMA)
    coming("create table half_there (id int)", "alter table cohort add column half int", "select 1 / 0")
    code, said = await typed()
    assert code == 1
    assert f"{FUTURE} (one more) could not be done: DivisionByZeroError" in said
    assert "The database is as it was before it" in said
    assert await looked.fetch(_SCHEMA) == before
    coming("create table half_there (id int)", "alter table cohort add column half int")
    assert (await typed())[0] == 0
    assert {row[0] for row in await looked.fetch(_SCHEMA)} - {row[0] for row in before} == {"cohort.half", "half_there.id"}
    assert await looked.fetchval("select count(*) from migration where name = $1", FUTURE) == 1
    # And has been run once and for all.
    assert "one more" not in (await typed())[1]


_SLOW = """
import asyncio, sys
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from programmes import cli
from programmes.core import schema
from programmes.core.db import fetch
from programmes.upgrading import files, forwards
async def made():
    manager = MigrationManager(migration_id="{name}", app_name="programmes", description="one more")
    async def run():
        await fetch("create table half_there (id int)")
        print("halfway", flush=True)
        await fetch("select pg_sleep(60)")
    manager.add_raw(run)
    return manager
found = files.migrations() | {{"{name}": files.Migration("{name}", "one more", made)}}
schema.known = lambda: tuple(sorted(found))
forwards.migrations = lambda: found
sys.stdout.flush()
import contextlib, io
contextlib.redirect_stdout = lambda _: contextlib.nullcontext()
sys.exit(cli.main(["migrate"]))
"""


async def test_a_killed_migrate_leaves_all_as_it_was_and_the_next_completes_it(
    own: Settings, looked: asyncpg.Connection, typed: Typed, coming: Callable[..., None]
) -> None:
    before = await looked.fetch(_SCHEMA)
    command = (sys.executable, "-c", _SLOW.format(name=FUTURE))
    process = await asyncio.create_subprocess_exec(*command, env=environment(own, "migrate"), stdout=PIPE)
    assert process.stdout
    async with asyncio.timeout(60):
        while b"halfway" not in (line := await process.stdout.readline()):
            assert line, "migrate ended before it was halfway"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    # The server notices when the statement ends; nobody has to wait for that.
    await looked.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)' and "
        "pid <> pg_backend_pid()"
    )
    coming("create table half_there (id int)")
    code, said = await typed()
    assert (code, "one more" in said) == (0, True), said
    assert {row[0] for row in await looked.fetch(_SCHEMA)} - {row[0] for row in before} == {"half_there.id"}


async def test_of_two_at_once_one_waits_and_says_so(own: Settings, looked: asyncpg.Connection, typed: Typed) -> None:
    other = await asyncpg.connect(own.database_url)
    await other.execute("begin")
    await other.fetchval("select pg_advisory_xact_lock($1)", lock_numbers.MIGRATING)
    assert "Another migrate is running now." in (await typed("--check"))[1]
    waiting = asyncio.create_task(typed())
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await other.close()
    code, said = await waiting
    assert (code, "Another migrate is running; this one goes on when that has ended." in said) == (0, True), said


async def test_tables_in_use_are_waited_for_in_short_steps_and_who_uses_them_is_named(
    own: Settings, looked: asyncpg.Connection, typed: Typed, coming: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwards, "LOCK_TIMEOUT", "300")
    monkeypatch.setattr(patience, "PAUSES", (0.3,) * 3)
    web = await asyncpg.connect(own.web_database_url)
    await web.execute("begin; select count(*) from cohort")
    coming("create table before_it (id int)", "alter table cohort add column brand_new integer")
    migrating = asyncio.create_task(typed())
    longest = 0.0
    while not migrating.done():
        begun = asyncio.get_running_loop().time()
        # Another page meanwhile: it stands behind the migration for a moment, not for as long as the transaction lasts.
        await looked.fetchval("select count(*) from cohort")
        longest = max(longest, asyncio.get_running_loop().time() - begun)
        await asyncio.sleep(0.02)
    code, said = await migrating
    assert code == 1
    assert f"{FUTURE} waits for tables that are in use (process" in said
    assert "of programmes_web" in said
    assert "Nothing of it is done." in said
    assert 0.1 < longest < 10
    assert not await looked.fetchval("select to_regclass('before_it')")
    monkeypatch.setattr(patience, "PAUSES", (0.3,) * 40)
    migrating = asyncio.create_task(typed())
    await asyncio.sleep(2)
    await web.execute("commit")
    assert (await migrating)[0] == 0
    assert await looked.fetchval("select to_regclass('before_it') is not null")
    await web.close()


async def test_a_migration_from_the_future_is_refused_in_words_and_what_runs_goes_on(
    own: Settings, looked: asyncpg.Connection, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    await looked.execute("insert into migration (name, app_name, ran_on) values ($1, 'programmes', now())", FUTURE)
    for arguments in ((), ("--check",)):
        code, said = await typed(*arguments)
        assert (code, FUTURE in said, "newer release" in said) == (1, True, True), said
    for url in (own.web_database_url, own.worker_database_url):
        capsys.readouterr()
        assert await asyncio.to_thread(_may_start, url, own.key_folder)
        assert f"the database is of a newer release than this program ({FUTURE})" in capsys.readouterr().err
    # What lacks a migration starts nothing.
    await looked.execute("delete from migration where name in ($1, $2)", schema.known()[-1], FUTURE)
    capsys.readouterr()
    assert not await asyncio.to_thread(_may_start, own.web_database_url, own.key_folder)
    assert "1 migrations have not been run" in capsys.readouterr().err
    for part in ("serve", "worker"):
        command = (sys.executable, "-m", "programmes.cli", part)
        process = await asyncio.create_subprocess_exec(*command, env=environment(own, part), stderr=PIPE, stdout=PIPE)
        _, said = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, b"the database is older than this program" in said) == (1, True), part


@pytest.mark.parametrize(
    ("missing", "more", "answer"), [(0, 1, (200, "newer")), (1, 0, (503, "older")), (1, 1, (503, "other"))]
)
async def test_ready_says_how_the_tables_stand_to_this_release(
    missing: int, more: int, answer: tuple[int, str], client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the program knows, as the database is shared."""
    real = schema.known()
    known = real[: len(real) - more] + ((FUTURE,) if missing else ())
    monkeypatch.setattr(schema, "known", lambda: known)
    found = await client.get("/health/ready")
    assert (found.status_code, found.json()["schema"]) == answer


def test_what_a_statement_makes_others_wait_for() -> None:
    for sql, found in {
        'ALTER TABLE "cohort" ADD COLUMN "x" INTEGER': Lock("cohort", "reads and writes"),
        "alter table only public.cohort drop column x": Lock("cohort", "reads and writes"),
        "create unique index a on seat (number)": Lock("seat", "writes"),
        "create index concurrently a on seat (number)": None,
        "create trigger t before update on ballot for each row execute function f()": Lock("ballot", "writes"),
        "drop trigger t on ballot": Lock("ballot", "reads and writes"),
        "-- why\nupdate enrolment set x = 1": Lock("enrolment", "writes of the same rows"),
        "create table brand_new (id int)": None,
        "create function f() returns trigger language plpgsql as $$ begin return new; end $$": None,
    }.items():
        assert lock(sql) == found, sql


def test_a_large_table_is_said_to_be_one_and_a_new_one_makes_nobody_wait() -> None:
    step = Step(
        "n", "t", ("create table fresh (id int)", "create index i on fresh (id)", "update enrolment set a = 1"), False
    )
    said = in_words(Plan("1", 3, (step,), (), (), False, {"enrolment": 250_000}, None), with_statements=False)
    assert "enrolment, about 250000 rows, a large table: choose a quiet hour: writes of the same rows wait" in said
    assert "fresh" not in said
    assert "It reads rows first" in said


async def test_who_is_not_the_owner_and_one_account_for_both_are_refused_before_anything_is_done(
    own: Settings, typed: Typed
) -> None:
    for wrong, told in (
        ({"database_url": own.worker_database_url}, "this needs the database's owner"),
        ({"web_database_url": own.worker_database_url}, "name one account"),
    ):
        for words in ((), ("--check",)):
            code, said = await typed(*words, given=replace(own, **wrong))
            assert (code, told in said) == (1, True), said
