"""Putting a backup back and erasing never happen at once: who restores stands in the way of whoever erases.

A database that has been put back holds what had been erased since. A second mark in the key folder says so, from the
beginning of a restore until the worker has erased that again. Until then nothing that falls due is done, and no job.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from programmes.core import lock_numbers
from programmes.core.connecting import connect
from programmes.core.db import engine, fetchval, transaction, transaction_connection
from programmes.core.restore_marks import put_back_into
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.core.which_database import which


class Restoring(Exception):
    """A backup is being put back, or that was begun and not ended: nothing may be erased yet."""


@asynccontextmanager
async def restoring(database_url: str, keys: KeyFolder) -> AsyncIterator[None]:
    """Restore inside. It begins when no erasing transaction is open, and none is begun until the block has ended.

    The lock ends with the process; the mark in the key folder, which no restored database overwrites, ends only with the
    block that is left without an exception. After a restore that broke off, erasing waits until one has succeeded.

    From its beginning who runs on another database takes nothing any more (`which_database.OwnDatabase`), since that would
    be lost. If it fails, they go on.
    """
    connection = await connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", lock_numbers.RESTORING)
            into = await which(connection.fetchval)
            keys.mark_restoring()
            with _noted(keys, into):
                yield
            keys.unmark_restoring()
    finally:
        await connection.close()


@contextlib.contextmanager
def _noted(keys: KeyFolder, into: str) -> Iterator[None]:
    """Into which database it goes; what was known before where that fails. A process that is killed leaves its number, and
    `keys confirm --instead` on the database that one goes on with takes it away."""
    before = put_back_into(keys.folder)
    keys.note_put_back(into)
    try:
        yield
    except BaseException:
        with contextlib.suppress(KeysAway, OSError):
            keys.note_put_back(before)
        raise


@asynccontextmanager
async def held_off(keys: KeyFolder) -> AsyncIterator[bool]:
    """Whether no restore runs, nor has broken off. If so none begins inside, however many transactions are opened there: a
    connection of the pool holds the lock meanwhile."""
    pool = engine().pool
    if pool is None:
        raise RuntimeError("this needs a pool")
    async with pool.acquire() as connection, connection.transaction():
        # What is done inside may take longer than a transaction of ours may stand still.
        await connection.execute("set local idle_in_transaction_session_timeout = 0")
        free = await connection.fetchval("select pg_try_advisory_xact_lock_shared($1)", lock_numbers.RESTORING)
        yield bool(free) and not keys.is_restoring()


class Together:
    """`held_off` for what runs side by side, as jobs do: the first that comes takes the lock and the last that goes gives it
    back. However many there are, they hold one connection of the pool: with one each, all of them could wait for another."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._lock = AsyncExitStack()
        self._inside = 0

    @asynccontextmanager
    async def held_off(self, keys: KeyFolder) -> AsyncIterator[bool]:
        """The same as the function; only while it says so is the lock held."""
        async with self._door:
            free = bool(self._inside) or await self._lock.enter_async_context(held_off(keys))
            if free:
                self._inside += 1
            else:
                await self._lock.aclose()
        try:
            yield free
        finally:
            if free:
                async with self._door:
                    self._inside -= 1
                    if not self._inside:
                        await self._lock.aclose()


async def no_restore_runs() -> bool:
    """Whether nobody puts a backup back just now, whatever the marks say."""
    async with transaction():
        return bool(await fetchval("select pg_try_advisory_xact_lock_shared($1)", lock_numbers.RESTORING))


async def beside_no_restore(keys: KeyFolder) -> None:
    """In the open transaction, before anything is erased in it: no restore runs, and none begins until it has ended.

    Raises:
        Restoring: one does, or one has broken off.
        RuntimeError: no transaction is open.
    """
    transaction_connection()
    if not await fetchval("select pg_try_advisory_xact_lock_shared($1)", lock_numbers.RESTORING) or keys.is_restoring():
        raise Restoring
