"""A room that gets another name."""

from datetime import datetime

from programmes.cohorts.opening_services import NotAllowed
from programmes.cohorts.room_rules import same_name
from programmes.cohorts.rules import why_not_call_room
from programmes.core import audit
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal

__all__ = ["NotAllowed", "rename_venue"]


async def rename_venue(venue_id: int, name: str, principal: Principal, now: datetime) -> bool:
    """Another name for a room, in every list, page and public calendar. False: another room has that name, or one that
    reads the same.

    The sessions there count as changed: a subscribed calendar ignores a new name under an old SEQUENCE (DESIGN 8).

    Raises:
        NotFound: no such room.
        NotAllowed: no room may be called that (`why_not_call_room`).
    """
    if reasons := why_not_call_room(name):
        raise NotAllowed(reasons)
    async with transaction():
        # Sessions change under their cohort's lock; always in this order, so that two never wait for each other.
        await fetch(
            """select id from cohort where id in (select cohort_id from cohort_session where venue_id = $1)
               order by id for update""",
            venue_id,
        )
        known = await fetchval("select name from venue where id = $1 for update", venue_id)
        if known is None:
            raise NotFound
        if known == name:
            return True
        others = await fetch("select name from venue where id <> $1", venue_id)
        if any(same_name(other["name"], name) for other in others):
            return False
        await execute("update venue set name = $2 where id = $1", venue_id, name)
        await execute(
            "update cohort_session set sequence = sequence + 1, revised_at = $2 where venue_id = $1", venue_id, now
        )
        await audit.note("venue:rename", f"venue/{venue_id}", principal.staff_id, now)
    return True
