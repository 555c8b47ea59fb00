"""What waits, for whoever watches over the service. Of all together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from programmes.core import erasure
from programmes.core.clock import local_date
from programmes.core.db import fetchrow
from programmes.oversight.retention import queries as retention_queries


@dataclass(frozen=True)
class Waiting:
    """Counts by the name of their metric; when the worker was last at work, by its own clock, and when a backup and a
    rehearsal of a restore last succeeded. None: never."""

    counts: Mapping[str, int]
    worker_at: datetime | None
    backup_at: datetime | None
    drill_at: datetime | None


_LATE = "$1::timestamptz - interval '10 minutes'"
_COUNTS = f"""
select (select count(*) from pgqueuer where status = 'queued')::int as jobs,
       (select count(*) from pgqueuer where status = 'queued'
        and greatest(created, execute_after) < now() - interval '10 minutes')::int as jobs_late,
       (select count(*) from enrolment where state = 'offered' and offer_expires_at < {_LATE})::int as offers_late,
       (select count(*) from key_destruction where intended_at < $1 - $2::interval)::int as keys_late,
       n.messages_late, n.messages_held, n.messages_failed,
       (select at from clock_trace) as worker_at,
       (select done_at from backup_trace where name = 'backup') as backup_at,
       (select done_at from backup_trace where name = 'drill') as drill_at
from (select (count(*) filter (where state = 'waiting' and look_again_at is null and created_at < {_LATE}))::int
                 as messages_late,
             (count(*) filter (where state = 'waiting' and look_again_at is not null))::int as messages_held,
             (count(*) filter (where state = 'failed' and created_at > $1::timestamptz - interval '1 day'))::int
                 as messages_failed
      from notice where state in ('waiting', 'failed')) n
"""


async def waiting(now: datetime) -> Waiting:
    """As it is now. `…_late` is what should have been done ten minutes ago or more."""
    row = await fetchrow(_COUNTS, now, erasure.LATE)
    assert row is not None
    counts = dict(row)
    moments = [counts.pop(name) for name in ("worker_at", "backup_at", "drill_at")]
    today = local_date(now)
    counts["lists_due"] = sum(day < today for day in await retention_queries.lists_due())
    # Of documented persons, who may be counted.
    counts["records_due"] = len(await retention_queries.due_records(today))
    return Waiting(counts, *moments)
