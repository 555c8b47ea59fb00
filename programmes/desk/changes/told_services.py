"""Telling those with a place what staff have changed, in the moment in which it is changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from programmes.core.db import fetch, fetchval, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.notices.change_services import tell_changes


@asynccontextmanager
async def telling_people(keys: KeyFolder, who: Principal, now: datetime) -> AsyncIterator[None]:
    """Around a change that somebody makes of sessions, as the outermost: the messages about it are written in its own
    transaction, so that whom to ring is known at once, also while the worker is away (decision 27). The event that the
    change asked for finds nothing left to write. Not around a decision about a start: that can be taken back before anybody
    hears of it. What raises inside undoes all of it."""
    async with transaction():
        before = await fetchval("select coalesce(max(id), 0) from session_change")
        yield
        # One tap may change several groups; their locks are held by it, in this order.
        rows = await fetch(
            "select distinct cohort_id from session_change where untold and id > $1 and staff_id = $2 order by cohort_id",
            before,
            who.staff_id,
        )
        for row in rows:
            await tell_changes(row["cohort_id"], keys, now)
