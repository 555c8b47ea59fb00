"""What was sent to the people of a cohort: kind and time, never text, and nobody by name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from programmes.core.db import fetch
from programmes.desk.group.sent_rules import Sending
from programmes.notices.bounce_services import BOUNCED_BEFORE
from programmes.notices.leaving_rules import NOW, Leaving, last
from programmes.notices.overtaken_queries import OVERTAKEN, told_again

_NOT_KNOWN: Mapping[UUID, Leaving] = {}


async def sendings(
    cohort_id: int, most: int, still: Collection[UUID] = (), leaving: Mapping[UUID, Leaving] = _NOT_KNOWN
) -> list[Sending]:
    """The newest first. Each message is counted once, and of those that went to nobody the people: who was told by staff as
    that, whatever became of the message. `still`: those that have not reached somebody and that staff have to tell.
    `leaving`: when each that waits may go."""
    rows = await fetch(
        f"""select n.kind, x.again, case when s.revised_at <= min(n.created_at) then s.starts_at end as session_starts,
                  max(n.created_at) as made_at,
                  max(n.sent_at) filter (where n.state = 'sent') as sent_at,
                  min(n.sent_at) filter (where n.state = 'sent') as first_sent_at,
                  count(*) filter (where n.state = 'sent')::int as sent,
                  count(*) filter (where n.state = 'waiting' and not x.overtaken)::int as waiting,
                  array_agg(n.id) filter (where n.state = 'waiting' and not x.overtaken) as waiting_ids,
                  count(*) filter (where n.state = 'failed' and n.sent_at is null and not x.overtaken
                                     and a.error is distinct from $3)::int as failed,
                  count(*) filter (where n.state = 'failed' and n.sent_at is null and not x.overtaken
                                     and a.error = $3)::int as doubted,
                  count(*) filter (where x.overtaken)::int as overtaken,
                  count(distinct e.id) filter (where n.state = 'no_channel' and n.sent_at is null)::int as no_channel,
                  count(distinct e.id) filter (where n.state in ('failed', 'no_channel')
                                                 and n.sent_at is not null)::int as told,
                  coalesce(array_agg(distinct a.error) filter (where n.state = 'failed' and n.sent_at is null
                      and not x.overtaken and a.error is distinct from $3 and a.error is not null), '{{}}')
                      as errors
           from notice n join enrolment e on e.id = n.enrolment_id left join cohort_session s on s.id = n.session_id
           left join lateral (select error from notice_attempt where notice_id = n.id order by id desc limit 1) a on true
           cross join lateral (
               select n.sent_at is null and n.state in ('waiting', 'failed') and n.id <> all($4::uuid[])
                      and (n.state = 'failed' and a.error is not distinct from 'Outdated' or {OVERTAKEN}) as overtaken,
                      {told_again("n")} as again) x
           where e.cohort_id = $1
           group by n.kind, x.again, s.id, date_trunc('minute', n.created_at)
           order by made_at desc, n.kind, s.id limit $2""",
        cohort_id,
        most,
        BOUNCED_BEFORE,
        list(still),
    )
    found = []
    for row in rows:
        of_row = {key: value for key, value in row.items() if key != "waiting_ids"}
        sending = Sending(**{**of_row, "errors": tuple(row["errors"])})
        found.append(_apart(sending, [leaving.get(number, NOW) for number in row["waiting_ids"] or ()]))
    return found


def _apart(sending: Sending, goes: Sequence[Leaving]) -> Sending:
    """What waits for its time, and what will not go in time, apart from what is on its way."""
    held, late = sum(bool(one.at) for one in goes), sum(bool(one.missed) for one in goes)
    return replace(sending, waiting=sending.waiting - held - late, held=held, held_until=last(goes), late=late)
