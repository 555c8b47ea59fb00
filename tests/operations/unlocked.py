"""`programmes`, but whoever applies reads the places without the cohort's lock: the control of the rush.

It lies with the tests, so that nothing in the product can switch the lock off.
"""

import sys
from collections.abc import Sequence

import asyncpg

from programmes.cli import main
from programmes.enrolment import queries

_with_lock = queries.fetchrow


async def _without_lock(sql: str, *args: object) -> asyncpg.Record | None:
    return await _with_lock(sql.replace(" for update", ""), *args)


def run(arguments: Sequence[str]) -> int:
    queries.fetchrow = _without_lock  # type: ignore[attr-defined]
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
