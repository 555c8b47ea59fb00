"""For which first day an age was ticked, so that it is asked for again when that day moves (promise 2)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Date

ID = "2026-11-22T08:35:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the day an age was declared for"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="declared_for",
        db_column_name="declared_for",
        column_class_name="Date",
        column_class=Date,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
