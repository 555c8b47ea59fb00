"""The trace that `programmes doctor` reads, left by whatever becomes of a backup, a rehearsal or a restore."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable

from programmes.backup import BackupError, NotBegun
from programmes.core import backup_trace
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.settings import Settings


async def _note(settings: Settings, name: backup_trace.Done, done: bool) -> None:
    await open_pool(settings.worker_database_url, 2)
    try:
        await backup_trace.note(name, SystemClock().now(), done)
    finally:
        await close_pool()


def traced(settings: Settings, name: backup_trace.Done, work: Callable[[], Awaitable[None]]) -> int:
    """Do it and leave the trace that `programmes doctor` reads; 1 when it could not be done. A restore or a rehearsal that
    did not begin has not failed; a backup that did not has, for there is none."""

    async def do() -> int:
        try:
            await work()
        except Exception as error:
            if name == "backup" or not isinstance(error, NotBegun):
                with contextlib.suppress(Exception):
                    # Where the database is away, or empty, doctor says so itself.
                    await _note(settings, name, False)
            if not isinstance(error, BackupError):
                raise
            sys.stderr.write(f"programmes {'backup' if name == 'backup' else 'restore'}: {error}\n")
            return 1
        await _note(settings, name, True)
        return 0

    return asyncio.run(do())
