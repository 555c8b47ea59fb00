"""The statements of a migration, without a database: it is run against something that notes them and answers nothing."""

import contextlib
import io
from typing import Any

from programmes.core.db import Transaction, engine
from programmes.upgrading.files import Migration


class _Notes:
    """Stands where the connection would. Every answer is empty."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    async def fetch(self, sql: str, *_: object, **__: object) -> list[Any]:
        self.statements.append(sql)
        return []

    async def fetchrow(self, sql: str, *_: object, **__: object) -> None:
        self.statements.append(sql)

    fetchval = execute = executemany = fetchrow


async def statements_of(migration: Migration) -> tuple[tuple[str, ...], bool]:
    """The statements in their order, and whether these are all: what depends on the rows that it reads can't be known
    without reading them. Nothing reaches the database."""
    db, notes = engine(), _Notes()
    instead = Transaction(engine=db)
    instead.connection = notes
    token = db.current_transaction.set(instead)
    whole = True
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            await (await migration.forwards()).run()
    except (IndexError, TypeError, KeyError, AttributeError):
        whole = False
    finally:
        db.current_transaction.reset(token)
    told = tuple(sql for sql in notes.statements if not sql.startswith(("SAVEPOINT", "RELEASE")))
    return told, whole and not any(sql.lstrip().lower().startswith("select") for sql in told)
