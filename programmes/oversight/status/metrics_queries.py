"""What waits, for whoever watches over the service. Of all together, and nothing by which people are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from programmes.core.clock import local_date
from programmes.core.db import fetchrow
from programmes.oversight.retention import queries as retention_queries


@dataclass(frozen=True)
class Waiting:
    """Counts by the name of their metric, and when the worker was last at work, by its own clock; None: never."""

    counts: Mapping[str, int]
    worker_at: datetime | None


_LATE = "$1::timestamptz - interval '10 minutes'"
# What may be a person's doing is told as yes or no, or by whole tens: no step of it is one person's (decision 71).
_COUNTS = f"""
select (select count(*) / 10 * 10 from pgqueuer where status = 'queued')::int as jobs,
       exists (select from pgqueuer where status = 'queued'
               and greatest(created, execute_after) < now() - interval '10 minutes')::int as jobs_late,
       exists (select from enrolment where state = 'offered' and offer_expires_at < {_LATE})::int as offers_late,
       n.messages_late, n.messages_held, n.messages_failed,
       (select at from clock_trace) as worker_at
from (select coalesce(bool_or(state = 'waiting' and look_again_at is null and created_at < {_LATE}), false)::int
                 as messages_late,
             coalesce(bool_or(state = 'waiting' and look_again_at is not null), false)::int as messages_held,
             (count(*) filter (where state = 'failed' and created_at > $1::timestamptz - interval '1 day') / 10 * 10)::int
                 as messages_failed
      from notice where state in ('waiting', 'failed')) n
"""


async def waiting(now: datetime) -> Waiting:
    """As it is now. `…_late` says whether anything should have been done ten minutes ago or more."""
    row = await fetchrow(_COUNTS, now)
    assert row is not None
    counts = dict(row)
    worker_at = counts.pop("worker_at")
    today = local_date(now)
    counts["lists_due"] = int(any(day < today for day in await retention_queries.lists_due()))
    # Of documented persons, who may be counted.
    counts["records_due"] = len(await retention_queries.due_records(today))
    return Waiting(counts, worker_at)
