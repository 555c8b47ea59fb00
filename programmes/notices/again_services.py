"""A message that did not reach somebody waits again, as it did when it was written."""

from collections.abc import Collection
from uuid import UUID

from programmes.core.db import execute, fetch
from programmes.notices.services import wake


async def send_again(notices: Collection[UUID]) -> frozenset[UUID]:
    """In the open transaction, under the cohort's lock: they go under their own numbers, and what was tried before counts
    for nothing: it was another address. Whom they are to."""
    rows = await fetch(
        """update notice set state = 'waiting', look_again_at = null
           where id = any($1::uuid[]) and state in ('failed', 'no_channel') and sent_at is null
           returning id, enrolment_id""",
        list(notices),
    )
    if rows:
        await execute("delete from notice_attempt where notice_id = any($1::uuid[])", [row["id"] for row in rows])
        await wake()
    return frozenset(row["enrolment_id"] for row in rows)
