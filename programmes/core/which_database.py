"""Which database this is, whatever it is called: so that what was put back into one is not taken for another."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from programmes.core import database_marks
from programmes.core.db import fetchval
from programmes.core.restore_marks import confirmed_in, put_back_into
from programmes.core.sealing import KeyFolder

log = structlog.get_logger()
# Asks the database for one value: `fetchval` of a connection, or of `core.db`.
Ask = Callable[[str], Awaitable[Any]]
# A copy of the whole server, made by PostgreSQL's own means, is the same one; a new database beside it isn't.
_WHICH = """select (select system_identifier from pg_control_system()) || '/' || oid
            from pg_database where datname = current_database()"""


async def which(ask: Ask) -> str:
    """The server, and the database in it. Renaming the database changes nothing of it."""
    return str(await ask(_WHICH))


async def put_back_elsewhere(ask: Ask, key_folder: Path) -> bool:
    """Whether a backup was put back into another database than this one, or another one was said to be the right one."""
    right = right_in(key_folder)
    return bool(right) and right != await which(ask) and not await _has_moved(ask, key_folder)


def right_in(key_folder: Path) -> str:
    """What the folder says of the database that counts: the one that a backup was put back into last, or that somebody has
    confirmed; empty where no backup ever was put back."""
    return put_back_into(key_folder) or confirmed_in(key_folder)


async def _has_moved(ask: Ask, key_folder: Path) -> bool:
    """Whether this is the confirmed one on a server of its own since, as after pg_upgrade: no other has its mark. Until
    somebody has confirmed it the mark says nothing, for the database that is given up has it too."""
    if put_back_into(key_folder):
        return False
    try:
        mark = await ask("select string_agg(mark::text, ' ') from restore_mark")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return False
    return bool(mark) and database_marks.is_mark_of(key_folder, str(mark))


class GivenUp(Exception):
    """Another database than the one that this process is on is the right one: what is written here is lost."""


class OwnDatabase:
    """The database that the pool of this process is on, held against what the key folder says of the right one.

    That costs a look for two files; the database is asked which one it is only when it must be.
    """

    def __init__(self) -> None:
        self._known = ""
        self._said = False

    async def is_given_up(self, key_folder: Path) -> bool:
        """Whether a backup was put back, or is being put back, into another one, or another one was confirmed."""
        right = right_in(key_folder)
        # Under the same address another one may answer since: then that is the one.
        elsewhere = bool(right) and right != self._known and await put_back_elsewhere(fetchval, key_folder)
        if not elsewhere:
            self._known = right
        if elsewhere and not self._said:
            log.error(
                "database_given_up",
                says="A backup was put back into another database than the one that this process is on, or another was "
                "confirmed: this process is on the old one.",
                do="Name the new one in its address and start it anew. If the old one is the right one after all, with the "
                "worker's account: programmes keys confirm --yes --instead",
            )
        self._said = elsewhere
        return elsewhere


async def note_moved(keys: KeyFolder) -> None:
    """The confirmed database, on another server since, is the right one under its new number too."""
    right = confirmed_in(keys.folder)
    if right and right != (own := await which(fetchval)) and await _has_moved(fetchval, keys.folder):
        keys.note_right(own)
