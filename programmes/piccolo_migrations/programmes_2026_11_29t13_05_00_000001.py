"""Marks of all slips that were printed for a box, used or not, until it is counted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import UUID, Bytea
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T13:05:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "printed slips"

_USUAL = {
    "default": None,
    "null": False,
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
    manager.add_table(class_name="PrintedSlip", tablename="printed_slip", schema=None, columns=None)
    for name, column, params in (("id", Bytea, {"primary_key": True}), ("ballot_id", UUID, {})):
        manager.add_column(
            table_class_name="PrintedSlip",
            tablename="printed_slip",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    return manager
