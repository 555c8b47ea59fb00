"""An address that bounces after the mail server had taken the message: staff see that the person was not reached."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import execute, transaction


async def note(notice_id: UUID, now: datetime) -> bool:
    """What counted as sent has failed after all; false for a message that is not known, or has failed already."""
    async with transaction():
        known = await execute(
            """update notice set state = 'failed', sent_at = null, handed_over_at = null
               where id = $1 and state = 'sent' returning 1""",
            notice_id,
        )
        if known:
            await execute(
                "insert into notice_attempt (notice_id, failed_at, error) values ($1, $2, 'Bounced')", notice_id, now
            )
    return bool(known)
