"""Running what is pending: each migration in one transaction with the line that says that it has run."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
from piccolo.apps.migrations.tables import Migration as Ran

from programmes.core import lock_numbers, schema
from programmes.core.connecting import connect
from programmes.core.db import execute, fetchval, transaction
from programmes.upgrading.errors import UpgradeError
from programmes.upgrading.files import Migration, migrations
from programmes.upgrading.patience import LOCK_TIMEOUT, Say, patiently

_LOOK_AGAIN, _PATIENCE = 0.5, 600.0


def of_the_future(names: Sequence[str]) -> str:
    """Why a program keeps its hands off a database, in words."""
    return (
        f"the database is of a newer release than this program: it has run {names[-1]}, which is not known here. "
        "Nothing was done. Use the release that the database is of, or a newer one"
    )


@asynccontextmanager
async def alone(database_url: str, say: Say, patience: float = _PATIENCE) -> AsyncIterator[None]:
    """One `migrate` at a time; another one waits, and says so.

    Raises:
        UpgradeError: the other one has not ended within ten minutes.
    """
    # A transaction that does nothing but hold the lock; some servers end such ones.
    connection = await connect(database_url, server_settings={"idle_in_transaction_session_timeout": "0"})
    await connection.execute("begin")
    try:
        until, told = asyncio.get_running_loop().time() + patience, False
        while not await connection.fetchval("select pg_try_advisory_xact_lock($1)", lock_numbers.MIGRATING):
            if asyncio.get_running_loop().time() > until:
                raise UpgradeError("another migrate is running, and has not ended for ten minutes. Nothing was done here")
            if not told:
                say("Another migrate is running; this one goes on when that has ended.")
            told = True
            await asyncio.sleep(_LOOK_AGAIN)
        yield
    finally:
        await connection.close()


async def forwards(say: Say) -> int:
    """Run what is pending, oldest first; returns how many were run. What has been run stays, and is not run again.

    Raises:
        UpgradeError: the database is newer than this program, or a migration could not be done. Of that one nothing is done.
    """
    found = await schema.standing()
    if found.future:
        raise UpgradeError(of_the_future(found.future))
    if await fetchval("select to_regclass('migration') is null"):
        await Ran.create_table(if_not_exists=True)
    all_of_them = migrations()
    for number, name in enumerate(found.pending, start=1):
        migration = all_of_them[name]
        say(f"{number} of {len(found.pending)}: {name}, {migration.told}")
        await _one(migration, say)
    return len(found.pending)


async def _one(migration: Migration, say: Say) -> None:
    try:
        await patiently(f"{migration.name}", partial(_in_a_transaction, migration), say)
    except asyncpg.PostgresError as error:
        raise UpgradeError(
            f"{migration.name} ({migration.told}) could not be done: {_in_words(error)}. The database is as it was before "
            "it, with all that came before. When the reason is gone, run it again"
        ) from error


async def _in_a_transaction(migration: Migration) -> None:
    async with transaction():
        await execute("select set_config('lock_timeout', $1, true)", LOCK_TIMEOUT)
        # Should the other lock have gone with its connection: nobody else writes a line here meanwhile, and reading goes on.
        await execute("lock table migration in share row exclusive mode")
        if await fetchval("select true from migration where name = $1 and app_name = 'programmes'", migration.name):
            return
        manager = await migration.forwards()
        # Piccolo tells of its steps with pictures.
        with contextlib.redirect_stdout(io.StringIO()):
            await manager.run()
        await Ran.insert(Ran(name=migration.name, app_name="programmes"))


def _in_words(error: asyncpg.PostgresError) -> str:
    """Its class and what of the schema it names; its own words may repeat what a row holds."""
    kinds = ("table_name", "column_name", "constraint_name")
    named = [f"{kind.split('_')[0]} {value}" for kind in kinds if (value := getattr(error, kind, None))]
    return ", ".join([f"{type(error).__name__} ({error.sqlstate})", *named])
