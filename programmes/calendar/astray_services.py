"""Calendars whose address is dead since the key that it follows from is another one, and new addresses for them."""

from datetime import datetime
from uuid import UUID

from programmes.calendar import queries, rules, services
from programmes.core.db import execute, fetch, transaction
from programmes.core.sealing import KeyFolder


async def astray(keys: KeyFolder) -> list[UUID]:
    """The live feeds whose address, as it is shown, leads to nothing: it follows from the key, and theirs was made with
    another one than there is.

    Raises:
        ServiceKeyAway: there is none.
    """
    rows = await fetch("select id, generation, token_digest from feed where revoked_at is null order by id")
    key = keys.service_key("feed") if rows else b""
    return [
        row["id"]
        for row in rows
        if queries.token_digest(rules.token(row["id"], row["generation"], key)) != row["token_digest"]
    ]


async def address_anew(keys: KeyFolder, now: datetime) -> int:
    """Give every feed that is astray a new address, all or none; returns how many. Their old ones end as when renewed."""
    async with transaction():
        # None may be renewed meanwhile, and none is made with a key that is another one now.
        await execute("lock table feed in share row exclusive mode")
        lost = await astray(keys)
        for feed_id in lost:
            await services.renew(feed_id, keys, now)
    return len(lost)
