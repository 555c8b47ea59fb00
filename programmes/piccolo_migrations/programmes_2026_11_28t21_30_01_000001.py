"""Of several who say yes at once one stands in, and nobody is asked twice at a time."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T21:30:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "one substitute for each absence"

FORWARDS = [
    """create unique index one_substitute_for_each_absence on substitute_request (session_id, absent_id)
       where state = 'yes'""",
    """create unique index asked_once_at_a_time on substitute_request (session_id, absent_id, asked_id)
       where state = 'asked'""",
]
BACKWARDS = ["drop index one_substitute_for_each_absence", "drop index asked_once_at_a_time"]


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
