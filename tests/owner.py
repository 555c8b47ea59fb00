"""What an administrator does in a shell, with the owner's rights: web may not make staff."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from programmes.core.db import engine

# The pools of this run: web's, which the tests work with, and the owner's (conftest).
pools: dict[str, asyncpg.Pool] = {}


@asynccontextmanager
async def as_owner() -> AsyncIterator[None]:
    """What is done in here is done with the owner's rights. A test that has put another database there means that one."""
    before = engine().pool
    if before is None or before is not pools.get("web"):
        yield
        return
    engine().pool = pools["owner"]
    try:
        yield
    finally:
        engine().pool = before
