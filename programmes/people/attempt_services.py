"""Counting tries before they are made, so that a thousand at once are a thousand tries."""

from datetime import datetime, timedelta

from programmes.core.db import execute, fetchrow, transaction
from programmes.people.attempt_rules import FORGOTTEN, PASSWORD_WAIT, wait_after


async def take(counter: bytes, now: datetime, longest: timedelta = PASSWORD_WAIT) -> int:
    """Take a try of this counter: 0, or the seconds until there is one. What is refused is not counted."""
    async with transaction():
        await execute("insert into sign_in_attempt (id, failures) values ($1, 0) on conflict (id) do nothing", counter)
        row = await fetchrow("select failures, wait_until from sign_in_attempt where id = $1 for update", counter)
        # Another try of the same counter may have succeeded, and forgotten it, in the meantime.
        failures, until = (row["failures"], row["wait_until"]) if row else (0, None)
        # What was counted while a clock ran ahead locks nobody out for as long as it was wrong.
        if until and now < until <= now + longest:
            return int((until - now).total_seconds()) + 1
        failures = 1 if until and abs(until - now) > FORGOTTEN else failures + 1
        until = now + wait_after(failures, longest)
        await execute("update sign_in_attempt set failures = $2, wait_until = $3 where id = $1", counter, failures, until)
    return 0


async def forget(counter: bytes) -> None:
    """A try succeeded: what stood on its counter is forgotten, in the open transaction."""
    await execute("delete from sign_in_attempt where id = $1", counter)


async def forget_old(now: datetime) -> None:
    """Drop the counters on which nothing has happened for a day."""
    async with transaction():
        await execute("delete from sign_in_attempt where wait_until < $1", now - FORGOTTEN)
