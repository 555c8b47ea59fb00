"""When backups and rehearsals were made (decision 38)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-29T02:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "backup trace"
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
    ("name", Text, {"primary_key": True}),
    ("tried_at", Timestamptz, {}),
    ("done_at", Timestamptz, {"null": True}),
]
CHECKS = [("known_backup_trace", "name in ('backup', 'drill', 'restore')")]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="BackupTrace", tablename="backup_trace", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="BackupTrace",
            tablename="backup_trace",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for name, condition in CHECKS:
        manager.add_constraint(
            table_class_name="BackupTrace",
            tablename="backup_trace",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
