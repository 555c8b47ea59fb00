"""Which database this is, whatever it is called: so that what was put back into one is not taken for another."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from programmes.core.db import fetchval
from programmes.core.sealing import put_back_into

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
    """Whether a backup was put back into another database than this one, and nobody has confirmed it since."""
    into = put_back_into(key_folder)
    return bool(into) and into != await which(ask)


class GivenUp(Exception):
    """A backup was put back into another database than the one that this process is on: what is written here is lost."""


class OwnDatabase:
    """The database that the pool of this process is on, held against what the key folder says of a backup put back.

    Where none is unconfirmed that costs one look for a file; the database is asked which one it is only when it must be.
    """

    def __init__(self) -> None:
        self._known = ""
        self._said = False

    async def is_given_up(self, key_folder: Path) -> bool:
        """Whether a backup was put back, or is being put back, into another one, and nobody has confirmed this one since."""
        into = put_back_into(key_folder)
        if into and into != self._known:
            # Under the same address another one may answer since: then that is the one.
            self._known = await which(fetchval)
        elsewhere = bool(into) and into != self._known
        if elsewhere and not self._said:
            log.error(
                "database_given_up",
                says="A backup was put back into another database than the one that this process is on.",
                do="Name that one in its address and start it anew. If this is the right one after all, with the worker's "
                "account: programmes keys confirm --yes --instead",
            )
        self._said = elsewhere
        return elsewhere
