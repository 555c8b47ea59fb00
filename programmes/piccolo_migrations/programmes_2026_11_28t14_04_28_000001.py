"""A search asks for the term first, whoever's it is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T14:04:28:000001"
VERSION = "1.38.0"
DESCRIPTION = "records by their terms"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch("create index person_lookup_by_term on person_lookup (digest, kind)")

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop index person_lookup_by_term")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
