"""What the guideline says for all sections is kept with its edition, so that another one is compared in that too."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import JSONB

ID = "2026-11-30T02:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what an edition says for all sections"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Edition",
        tablename="edition",
        column_name="facts",
        db_column_name="facts",
        column_class_name=JSONB.__name__,
        column_class=JSONB,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
