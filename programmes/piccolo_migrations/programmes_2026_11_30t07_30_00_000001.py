"""When another address or number of somebody was given: what went to the old one says nothing of it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz

ID = "2026-11-30T07:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "when somebody's address was changed"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Participant",
        tablename="participant",
        column_name="contact_changed_at",
        db_column_name="contact_changed_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
