"""Connections of a role that is not web's, as the programs that have it make theirs."""

import asyncpg
from asyncpg.pool import Pool

from programmes.core.db import nothing_to_reset


def a_pool(url: str, most: int) -> Pool:
    """A pool of up to `most` connections, to be opened by `await` or `async with`. Nothing is reset between two uses, as
    in `open_pool`: that would be four more statements for each of ours."""
    return asyncpg.create_pool(url, min_size=0, max_size=most, reset=nothing_to_reset)
