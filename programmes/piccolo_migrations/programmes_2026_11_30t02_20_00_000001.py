"""A series of talks that runs keeps no name that was typed either: programme and first day instead, and a number where
another one is called so."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T02:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "no typed name of a series that runs"

# What is ours already stays: also with the day that a series was to begin, or a number that tells two apart.
_MONTHS = "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december"
NAME_ANEW = rf"""
with typed as (
    select c.id, (p.data ->> 'short_name') || ', ' || to_char(d.day, 'FMDD') || ' '
        || (string_to_array('{_MONTHS}', '|'))[extract(month from d.day)::int] || ' ' || to_char(d.day, 'YYYY') as ours
    from cohort c join programme p on p.id = c.programme_id
    cross join lateral (
        select coalesce((min(s.starts_at) filter (where s.state <> 'cancelled') at time zone 'Europe/Stockholm')::date,
                        c.decide_by) as day
        from cohort_session s where s.cohort_id = c.id) d
    where p.form = 'individual' and not (
        starts_with(c.name, (p.data ->> 'short_name') || ', ')
        and substr(c.name, length(p.data ->> 'short_name') + 3) ~ '^[0-9]{{1,2}} ({_MONTHS}) [0-9]{{4}}( \([0-9]+\))?$')
), counted as (
    select t.id, t.ours, row_number() over (partition by t.ours order by t.id)
        + coalesce((select max(coalesce(substring(o.name from ' \(([0-9]{{1,6}})\)$')::int, 1))
                    from cohort o where o.id not in (select id from typed)
                      and (o.name = t.ours or starts_with(o.name, t.ours || ' ('))), 0) as n
    from typed t
)
update cohort c set name = counted.ours || case when counted.n = 1 then '' else ' (' || counted.n || ')' end
from counted where counted.id = c.id
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
