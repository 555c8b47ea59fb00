"""What was said before was said for the first day that the age was judged for."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T09:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "what was said before was for the day the age was judged for"

_SAID = """update condition_met m set counted_for = e.declared_for from enrolment e
    where e.id = m.enrolment_id and m.condition = 'arrived_within_five_years'"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(_SAID)

    async def run_back() -> None:
        """The column goes."""

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
