"""A read for a group's page that no single feature has: which notices reached people."""

from uuid import UUID

from programmes.core.db import fetch
from programmes.notices.rules import REMINDERS


async def last_notices(cohort_id: int) -> dict[UUID, str]:
    """The state of each person's latest notice, but for reminders: `waiting`, `failed`, `no_channel`, or `sent`, also when
    staff told them."""
    rows = await fetch(
        """select distinct on (n.enrolment_id) n.enrolment_id,
                  case when n.sent_at is null then n.state else 'sent' end as state
           from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = $1 and n.kind <> all($2::text[])
           order by n.enrolment_id, n.created_at desc, n.id""",
        cohort_id,
        sorted(REMINDERS),
    )
    return {row["enrolment_id"]: row["state"] for row in rows}
