"""The database connection of this process, its transactions, and raw statements for reads."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache, partial
from types import TracebackType
from typing import Any, cast

import asyncpg
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from programmes.core.connecting import connect

# How long a server has to answer when something is given up. One that doesn't would keep connections of the pool from others
# for as long as a statement may take, once more.
PARTING_SECONDS = 3.0
AfterCommit = Callable[[], Awaitable[None]]
_after_commit: ContextVar[list[AfterCommit] | None] = ContextVar("after_commit", default=None)


class Transaction(PostgresTransaction):
    """Piccolo's transaction, which always gives its connection back, also when COMMIT itself fails."""

    async def __aexit__(
        self, exception_type: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._parent:
            return False
        try:
            if exception is None:
                await self.commit()  # type: ignore[no-untyped-call]
            elif not self.connection.is_closed():
                await self._undo()
        finally:
            self.engine.current_transaction.reset(self.context)
            if self.engine.pool:
                await give_back(self.engine.pool, self.connection)
            else:
                await self.connection.close()
        return False

    async def _undo(self) -> None:
        """Roll back. What a server that does not answer is not told it finds out when the connection ends."""
        try:
            async with asyncio.timeout(PARTING_SECONDS):
                await self.rollback()  # type: ignore[no-untyped-call]
        except TimeoutError:
            self.connection.terminate()


class Engine(PostgresEngine):
    """Piccolo's engine with the transaction above."""

    def transaction(self, allow_nested: bool = True) -> Transaction:
        return Transaction(engine=self, allow_nested=allow_nested)

    async def get_version(self) -> float:
        """The server's version is checked by `programmes doctor`; asking for it at import would need a server then."""
        return 18.0


@cache
def engine() -> Engine:
    """The engine of this process. Piccolo would look for its settings anew for every statement."""
    found = engine_finder()
    if not isinstance(found, Engine):
        raise RuntimeError("piccolo_conf.py does not name our engine")
    return found


async def nothing_to_reset(_: asyncpg.Connection) -> None:
    """Instead of a statement after each of ours: locks and settings are the transaction's here, never the session's.

    asyncpg still rolls back what is open.
    """


# What holds up a web process holds up people: the database gives it up before the request is given up
# (`web/limits.py`). In milliseconds.
WEB = {"statement_timeout": "20000", "lock_timeout": "15000", "idle_in_transaction_session_timeout": "30000"}
# The worker may take longer, and never hold locks for ever.
WORKER = {"lock_timeout": "60000", "idle_in_transaction_session_timeout": "300000"}


async def _renew() -> None:
    """Another host of the database takes writes now: every connection of the pool is made anew before it is used again."""
    if pool := engine().pool:
        await pool.expire_connections()


async def open_pool(
    dsn: str,
    size: int,
    on_query: Callable[[Any], None] | None = None,
    limits: Mapping[str, str] | None = None,
    patience: float | None = 30,
) -> None:
    """Point this process at a database and open its pool. `on_query` hears of every statement (tests count them).

    `limits` are settings of its connections, `WEB` or `WORKER`; without them only the client's patience ends a wait. That is
    in seconds for each statement; None where one may take as long as it takes, as with the index of a large table.
    """
    db = engine()
    db.config = {"dsn": dsn}

    async def prepare(connection: asyncpg.Connection) -> None:
        if on_query:
            connection.add_query_logger(on_query)

    await db.start_connection_pool(
        min_size=min(2, size),
        max_size=size,
        init=prepare,
        connect=partial(connect, on_change=_renew),
        reset=nothing_to_reset,
        command_timeout=patience,
        server_settings={"timezone": "UTC", "application_name": "programmes", **(limits or {})},
    )


def pool_facts() -> dict[str, tuple[str, int]]:
    """How the pool of this process stands, by name, each with what it means; empty while there is none."""
    pool = engine().pool
    if pool is None:
        return {}
    return {
        "pool_connections": ("Connections that are open.", pool.get_size()),
        "pool_idle": ("Connections that are open and not in use.", pool.get_idle_size()),
        "pool_most": ("As many as may be open.", pool.get_max_size()),
    }


async def give_back(pool: asyncpg.Pool, connection: asyncpg.Connection) -> None:
    """To the pool. One whose statement was given up, and whose server does not say that it knows, is ended instead."""
    with contextlib.suppress(TimeoutError):
        await pool.release(connection, timeout=PARTING_SECONDS)


async def close_pool() -> None:
    """Close the pool of this process, if it has one; with a server that does not answer, without its word."""
    db = engine()
    if pool := db.pool:
        try:
            async with asyncio.timeout(2 * PARTING_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()
        db.pool = None


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One transaction; nested in another, a savepoint, so that an inner failure that is caught undoes the inner part."""
    db = engine()
    current = db.current_transaction.get()
    if current is not None:
        async with _savepoint(current):
            yield
        return
    callbacks: list[AfterCommit] = []
    token = _after_commit.set(callbacks)
    try:
        async with db.transaction():
            yield
    finally:
        _after_commit.reset(token)
    for callback in callbacks:
        await callback()


@asynccontextmanager
async def _savepoint(current: PostgresTransaction) -> AsyncIterator[None]:
    """What fails inside is undone, and with it the wish to do something once all has committed."""
    savepoint = await current.savepoint()
    callbacks = _after_commit.get()
    known = len(callbacks or ())
    try:
        yield
    except BaseException:
        if callbacks is not None:
            del callbacks[known:]
        await savepoint.rollback_to()
        raise
    await savepoint.release()


def after_commit(callback: AfterCommit) -> None:
    """Run `callback` once the outermost transaction has committed; never if it rolls back.

    Raises:
        RuntimeError: no transaction is open.
    """
    callbacks = _after_commit.get()
    if callbacks is None:
        raise RuntimeError("after_commit needs an open transaction")
    callbacks.append(callback)


def transaction_connection() -> asyncpg.Connection:
    """The connection of the open transaction, for what must commit with it (jobs).

    Raises:
        RuntimeError: no transaction is open.
    """
    current = engine().current_transaction.get()
    if current is None:
        raise RuntimeError("this needs an open transaction")
    return cast(asyncpg.Connection, current.connection)


async def fetch(sql: str, *args: object) -> Sequence[asyncpg.Record]:
    """All rows of a statement with $1, $2 … placeholders, inside the open transaction if there is one."""
    db = engine()
    current = db.current_transaction.get()
    if current is not None:
        return cast(Sequence[asyncpg.Record], await current.connection.fetch(sql, *args))
    if db.pool is None:
        return cast(Sequence[asyncpg.Record], await db._run_in_new_connection(sql, args))
    connection = await db.pool.acquire()
    try:
        return cast(Sequence[asyncpg.Record], await connection.fetch(sql, *args))
    finally:
        await give_back(db.pool, connection)


async def fetchrow(sql: str, *args: object) -> asyncpg.Record | None:
    """The first row, or None."""
    rows = await fetch(sql, *args)
    return rows[0] if rows else None


async def fetchval(sql: str, *args: object) -> Any:
    """The first column of the first row, or None."""
    row = await fetchrow(sql, *args)
    return row[0] if row is not None else None


async def execute(sql: str, *args: object) -> int:
    """Run a statement that changes rows, in the open transaction; returns how many rows it returned.

    Add `returning 1` to learn how many rows a change reached.

    Raises:
        RuntimeError: no transaction is open; writes belong in one.
    """
    return len(await transaction_connection().fetch(sql, *args))
