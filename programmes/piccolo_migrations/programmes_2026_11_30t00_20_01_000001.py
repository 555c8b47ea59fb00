"""Study visits that were cancelled, or brought back with the start that they belong to, have changed once or twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T00:20:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "sequence of study visits so far"

FORWARDS = [
    "update visit_slot set sequence = 1, revised_at = cancelled_at where cancelled_at is not null",
    # Calendars have seen those of a start that was cancelled as changed once, and nothing says which these were.
    """update visit_slot v set sequence = 2, revised_at = d.at
       from (select cohort_id, max(undone_at) as at from start_decision
             where decision = 'cancel' and undone_at is not null group by cohort_id) d
       where d.cohort_id = v.cohort_id and v.cancelled_at is null""",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        """What was written down goes with its columns."""

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
