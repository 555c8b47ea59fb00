"""A change of tables waits for whoever has them in use, and whoever comes after waits behind it. So it never waits long:
after three seconds it steps aside, lets them through, and tries again."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, repeat

import asyncpg

from programmes.core.db import fetch
from programmes.upgrading.errors import UpgradeError

# In milliseconds: well under what web's own statements wait for a lock (`core.db.WEB`).
LOCK_TIMEOUT = "3000"
# In seconds, between two tries; about four minutes in all with their waiting.
PAUSES = (1.0, 2.0, 4.0, 8.0, *(15.0,) * 12)
Say = Callable[[str], None]
# Whoever has a table open, with how long they have; of other accounts' work only a superuser learns that.
_HOLDERS = """
select a.pid, a.usename, extract(epoch from clock_timestamp() - a.xact_start)::int as seconds
from pg_stat_activity a
where a.pid <> pg_backend_pid() and a.datname = current_database() and exists (
  select from pg_locks l join pg_class c on c.oid = l.relation and c.relnamespace = 'public'::regnamespace
  where l.pid = a.pid and l.granted and l.database = (select oid from pg_database where datname = current_database()))
order by a.xact_start nulls last limit 3
"""


async def _holders() -> str:
    found = [
        f"process {row['pid']} of {row['usename']}" + (f", for {row['seconds']} s" if row["seconds"] is not None else "")
        for row in await fetch(_HOLDERS)
    ]
    return "; ".join(found) or "somebody who has ended meanwhile"


async def patiently(what: str, work: Callable[[], Awaitable[None]], say: Say) -> None:
    """Do something that can be done again, until it gets its locks.

    Raises:
        UpgradeError: others had the tables in use at every try. Nothing of it is done.
    """
    for pause in chain(PAUSES, repeat(None, 1)):
        try:
            return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            holders = await _holders()
            if pause is None:
                raise UpgradeError(
                    f"{what} could not be done: others have its tables in use ({holders}). Nothing of it is done. Wait "
                    "until they have finished, or end them (select pg_terminate_backend(…)), and run it again"
                ) from None
            say(f"{what} waits for tables that are in use ({holders}); once more in {pause:g} s.")
            await asyncio.sleep(pause)
