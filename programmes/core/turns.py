"""What only one worker does at a time, for as long as it takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from programmes.core.db import engine


@asynccontextmanager
async def alone(what: str) -> AsyncIterator[bool]:
    """Whether nobody else is at this just now; if so nobody begins with it inside, however many transactions are opened
    there: a connection of the pool holds the lock meanwhile. Who is not let in leaves it to the other, and looks again.

    What is to be done must be read inside: the other may have done it a moment ago.
    """
    pool = engine().pool
    if pool is None:
        raise RuntimeError("this needs a pool")
    async with pool.acquire() as connection, connection.transaction():
        # What is done inside may take longer than a transaction of ours may stand still.
        await connection.execute("set local idle_in_transaction_session_timeout = 0")
        yield bool(await connection.fetchval("select pg_try_advisory_xact_lock(hashtext($1))", what))
