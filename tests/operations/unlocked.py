"""Two web processes in which whoever applies reads the places without the cohort's lock: the control of the rush.

`python -m tests.operations.unlocked PORT PORT`. It lies with the tests, so that nothing in the product can switch the lock
off. Both come from one process, which has read the code once: that takes as long as the rush.
"""

import os
import signal
import sys

import asyncpg

import programmes.app  # noqa: F401 - read before there are two processes
from programmes.cli import main
from programmes.enrolment import queries

_with_lock = queries.fetchrow


async def _without_lock(sql: str, *args: object) -> asyncpg.Record | None:
    return await _with_lock(sql.replace(" for update", ""), *args)


def run(ports: list[str]) -> None:
    queries.fetchrow = _without_lock  # type: ignore[attr-defined]
    children = []
    for port in ports:
        child = os.fork()
        if child == 0:
            os._exit(main(["serve", "--port", port]))
        children.append(child)
    signal.signal(signal.SIGTERM, lambda *_: [os.kill(child, signal.SIGTERM) for child in children])
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    run(sys.argv[1:])
