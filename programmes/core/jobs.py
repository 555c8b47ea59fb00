"""Work that commits with the write that asks for it, on pgqueuer. Payloads carry ids only."""

import json
from collections.abc import Mapping
from datetime import timedelta

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from programmes.core.db import execute, fetchval, transaction, transaction_connection
from programmes.core.sealing import KeysAway

Payload = Mapping[str, str | int]
_LONGEST_PAUSE = timedelta(minutes=5)


async def put(event: str, payload: Payload, dedupe: str | None = None) -> None:
    """Enqueue a named event in the open transaction: it exists exactly if the transaction commits.

    Two events with the same `dedupe` that wait at the same time become one.

    Raises:
        RuntimeError: no transaction is open.
    """
    queue = Queries(AsyncpgDriver(transaction_connection()))
    body = json.dumps(dict(payload), sort_keys=True).encode()
    await queue.enqueue([event], [body], [0], dedupe_key=[dedupe], on_conflict="skip")


def read_payload(body: bytes | None) -> dict[str, str | int]:
    """What `put` was given."""
    found: dict[str, str | int] = json.loads(body or b"{}")
    return found


def passes(error: Exception) -> bool:
    """Whether the same job may well succeed a moment later: the database is away, restarts, is full or took another side, or
    the keys are away.

    What a row refers to may have been erased meanwhile; read again, there is nobody to be told.
    """
    if isinstance(error, asyncpg.ForeignKeyViolationError | KeysAway):
        return True
    if isinstance(error, asyncpg.IntegrityConstraintViolationError | asyncpg.DataError | ValueError):
        return False
    return isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | OSError)


def pause_after(attempts: int) -> timedelta:
    """How long a job waits before it is tried again: a second at first, five minutes in the end."""
    return min(timedelta(seconds=2 ** min(attempts, 10)), _LONGEST_PAUSE)


async def any_to_do() -> bool:
    """Whether a job waits, for its time too, or is in somebody's hands."""
    return bool(await fetchval("select exists(select from pgqueuer where status in ('queued', 'picked'))"))


async def try_held_again() -> int:
    """Put held jobs back into the queue, after a minute at first, six hours in the end; returns how many.

    Nothing that was acknowledged is forgotten because its job failed (promise 7), and doing a job twice changes nothing.
    The pause is the queue's own affair, on the database's clock as all of pgqueuer.
    """
    async with transaction():
        return await execute(
            """update pgqueuer set status = 'queued', attempts = attempts + 1, dedupe_key = null, queue_manager_id = null,
                      execute_after = now(), updated = now()
               where status = 'failed'
                 and updated <= now() - least(interval '1 minute' * 2 ^ least(attempts, 9), interval '6 hours')
               returning 1"""
        )
