"""What was sent to the people of a cohort: kind and time, never text, and nobody by name."""

from collections.abc import Collection
from uuid import UUID

from programmes.core.db import fetch
from programmes.desk.group.sent_rules import Sending
from programmes.notices.bounce_services import BOUNCED_BEFORE
from programmes.notices.overtaken_queries import OVERTAKEN


async def sendings(cohort_id: int, most: int, still: Collection[UUID] = ()) -> list[Sending]:
    """The newest first. Each is counted once: who was told by staff as that, whatever became of the message. `still`: those
    that have not reached somebody and that staff have to tell."""
    rows = await fetch(
        f"""select n.kind, case when s.revised_at <= min(n.created_at) then s.starts_at end as session_starts,
                  max(n.created_at) as made_at,
                  max(n.sent_at) filter (where n.state = 'sent') as sent_at,
                  count(*) filter (where n.state = 'sent')::int as sent,
                  count(*) filter (where n.state = 'waiting' and not x.overtaken)::int as waiting,
                  count(*) filter (where n.state = 'failed' and n.sent_at is null and not x.overtaken
                                     and a.error is distinct from $3)::int as failed,
                  count(*) filter (where n.state = 'failed' and n.sent_at is null and not x.overtaken
                                     and a.error = $3)::int as doubted,
                  count(*) filter (where x.overtaken)::int as overtaken,
                  count(*) filter (where n.state = 'no_channel' and n.sent_at is null)::int as no_channel,
                  count(*) filter (where n.state in ('failed', 'no_channel') and n.sent_at is not null)::int as told,
                  coalesce(array_agg(distinct a.error) filter (where n.state = 'failed' and n.sent_at is null
                      and not x.overtaken and a.error is distinct from $3 and a.error is not null), '{{}}')
                      as errors
           from notice n join enrolment e on e.id = n.enrolment_id left join cohort_session s on s.id = n.session_id
           left join lateral (select error from notice_attempt where notice_id = n.id order by id desc limit 1) a on true
           cross join lateral (
               select n.sent_at is null and n.state in ('waiting', 'failed') and n.id <> all($4::uuid[])
                      and (n.state = 'failed' and a.error is not distinct from 'Outdated' or {OVERTAKEN}) as overtaken) x
           where e.cohort_id = $1
           group by n.kind, s.id, date_trunc('minute', n.created_at) order by made_at desc, n.kind, s.id limit $2""",
        cohort_id,
        most,
        BOUNCED_BEFORE,
        list(still),
    )
    return [Sending(**{**dict(row), "errors": tuple(row["errors"])}) for row in rows]
