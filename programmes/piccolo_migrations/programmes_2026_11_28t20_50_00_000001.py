"""The worker's trace of time (decision 24)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import BigInt, SmallInt, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-28T20:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "clock trace"
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
    ("at", Timestamptz, {}),
    ("boot", Text, {}),
    ("seconds", BigInt, {}),
    ("doubted_since", Timestamptz, {"null": True}),
    ("doubt", Text, {"null": True}),
    ("confirmed_at", Timestamptz, {"null": True}),
]
CHECKS = [
    ("one_trace", "id = 1"),
    ("boot_is_an_id", "boot ~ '^[0-9a-f-]{0,36}$'"),
    ("known_doubt", "doubt in ('database', 'step', 'gap')"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="ClockTrace", tablename="clock_trace", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="ClockTrace",
            tablename="clock_trace",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for name, condition in CHECKS:
        manager.add_constraint(
            table_class_name="ClockTrace",
            tablename="clock_trace",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
