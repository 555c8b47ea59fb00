"""An address from which mail has come back is known as such until it is another one, or staff say that it works."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean

ID = "2026-11-30T07:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "an address that has bounced proves nothing"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="contact_bounced",
        db_column_name="contact_bounced",
        column_class_name="Boolean",
        column_class=Boolean,
        params={"primary_key": False, "unique": False, "index": False, "default": False, "null": False},
        schema=None,
    )
    return manager
