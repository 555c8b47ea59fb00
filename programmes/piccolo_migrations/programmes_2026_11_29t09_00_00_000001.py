"""For which first day it was said that somebody came to Sweden at most five years ago (2.19)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Date

ID = "2026-11-29T09:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "for which first day years were counted"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="ConditionMet",
        tablename="condition_met",
        column_name="counted_for",
        db_column_name="counted_for",
        column_class_name="Date",
        column_class=Date,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
