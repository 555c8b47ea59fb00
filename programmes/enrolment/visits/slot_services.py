"""Study visits on offer: one more."""

from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.enrolment.code_queries import once_digest
from programmes.enrolment.visits import queries as visit_queries


async def add_slot(
    cohort_id: int,
    starts_at: datetime,
    ends_at: datetime,
    venue_id: int,
    staff_id: int | None,
    capacity: int,
    now: datetime,
    by: int | None = None,
    once: str = "",
) -> int:
    """Offer a study visit, held by `staff_id` and added `by` somebody else perhaps; returns its id.

    Sent again with the same once-number it is the same one.

    Raises:
        Conflict: `visit_past`; `visit_clash`, whoever holds it holds another then (`visit_queries.held_by` says which).
    """
    digest = once_digest(cohort_id, once) if once else None
    async with transaction():
        # Offers of one leader, or of one cohort without, come after each other.
        if staff_id is not None:
            await execute("select 1 from staff where id = $1 for no key update", staff_id)
        else:
            await execute("select 1 from cohort where id = $1 for no key update", cohort_id)
        if digest is not None:
            same: int | None = await fetchval("select id from visit_slot where once_digest = $1", digest)
            if same is not None:
                return same
        if starts_at <= now:
            raise Conflict("visit_past")
        if staff_id is not None and await visit_queries.held_by(staff_id, starts_at, ends_at):
            raise Conflict("visit_clash")
        slot_id: int = await fetchval(
            """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, staff_id, capacity, free_since, once_digest)
               values ($1, $2, $3, $4, $5, $6, $7, $8) returning id""",
            cohort_id,
            starts_at,
            ends_at,
            venue_id,
            staff_id,
            capacity,
            now,
            digest,
        )
        await audit.note("visit:offer", f"cohort/{cohort_id}", by or staff_id, now)
        return slot_id
