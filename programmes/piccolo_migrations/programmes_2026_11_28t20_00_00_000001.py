"""Which roles groups of single sign-on may give: written by `migrate` from the settings, read by `admit_subject`."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Serial, Text
from piccolo.constraints import Check, Unique

ID = "2026-11-28T20:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "roles that groups may give"

_USUAL: dict[str, object] = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "choices": None,
    "db_column_name": None,
    "secret": False,
    "default": None,
}
COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", Serial, {"primary_key": True}),
    ("role", Text, {}),
    ("section", Text, {"default": ""}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="GroupRole", tablename="group_role", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="GroupRole",
            tablename="group_role",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="GroupRole",
        tablename="group_role",
        constraint_name="known_role_of_a_group",
        constraint_class=Check,
        params={"condition": "role in ('leader', 'coordinator', 'manager', 'administrator')"},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="GroupRole",
        tablename="group_role",
        constraint_name="one_line_per_role",
        constraint_class=Unique,
        params={"columns": ["role", "section"], "nulls_distinct": True},
        schema=None,
    )
    return manager
