"""Since when another study visit has to be booked: who loses one that was booked has time for the next."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz

ID = "2026-11-28T21:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "a study visit to book anew"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="visit_anew_since",
        db_column_name="visit_anew_since",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
