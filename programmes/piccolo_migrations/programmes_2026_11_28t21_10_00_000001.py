"""Since when the gateway for texts has not answered as agreed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Integer, SmallInt, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-28T21:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "text gateway"
_USUAL: dict[str, object] = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
    "default": None,
}
COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", SmallInt, {"primary_key": True}),
    ("since", Timestamptz, {}),
    ("tries", Integer, {}),
    ("last_try", Timestamptz, {}),
]
CHECKS = [
    ("one_gateway", "id = 1"),
    ("tried_at_least_once", "tries > 0"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="TextGateway", tablename="text_gateway", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="TextGateway",
            tablename="text_gateway",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for name, condition in CHECKS:
        manager.add_constraint(
            table_class_name="TextGateway",
            tablename="text_gateway",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
