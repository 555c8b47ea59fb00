"""People who must not meet."""

from uuid import uuid4

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, ForeignKey, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-28T21:20:04:000001"
VERSION = "1.38.0"
DESCRIPTION = "people who must not meet"


class Enrolment(Table, tablename="enrolment", schema=None):
    id = UUID(primary_key=True, default=uuid4)


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
_OF_ENROLMENT: dict[str, object] = {
    "references": Enrolment,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}
COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", Serial, {"primary_key": True}),
    ("enrolment_id", ForeignKey, _OF_ENROLMENT),
    ("other_id", ForeignKey, {**_OF_ENROLMENT, "index": True}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="KeptApart", tablename="kept_apart", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="KeptApart",
            tablename="kept_apart",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="KeptApart",
        tablename="kept_apart",
        constraint_name="once_each_way",
        constraint_class=Unique,
        params={"columns": ["enrolment_id", "other_id"]},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="KeptApart",
        tablename="kept_apart",
        constraint_name="not_from_themselves",
        constraint_class=Check,
        params={"condition": "enrolment_id <> other_id"},
        schema=None,
    )
    return manager
