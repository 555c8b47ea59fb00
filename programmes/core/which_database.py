"""Which database this is, whatever it is called: so that what was put back into one is not taken for another."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from programmes.core.sealing import put_back_into

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
