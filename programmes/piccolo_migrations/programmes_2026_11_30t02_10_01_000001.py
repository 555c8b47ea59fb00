"""How many there were to be at least when a start was decided, as that can be changed afterwards."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import SmallInt

ID = "2026-11-30T02:10:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "the minimum by which a start was decided"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="StartDecision",
        tablename="start_decision",
        column_name="minimum",
        db_column_name="minimum",
        column_class_name=SmallInt.__name__,
        column_class=SmallInt,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
