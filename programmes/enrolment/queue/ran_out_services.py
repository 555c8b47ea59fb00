"""What ran out stays sealed until its person could read it: an offer, a place without a study visit, a wait in vain."""

from datetime import datetime

from programmes.core.db import execute
from programmes.enrolment import queries
from programmes.enrolment.queue.ran_out_rules import LONGEST


async def keep_to_read(facts: queries.EnrolmentFacts, now: datetime) -> None:
    """In the caller's transaction, of somebody whose way has just ended as `expired`: code and sealed entry stay, and
    nothing can be undone. `leaving_services` erases them, when told to or at the latest after `LONGEST`."""
    await execute(
        "update enrolment set undo_until = $2, left_from = $3, together_id = null where id = $1",
        facts.enrolment_id,
        now + LONGEST,
        facts.state,
    )
