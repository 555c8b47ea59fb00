"""When the newest backup, rehearsal of a restore, and restore were tried, and when one last succeeded.

`programmes backup` and `programmes restore` note it, `programmes doctor` reads it. A restored database brings back the trace
of its backup's time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from programmes.core.db import execute, fetch, transaction

Done = Literal["backup", "drill", "restore"]
# When somebody is told that the newest is old: the doctor, the page of how the service is, and deploy/prometheus/alerts.yml.
# A night's backup may take two hours more than the one before; a rehearsal is for each quarter (docs/operations.md).
BACKUP_IS_OLD, DRILL_IS_OLD = timedelta(hours=26), timedelta(days=100)
# The databases of this one's rehearsals: one runs, or was killed. Other municipalities may rehearse on the same server
# (decision 68), so the names have the number of the database; those of the release before have none, and go by their owner.
REHEARSALS = """
select d.datname from pg_database d, pg_database here
where here.datname = current_database() and (starts_with(d.datname, 'programmes_drill_' || here.oid || '_')
  or (d.datname ~ '^programmes_drill_[0-9a-f]{12}$' and d.datdba = here.datdba))
"""


@dataclass(frozen=True)
class Seen:
    """`tried_at` is the newest try, `done_at` the newest that succeeded, or None (UTC)."""

    tried_at: datetime
    done_at: datetime | None

    @property
    def failed(self) -> bool:
        """Whether the newest try failed."""
        return self.done_at is None or self.done_at < self.tried_at


async def note(name: Done, now: datetime, done: bool) -> None:
    """Leave the trace of a try."""
    async with transaction():
        await execute(
            """insert into backup_trace (name, tried_at, done_at) values ($1, $2, case when $3 then $2::timestamptz end)
               on conflict (name) do update set tried_at = excluded.tried_at,
                 done_at = coalesce(excluded.done_at, backup_trace.done_at)""",
            name,
            now,
            done,
        )


async def seen() -> dict[str, Seen]:
    """The trace of each that was ever tried."""
    return {row["name"]: Seen(row["tried_at"], row["done_at"]) for row in await fetch("table backup_trace")}
