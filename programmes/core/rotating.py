"""One rotation of keys at a time, and none while a backup is made or put back: whoever does either holds a lock of the key
folder, and of the database, for as long as that runs."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from programmes.core import lock_numbers
from programmes.core.connecting import connect
from programmes.core.db import fetchval
from programmes.core.key_files import away_when_refused

_LOCK = ".rotating"


class Rotating(Exception):
    """Another rotation is running, or a backup is being made or put back."""


@contextlib.contextmanager
def alone_with(key_folder: Path) -> Iterator[None]:
    """Nobody else rotates these keys inside, whichever database their rows are in: one that is put back is another than the
    one that was rotated. Where there is no folder, nobody can. The lock ends with the block, and with the process.

    Raises:
        Rotating: somebody does.
        KeysAway: the folder can't be used.
    """
    if not key_folder.is_dir():
        yield
        return
    with away_when_refused():
        handle = os.open(key_folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Rotating from None
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def rotating(database_url: str, key_folder: Path) -> AsyncIterator[None]:
    """Rotate inside. The lock ends with the block, and with the process. Raises Rotating while another one holds it."""
    with alone_with(key_folder):
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
