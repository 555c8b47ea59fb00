"""Sign-in decisions."""

from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_FREE_TRIES = 5


def session_alive(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Half an hour without a request ends a session, and twelve hours end it anyway."""
    return now - seen_at < IDLE and now - created_at < LONGEST


def wait_after(failures: int) -> timedelta:
    """How long the next try with this name must wait: nothing for five tries, then doubling up to a minute.

    The wait is short, so that nobody can be locked out by somebody else's guesses.
    """
    if failures < _FREE_TRIES:
        return timedelta(0)
    return timedelta(seconds=min(60, 2 ** (failures - _FREE_TRIES + 1)))
