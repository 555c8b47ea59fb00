"""What an administrator does in a shell, with the owner's rights: neither web nor worker may make staff."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from programmes.core.db import engine

_THIS = "select current_database()"
# The owner's pool of this run, by the name of its database (conftest).
owners: dict[str, asyncpg.Pool] = {}


@asynccontextmanager
async def as_owner() -> AsyncIterator[None]:
    """What is done in here is done with the owner's rights. A test that has put another database there means that one."""
    before = engine().pool
    mine = owners.get(await before.fetchval(_THIS)) if before else None
    if mine is None:
        yield
        return
    engine().pool = mine
    try:
        yield
    finally:
        engine().pool = before
