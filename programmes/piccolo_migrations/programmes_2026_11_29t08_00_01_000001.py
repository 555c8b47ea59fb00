"""What was tried in vain before may have been received."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T08:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "what was tried in vain may have been received"

# Unless it was kept back. The release that wrote it did not note when a message was handed over.
_TRIED = """update notice n set handed_over_at = a.last from (
    select notice_id, max(failed_at) as last from notice_attempt where error not in ('Outdated', 'TimesToAvoid')
    group by notice_id) a where a.notice_id = n.id and n.sent_at is null and n.state <> 'sent'"""


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
