"""What came of the messages about a change, counted."""

from datetime import datetime

from programmes.core.db import fetchrow, fetchval
from programmes.desk.change_rules import Told
from programmes.notices.queries import EVENTS
from programmes.notices.rules import KINDS, OF_CHANGES


async def told_since(cohort_id: int, since: datetime | None) -> Told:
    """Of the messages about a cohort's sessions that were made since a moment: how many have gone, wait and were missed.
    None where nothing was changed."""
    row = await fetchrow(
        f"""select count(*) filter (where n.state = 'sent')::int as sent,
                   count(*) filter (where n.state = 'waiting')::int as waiting,
                   count(*) filter (where n.state in ('failed', 'no_channel') and n.sent_at is null)::int as missed,
                   count(*) filter (where n.state in ('failed', 'no_channel') and n.sent_at is not null)::int as by_staff,
                   exists (select from {EVENTS}) as pending
            from notice n join enrolment e on e.id = n.enrolment_id
            where e.cohort_id = $1 and n.created_at >= $3 and n.kind = any($4::text[])""",
        cohort_id,
        list(KINDS),
        since,
        sorted(OF_CHANGES | {"change_undone"}),
    )
    return Told(**dict(row)) if row else Told()


async def last_change(cohort_id: int) -> datetime | None:
    """When a cohort's sessions were last changed."""
    found: datetime | None = await fetchval("select max(made_at) from session_change where cohort_id = $1", cohort_id)
    return found
