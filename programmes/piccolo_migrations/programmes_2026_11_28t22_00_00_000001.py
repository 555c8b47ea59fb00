"""Which cancelled session one at the end makes up for: of several that were cancelled each message names its own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer

ID = "2026-11-28T22:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what a session at the end makes up for"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="CohortSession",
        tablename="cohort_session",
        column_name="makes_up_for",
        db_column_name="makes_up_for",
        column_class_name="Integer",
        column_class=Integer,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
