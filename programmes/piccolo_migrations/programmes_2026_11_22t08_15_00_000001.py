"""A participant's own title for the calendar may say who they are: it lies sealed under their enrolment's key."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Bytea

ID = "2026-11-22T08:15:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "sealed titles of calendars"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.drop_column(table_class_name="Feed", tablename="feed", column_name="title", db_column_name="title", schema=None)
    manager.add_column(
        table_class_name="Feed",
        tablename="feed",
        column_name="sealed_title",
        db_column_name="sealed_title",
        column_class_name="Bytea",
        column_class=Bytea,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
