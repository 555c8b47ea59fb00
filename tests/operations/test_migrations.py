"""The tables in the code are the tables in the database, and migrating again changes nothing."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT

import asyncpg
from piccolo.apps.migrations.commands.new import AutoMigrationManager

from programmes.demo.processes import environment
from programmes.piccolo_app import APP_CONFIG
from programmes.private_server import PrivateServer, ensure_database
from programmes.settings import Settings
from tests.conftest import settings_for

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
