"""Nothing is put back into a database that somebody of this installation is at work in."""

import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from programmes.backup import BackupError, postgres, restoring
from programmes.settings import Settings


@pytest.fixture
async def plain_owner(empty_database: Settings) -> AsyncIterator[str]:
    """An owner who is no superuser, and may not read what others do: the database's address by that account."""
    role = f"plain_{os.getpid()}"
    connection = await asyncpg.connect(empty_database.database_url)
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"create role {role} login createrole createdb password 'x'")
    await connection.execute(f'alter database "{name}" owner to {role}')
    parts = urlsplit(empty_database.database_url)
    yield urlunsplit(parts._replace(netloc=f"{role}:x@{parts.netloc.rpartition('@')[2]}"))
    await connection.execute(f'alter database "{name}" owner to current_user')
    await connection.execute(f"drop role {role}")
    await connection.close()


@pytest.mark.parametrize("part", ["web", "worker"])
async def test_web_and_worker_are_seen_by_an_owner_who_may_see_nothing_of_them(
    empty_database: Settings, plain_owner: str, part: str
) -> None:
    connection = await asyncpg.connect(plain_owner)
    try:
        before = await postgres.others_in(connection)
        theirs = await asyncpg.connect(getattr(empty_database, f"{part}_database_url"))
        try:
            assert await postgres.others_in(connection) == before + 1
            with pytest.raises(BackupError, match="Stop web and worker first"):
                await restoring._must_be_empty(connection)
        finally:
            await theirs.close()
    finally:
        await connection.close()
