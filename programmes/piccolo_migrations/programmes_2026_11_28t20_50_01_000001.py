"""Where the worker has been at work before, its trace of time begins with the last nightly run that believed its clock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T20:50:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "where the clock trace begins"
_BEGIN = """insert into clock_trace (id, at, boot, seconds) select 1, max(started_at), '', 0 from retention_run
            where state not in ('running', 'clock') having max(started_at) is not null"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(_BEGIN)

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("delete from clock_trace")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
