"""The database knows which folders of keys its rows belong to."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Bytea, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-28T16:45:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "folders of keys are known"

_USUAL: dict[str, Any] = {
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
_COLUMNS: tuple[tuple[str, type[Column], dict[str, Any]], ...] = (
    ("name", Text, {**_USUAL, "primary_key": True}),
    ("mark", Bytea, _USUAL),
    ("noted_at", Timestamptz, _USUAL),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    table: dict[str, Any] = {"table_class_name": "KeyFolderMark", "tablename": "key_folder", "schema": None}
    manager.add_table(class_name="KeyFolderMark", tablename="key_folder", schema=None, columns=None)
    for name, column, params in _COLUMNS:
        manager.add_column(
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params=params,
            **table,
        )
    manager.add_constraint(
        constraint_name="known_folder_of_keys",
        constraint_class=Check,
        params={"condition": "name in ('keys', 'ballots')"},
        **table,
    )
    return manager
