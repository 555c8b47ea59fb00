"""Groups that were counted by themselves before know their release."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T02:30:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "own words of groups counted before"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch("update ballot b set release_id = r.id from release r where r.cohort_id = b.cohort_id")

    manager.add_raw(run)
    return manager
