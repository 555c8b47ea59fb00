"""One rotation of keys at a time: whoever rotates holds a lock of the database for as long as that runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from programmes.core import lock_numbers
from programmes.core.connecting import connect
from programmes.core.db import fetchval


class Rotating(Exception):
    """Another rotation is running."""


@asynccontextmanager
async def rotating(database_url: str) -> AsyncIterator[None]:
    """Rotate inside. The lock ends with the block, and with the process. Raises Rotating while another one holds it."""
    connection = await connect(database_url)
    try:
        async with connection.transaction():
            if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", lock_numbers.ROTATING):
                raise Rotating
            yield
    finally:
        await connection.close()


async def is_rotating() -> bool:
    """Whether a rotation is running now."""
    sql = """select exists (select from pg_locks where locktype = 'advisory' and classid = 0 and objid = $1 and granted
             and database = (select oid from pg_database where datname = current_database()))"""
    return bool(await fetchval(sql, lock_numbers.ROTATING))
