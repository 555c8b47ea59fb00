"""Connections of a role that is not web's, as the programs that have it make theirs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import Pool

from programmes.core.db import engine, nothing_to_reset
from programmes.settings import Settings
from programmes.worker import CONNECTIONS as WORKERS

__all__ = ["WORKERS", "a_pool", "as_worker"]


def a_pool(url: str, most: int) -> Pool:
    """A pool of up to `most` connections, to be opened by `await` or `async with`. Nothing is reset between two uses, as
    in `open_pool`: that would be four more statements for each of ours."""
    return asyncpg.create_pool(url, min_size=0, max_size=most, reset=nothing_to_reset)


@asynccontextmanager
async def as_worker(settings: Settings) -> AsyncIterator[None]:
    """What is done in here is done over a pool of the worker's role."""
    async with a_pool(settings.worker_database_url, WORKERS) as pool:
        webs, engine().pool = engine().pool, pool
        try:
            yield
        finally:
            engine().pool = webs
