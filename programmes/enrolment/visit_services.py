"""Taking a study visit away again that nobody has booked."""

from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, fetchrow, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.enrolment import queries


async def remove_slot(cohort_id: int, slot_id: int, staff_id: int, now: datetime) -> None:
    """Take away a study visit that is to come and that nobody has booked.

    Raises:
        NotFound: the cohort has no such study visit to come.
        Conflict: `visit_booked`, somebody comes to it.
    """
    async with transaction():
        # Booking holds the same lock, so nobody books what is being taken away.
        await queries.lock_gate(cohort_id, now)
        slot = await fetchrow(
            """select (select count(*) from study_visit v where v.slot_id = s.id) as taken from visit_slot s
               where s.id = $1 and s.cohort_id = $2 and s.starts_at > $3""",
            slot_id,
            cohort_id,
            now,
        )
        if slot is None:
            raise NotFound
        if slot["taken"]:
            raise Conflict("visit_booked")
        await execute("delete from visit_slot where id = $1", slot_id)
        await audit.note("visit:remove", f"cohort/{cohort_id}", staff_id, now)
