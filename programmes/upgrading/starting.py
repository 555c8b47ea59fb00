"""What a program finds when it starts: whether the database has what it will ask for."""

from collections.abc import Mapping
from pathlib import Path

import asyncpg

from programmes.core import schema, which_database
from programmes.core.connecting import connect
from programmes.core.folder_marks import Folder
from programmes.core.sealing import is_begun

_RAN = "select name from migration where app_name = 'programmes'"
OLDER = (
    "the database is older than this program: {count} migrations have not been run, the first is {first}. Nothing was "
    "started. Run `programmes migrate` with the database's owner; `programmes migrate --check` says what that does"
)
EMPTY = (
    "the database has no tables yet. Nothing was started. Run `programmes migrate` with the database's owner, unless a "
    "backup is to be put back into it: then leave it empty for `programmes restore`"
)
NEWER = (
    "the database is of a newer release than this program ({last}). It goes on working, as one release beside the next "
    "does. Two releases behind is not promised"
)


ELSEWHERE = (
    "{name} is the old database: a backup was put back into another database than this one. {nothing}. Name the new one in "
    "every address that there is. If {name} is the right one after all, the worker's account says so: "
    "`programmes keys confirm --yes --instead`"
)


MISSING = (
    "there is no key folder at {folder}, and this database's rows need one. Nothing was started, and nothing made there: "
    "mount it, or move it back. If it is lost: `programmes doctor` says what to do"
)


async def keys_missing(database_url: str, folders: Mapping[Folder, Path]) -> str:
    """What is to be said, and ends the start, where a folder of keys is not there that the database knows of; else nothing:
    at the first start it is made.

    Raises:
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError: one is not there, and the database can't be asked about it.
    """
    gone = {name: folder for name, folder in folders.items() if not is_begun(folder)}
    if not gone:
        return ""
    connection = await connect(database_url)
    try:
        known = {row["name"] for row in await connection.fetch("select name from key_folder")}
    except asyncpg.UndefinedTableError:
        # Not migrated yet, which is said next.
        return ""
    finally:
        await connection.close()
    return next((MISSING.format(folder=folder) for name, folder in gone.items() if name in known), "")


async def put_back_elsewhere(database_url: str, key_folder: Path, nothing: str = "Nothing was started") -> str:
    """What is to be said, and ends the start or the command, where another database is the right one; else
    nothing. An account that does not see the key folder cannot know."""
    if not which_database.right_in(key_folder):
        return ""
    try:
        connection = await connect(database_url)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return ""
    try:
        if not await which_database.put_back_elsewhere(connection.fetchval, key_folder):
            return ""
        return ELSEWHERE.format(nothing=nothing, name=await connection.fetchval("select current_database()"))
    finally:
        await connection.close()


async def found_by(database_url: str) -> schema.Standing | None:
    """The program beside the database; None when that cannot be asked, which whoever starts finds out anyway."""
    try:
        connection = await connect(database_url)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    try:
        if await connection.fetchval("select to_regclass('migration') is null"):
            return schema.compared(frozenset())
        return schema.compared(frozenset(row["name"] for row in await connection.fetch(_RAN)))
    except asyncpg.InsufficientPrivilegeError:
        # Tables that no grant has followed yet.
        return None
    finally:
        await connection.close()


def in_words(found: schema.Standing) -> str:
    """What is to be said of it before work begins; nothing where all is as it should be."""
    if found.pending == schema.known() and not found.future:
        return EMPTY
    if found.lacks:
        return OLDER.format(count=len(found.pending), first=found.pending[0])
    return NEWER.format(last=found.future[-1]) if found.future else ""
