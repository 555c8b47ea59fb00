"""Siblings are found by the number they share; few rows have one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T13:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "siblings found quickly"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch("create index enrolment_together on enrolment (together_id) where together_id is not null")

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop index enrolment_together")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
