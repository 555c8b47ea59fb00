"""When the mail server, and when the gateway for texts, last took a message: each is judged by itself."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-30T09:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "mail and texts each by itself"
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
    ("medium", Text, {"primary_key": True}),
    ("took_at", Timestamptz, {}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="CarrierTrace", tablename="carrier_trace", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="CarrierTrace",
            tablename="carrier_trace",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="CarrierTrace",
        tablename="carrier_trace",
        constraint_name="known_medium",
        constraint_class=Check,
        params={"condition": "medium in ('mail', 'text')"},
        schema=None,
    )
    return manager
