"""What came of the messages about a change, counted."""

from datetime import datetime

from programmes.core.db import fetchrow, fetchval
from programmes.desk.changes.rules import Told
from programmes.enrolment.rules import HOLDING
from programmes.notices.queries import EVENTS
from programmes.notices.rules import KINDS, OF_CHANGES


async def told_of(cohort_id: int, since: datetime | None, now: datetime) -> Told:
    """To how many of a cohort its changes of sessions have gone since a moment, None where nothing was changed; and whom any
    change of what is still to come has not reached, however long ago it was made."""
    row = await fetchrow(
        f"""with mine as (
                select n.enrolment_id, n.state, n.sent_at, n.created_at >= $3 as newly from notice n
                join enrolment e on e.id = n.enrolment_id
                where e.cohort_id = $1 and n.kind = any($4::text[]) and n.believed is distinct from '{{}}'
                  and e.state = any($6::text[])
                  and (n.created_at >= $3 or n.sent_at is null and n.state <> 'sent' and exists (
                      select from cohort_session s where s.ends_at > $5 and s.cohort_id = $1 and (s.id = n.session_id
                        or coalesce(n.believed, '{{}}')::jsonb ? s.id::text))))
            select count(distinct enrolment_id) filter (where state = 'sent' and newly)::int as sent,
                   count(distinct enrolment_id) filter (where state = 'waiting')::int as waiting,
                   count(distinct enrolment_id) filter (
                       where state in ('failed', 'no_channel') and sent_at is null)::int as missed,
                   count(distinct enrolment_id) filter (
                       where state in ('failed', 'no_channel') and sent_at is not null and newly)::int as by_staff,
                   exists (select from {EVENTS}) as pending from mine""",
        cohort_id,
        list(KINDS),
        since,
        sorted(OF_CHANGES),
        now,
        sorted(HOLDING),
    )
    return Told(**dict(row)) if row else Told()


async def last_change(cohort_id: int) -> datetime | None:
    """When a cohort's sessions were last changed."""
    found: datetime | None = await fetchval("select max(made_at) from session_change where cohort_id = $1", cohort_id)
    return found
