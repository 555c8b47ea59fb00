"""Which folders of keys the database's rows belong to. With another one nobody could tell a lost key from a destroyed one.

The worker, which sees every folder, notes each one's mark when there is none yet. A process whose folder has another mark
than the database knows touches nothing in it.
"""

from datetime import datetime
from typing import Literal

import asyncpg
import structlog

from programmes.core.db import execute, fetchval, transaction
from programmes.core.sealing import KeyFolder, KeysAway

log = structlog.get_logger()
Folder = Literal["keys", "ballots"]


async def known(folder: Folder) -> bytes | None:
    """The mark of the folder that the rows belong to, a digest; None when none has been noted yet."""
    found: bytes | None = await fetchval("select mark from key_folder where name = $1", folder)
    return found


async def hold_to(keys: KeyFolder) -> None:
    """At the start of a web process and whenever it is asked whether it is ready: with another key folder than the
    database's rows need, nothing is done in it. When the right one lies there again, work goes on."""
    try:
        mark = await known("keys")
    except asyncpg.UndefinedTableError:
        # Not migrated yet; pages say what they can.
        return
    if mark is not None and mark != keys.mark:
        keys.hold_to(mark)
        if not keys.usable():
            log.error("key_folder_of_another_installation")


async def note(folder: Folder, mark: bytes, now: datetime) -> None:
    """At the start of a worker: this is the folder, if none is known.

    Raises:
        KeysAway: another one is.
    """
    async with transaction():
        await execute(
            "insert into key_folder (name, mark, noted_at) values ($1, $2, $3) on conflict (name) do nothing",
            folder,
            mark,
            now,
        )
    if await known(folder) != mark:
        raise KeysAway(f"the folder of {folder} is not the one that this database's rows belong to")


async def adopt(folder: Folder, mark: bytes, now: datetime) -> None:
    """From now on this is the folder, whatever was known: the other one is lost, and with it what only it could open."""
    async with transaction():
        await execute(
            """insert into key_folder (name, mark, noted_at) values ($1, $2, $3)
               on conflict (name) do update set mark = excluded.mark, noted_at = excluded.noted_at""",
            folder,
            mark,
            now,
        )
