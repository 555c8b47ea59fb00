"""The tables in the code are the tables in the database, and migrating again changes nothing."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT

import asyncpg
import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager

from programmes import migrate
from programmes.core.audit import note
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.piccolo_app import APP_CONFIG
from programmes.private_server import PrivateServer, ensure_database
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.conftest import settings_for
from tests.factories import a_cohort, somebody

_SCHEMA = """
select table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable
from information_schema.columns where table_schema = 'public' order by 1
"""


async def test_the_migrations_lead_to_the_tables_in_the_code() -> None:
    found = await AutoMigrationManager(auto_input="y").get_alter_statements(APP_CONFIG)
    assert [statement for part in found for statement in part.statements] == []


async def test_the_database_has_exactly_the_columns_of_the_code(settings: Settings, owner: asyncpg.Connection) -> None:
    expected = {
        (table._meta.tablename, column._meta.db_column_name, column._meta.null)
        for table in APP_CONFIG.table_classes
        for column in table._meta.columns
    }
    rows = await owner.fetch(
        """select table_name, column_name, is_nullable = 'YES' as nullable from information_schema.columns
           where table_schema = 'public' and table_name <> 'migration' and table_name not like 'pgqueuer%'"""
    )
    assert {(row["table_name"], row["column_name"], row["nullable"]) for row in rows} == expected


async def run_migrate(settings: Settings) -> str:
    """`programmes migrate`, as an administrator runs it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "programmes.cli", "migrate", env=environment(settings, "migrate"), stdout=PIPE, stderr=STDOUT
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    return told.decode()


async def test_migrating_again_changes_nothing(server: PrivateServer, settings: Settings) -> None:
    await ensure_database(server, "migrated_twice")
    again = settings_for(server, "migrated_twice", settings.key_folder.parent)
    connection = await asyncpg.connect(again.database_url)
    try:
        await run_migrate(again)
        first = [row[0] for row in await connection.fetch(_SCHEMA)]
        editions = await connection.fetchval("select count(*) from edition")
        assert "at this release" in await run_migrate(again)
        assert [row[0] for row in await connection.fetch(_SCHEMA)] == first
        assert await connection.fetchval("select count(*) from edition") == editions
    finally:
        await connection.close()


async def test_migrating_while_web_runs_opens_the_ballot_box_at_no_moment(
    settings: Settings, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_web: list[str] = []
    statements = 0
    execute = asyncpg.Connection.execute

    async def looked_at(self: asyncpg.Connection, query: str, *args: object, **more: object) -> str:
        nonlocal statements
        answer: str = await execute(self, query, *args, **more)
        statements += 1
        for table in ("slip", "printed_slip", "sealed_answer", "held_text", "review_text"):
            if await owner.fetchval("select has_table_privilege('programmes_web', $1, 'select')", table):
                open_to_web.append(f"{table} after {query}")
        return answer

    connection = await asyncpg.connect(settings.database_url)
    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "execute", looked_at)
        await migrate._grant(connection, settings)
    await connection.close()
    assert statements > 10
    assert open_to_web == []
    assert await owner.fetchval("select has_table_privilege('programmes_web', 'enrolment', 'insert')")


async def test_web_takes_nothing_from_the_audit_trail_but_what_was_noted_about_a_working_list(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for section, left in (("2.7", 2), ("2.15", 0)):
        await owner.execute("delete from audit_entry")
        cohort = await a_cohort(section, clock.now())
        taken = await somebody(cohort, keys, clock.now())
        async with transaction():
            await note("code:reissue", f"enrolment/{taken.enrolment_id}", None, clock.now())
            await note("cohort:start", f"cohort/{cohort.cohort_id}", None, clock.now())
            await note("enrolment:apply", f"cohort/{cohort.cohort_id}0", None, clock.now())
            await execute("select forget_trail($1)", cohort.cohort_id)
            await execute("delete from enrolment where cohort_id = $1", cohort.cohort_id)
        assert await owner.fetchval("select count(*) from audit_entry") == left + 2, section
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction():
            await execute("delete from audit_entry")
