"""One rotation of keys at a time, and none while a backup is made or put back: whoever does either holds a lock of the key
folder, and of the database, for as long as that runs."""

import contextlib
import errno
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
def alone_with(key_folder: Path, reads: bool = False) -> Iterator[None]:
    """Nobody else rotates these keys inside, whichever database their rows are in: one that is put back is another than the
    one that was rotated. Where there is no folder, nobody can. The lock ends with the block, and with the process.

    `reads`: whoever asks changes no key, and goes on where the folder cannot be written either. Without a file there to
    lock it goes on by the lock of the database alone: nobody has held that file yet, and here nobody can make it.

    Raises:
        Rotating: somebody does.
        KeysAway: the folder can't be used.
    """
    if not key_folder.is_dir():
        yield
        return
    handle = _opened(key_folder / _LOCK, reads)
    if handle is None:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Rotating from None
        yield
    finally:
        os.close(handle)


_UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


def _opened(lock: Path, reads: bool) -> int | None:
    """The file that is locked; None where there is none and none can be made, and nobody asks who would change a key."""
    with away_when_refused():
        try:
            return os.open(lock, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
        except OSError as error:
            if not reads or error.errno not in _UNWRITABLE:
                raise
        try:
            return os.open(lock, os.O_RDONLY | _OPEN)
        except FileNotFoundError:
            return None


@asynccontextmanager
async def rotating(database_url: str, key_folder: Path, reads: bool = False) -> AsyncIterator[None]:
    """Rotate inside, or, as `alone_with` says, only read. The lock ends with the block, and with the process. Raises
    Rotating while another one holds it."""
    with alone_with(key_folder, reads):
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
