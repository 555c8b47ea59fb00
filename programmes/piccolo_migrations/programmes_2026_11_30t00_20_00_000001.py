"""How often a study visit has changed, and when last: what calendars compare."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Integer, Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T00:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "sequence of study visits"

_USUAL = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for name, column, params in (
        ("sequence", Integer, {"default": 0, "null": False}),
        ("revised_at", Timestamptz, {"default": None, "null": True}),
    ):
        manager.add_column(
            table_class_name="VisitSlot",
            tablename="visit_slot",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    return manager
