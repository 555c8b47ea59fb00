"""What ran out, or ended without its person: for how long they can read it on Min plats. Pure (decision 29)."""

from datetime import datetime, timedelta

# So long at most, whoever could be reached or not: mail is tried for two days, and somebody to ring can be rung on a Monday.
LONGEST = timedelta(days=3)
AFTER_TOLD = timedelta(days=1)


def has_been_read(told_at: datetime | None, ended_at: datetime, reachable: bool, now: datetime) -> bool:
    """Whether somebody has had a day to read it: since it was told to them, or, for whom nothing is sent and nobody rings
    (not `reachable`), since it ended."""
    since = told_at or (None if reachable else ended_at)
    return since is not None and now >= max(since, ended_at) + AFTER_TOLD


def open_until(undo_until: datetime, reachable: bool) -> datetime:
    """Until when the page opens at the most, for whom it is kept until `undo_until`."""
    return undo_until if reachable else undo_until - LONGEST + AFTER_TOLD
