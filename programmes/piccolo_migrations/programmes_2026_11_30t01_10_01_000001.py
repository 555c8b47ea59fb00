"""A documented series of talks that is over keeps no name that was typed either: programme and first day instead."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T01:10:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "no typed name of a series that is over"

# One that runs has calendars and messages that say its name; it gets ours when it is closed (decision 87).
NAME_ANEW = """
update cohort c set name = (p.data ->> 'short_name') || ', ' || to_char(d.day, 'FMDD') || ' '
    || (array['januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti', 'september', 'oktober',
              'november', 'december'])[extract(month from d.day)::int] || ' ' || to_char(d.day, 'YYYY')
from programme p, cohort o
cross join lateral (
    select coalesce((min(s.starts_at) filter (where s.state <> 'cancelled') at time zone 'Europe/Stockholm')::date,
                    o.decide_by) as day
    from cohort_session s where s.cohort_id = o.id) d
where o.id = c.id and p.id = c.programme_id and p.form = 'individual' and p.doc_level = 'individual'
  and c.state in ('closed', 'cancelled')
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(NAME_ANEW)

    async def run_back() -> None:
        """What was typed is gone, as is meant."""

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
