"""An address that bounces after the mail server had taken the message, or that is refused for good: staff see that the
person was not reached, and no later message that goes there is taken for received until it is another address, or staff say
that it works."""

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
# What left before another address was given did not go there.
_MARK = """
update enrolment e set contact_bounced = true
from enrolment o left join participant p on p.id = o.participant_id
where o.id = $1 and (e.id = o.id or e.participant_id = o.participant_id) and e.state = any($3::text[])
  and not e.contact_bounced and p.contact_changed_at >= $2 is not true
"""
# What came back from an address that has been changed since has failed as it left: of the new one it says nothing.
_CAME_BACK = """
insert into notice_attempt (notice_id, failed_at, error)
select $1, case when p.contact_changed_at >= $4 then $4 else $2 end, 'Bounced'
from enrolment e left join participant p on p.id = e.participant_id where e.id = $3
"""


async def note(notice_id: UUID, now: datetime) -> bool:
    """What counted as sent has failed after all; false for a message that is not known, or has failed already."""
    async with transaction():
        known = await fetchrow(_HANDED_OVER, notice_id, BOUNCED_BEFORE)
        if known is None:
            return False
        await execute("update notice set state = 'failed', sent_at = null, handed_over_at = null where id = $1", notice_id)
        await execute(_CAME_BACK, notice_id, now, known["enrolment_id"], known["left_at"])
        await mark(known["enrolment_id"], known["left_at"])
    return True


async def mark(enrolment_id: UUID, left_at: datetime) -> None:
    """In the open transaction: nothing can be received at the address or number that a message went to at that moment. Not
    if it is another one since."""
    await execute(_MARK, enrolment_id, left_at, sorted(ALIVE))


async def took(enrolment_id: UUID) -> None:
    """In the open transaction: a number that had been refused takes texts, and no text comes back later."""
    await execute("update enrolment set contact_bounced = false where id = $1 and contact_bounced", enrolment_id)
