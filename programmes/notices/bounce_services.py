"""An address that bounces after the mail server had taken the message: staff see that the person was not reached, and no
later message that goes there is taken for received until it is another address, or staff say that it works."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import execute, fetchrow, transaction
from programmes.enrolment.rules import ALIVE

# What was handed over to an address that had bounced before, by the name of its attempt.
BOUNCED_BEFORE = "BouncedBefore"

_HANDED_OVER = """
select n.enrolment_id, coalesce(n.sent_at, n.handed_over_at) as left_at from notice n
where n.id = $1 and (n.state = 'sent' or n.state = 'failed' and n.sent_at is null and n.handed_over_at is not null
                     and exists (select from notice_attempt a where a.notice_id = n.id and a.error = $2))
for update
"""
# A record that was put right since it left may have another address by now: then nobody knows which one bounced.
_MARK = """
update enrolment e set contact_bounced = true
from enrolment o left join participant p on p.id = o.participant_id
where o.id = $1 and (e.id = o.id or e.participant_id = o.participant_id) and e.state = any($3::text[])
  and not e.contact_bounced and p.changed_at >= $2 is not true
"""


async def note(notice_id: UUID, now: datetime) -> bool:
    """What counted as sent has failed after all; false for a message that is not known, or has failed already."""
    async with transaction():
        known = await fetchrow(_HANDED_OVER, notice_id, BOUNCED_BEFORE)
        if known is None:
            return False
        await execute("update notice set state = 'failed', sent_at = null, handed_over_at = null where id = $1", notice_id)
        await execute("insert into notice_attempt (notice_id, failed_at, error) values ($1, $2, 'Bounced')", notice_id, now)
        await execute(_MARK, known["enrolment_id"], known["left_at"], sorted(ALIVE))
    return True
