"""Records are found by keyed hashes of exact terms."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, BigSerial, Bytea, ForeignKey, Text
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-28T14:04:27:000001"
VERSION = "1.38.0"
DESCRIPTION = "records are found"


class Participant(Table, tablename="participant", schema=None):
    id = UUID(primary_key=True, default=None)


_USUAL: dict[str, Any] = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
_PERSON: dict[str, Any] = {
    "references": Participant,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}
_COLUMNS: tuple[tuple[str, type[Column], dict[str, Any]], ...] = (
    ("id", BigSerial, {**_USUAL, "primary_key": True}),
    ("participant_id", ForeignKey, {**_USUAL, **_PERSON}),
    ("kind", Text, {**_USUAL, "default": None}),
    ("digest", Bytea, {**_USUAL, "default": None}),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    table: dict[str, Any] = {"table_class_name": "PersonLookup", "tablename": "person_lookup", "schema": None}
    manager.add_table(class_name="PersonLookup", tablename="person_lookup", schema=None, columns=None)
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
        constraint_name="known_kind_of_term",
        constraint_class=Check,
        params={"condition": "kind in ('number', 'name', 'contact')"},
        **table,
    )
    manager.add_constraint(
        constraint_name="one_term_of_a_kind",
        constraint_class=Unique,
        params={"columns": ["participant_id", "kind"], "nulls_distinct": True},
        **table,
    )
    return manager
