"""What staff were told in vain before may have been received."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T11:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "what staff were told in vain may have been received"

# The release that wrote it did not note when a message was handed over.
_TRIED = "update staff_message set handed_over_at = last_failure where state = 'waiting' and last_failure is not null"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(_TRIED)

    async def run_back() -> None:
        """The column goes."""

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
