"""Who could not be reached and was passed over for it is heard of by their own act: then that reason is over."""

import uuid
from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, fetch, transaction
from programmes.enrolment import queries
from programmes.enrolment.queue.services import note_event, pass_on
from programmes.enrolment.together import queries as together_queries

# Of siblings who wait together one speaks for all, also for one who is away and may come back, as staff pass over them all.
_LIFT = """
update enrolment e set skip_reason = null from enrolment w
where w.id = $1 and e.skip_reason = 'unreachable' and e.state in ('queued', 'withdrawn', 'refused')
  and (e.id = w.id or e.together_id = w.together_id) returning e.id
"""


async def heard_of(enrolment_id: uuid.UUID, now: datetime, staff_id: int | None = None) -> bool:
    """In the caller's transaction, under the cohort's lock: somebody has just acted on Min plats themselves, or spoken to
    staff. Whether they were passed over as not to be reached, and are no longer; what is free is for the caller to pass on.
    """
    lifted = await fetch(_LIFT, enrolment_id)
    for row in lifted:
        await note_event(row["id"], "lifted", now, staff_id)
        await audit.note("queue:lift", f"enrolment/{row['id']}", staff_id, now)
    return bool(lifted)


async def opened(enrolment_id: uuid.UUID, now: datetime) -> None:
    """Somebody has opened Min plats with their code: an offer is seen there, so they are reached. Again, it changes
    nothing. Raises NotFound."""
    facts = await queries.enrolment(enrolment_id)
    if "unreachable" not in {facts.skip_reason, await together_queries.held_by(facts)}:
        return
    async with transaction():
        gate = await queries.lock_gate(facts.cohort_id, now)
        if await heard_of(enrolment_id, now):
            await pass_on(gate, now)


async def works_again(enrolment_id: uuid.UUID, staff_id: int, now: datetime) -> None:
    """Staff know that the address takes mail: what goes there from now on counts as received. What has gone already stays to
    be told. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`.
    """
    async with transaction():
        cohort_id = (await queries.lock_alive(enrolment_id, now)).cohort_id
        if await execute(
            "update enrolment set contact_bounced = false where id = $1 and contact_bounced returning 1", enrolment_id
        ):
            await audit.note("contact:works", f"cohort/{cohort_id}", staff_id, now)
