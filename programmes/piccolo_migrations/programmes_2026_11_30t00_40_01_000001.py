"""Of calendars that have ended the day is kept, no moment: with others those told how many were in a group, and when."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T00:40:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "days of ended calendars"

DAYS_ONLY = """
update feed set created_at = date_trunc('day', created_at, 'UTC'), revoked_at = date_trunc('day', revoked_at, 'UTC'),
                revised_at = date_trunc('day', revoked_at, 'UTC'), body_digest = null
where revoked_at is not null
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(DAYS_ONLY)

    async def run_back() -> None:
        """The moments are gone, as is meant."""

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
