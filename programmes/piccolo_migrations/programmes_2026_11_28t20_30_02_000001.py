"""No room holds two groups at once, unless somebody has said that they share it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T20:30:02:000001"
VERSION = "1.38.0"
DESCRIPTION = "no room holds two groups at once"

# What was planned doubly before stands as shared. Ranges of one number stand in for equality, so that no extension is
# needed; deferrable, so that a statement that moves several sessions is judged by where they end up. The release before
# warned of a room that is taken and then saved: until it is replaced such a save is refused.
FORWARDS = [
    """update cohort_session s set shares_room = true where s.state <> 'cancelled' and exists (
           select 1 from cohort_session o where o.venue_id = s.venue_id and o.state <> 'cancelled' and o.id <> s.id
             and o.starts_at < s.ends_at and o.ends_at > s.starts_at)""",
    """alter table cohort_session add constraint one_group_per_room exclude using gist (
           int4range(venue_id, venue_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&)
       where (state <> 'cancelled' and not shares_room) deferrable initially immediate""",
]
BACKWARDS = ["alter table cohort_session drop constraint one_group_per_room"]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        from programmes.core.db import fetch

        for statement in BACKWARDS:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
