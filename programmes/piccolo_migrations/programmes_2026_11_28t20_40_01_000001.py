"""One mail a day to each member of staff whom something waits for."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import UUID, Date, Integer, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique

ID = "2026-11-28T20:40:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "one mail a day to each member of staff whom something waits for"

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
COLUMNS: list[tuple[str, type[Column], dict[str, Any]]] = [
    ("id", UUID, {"primary_key": True}),
    ("day", Date, {}),
    ("staff_id", Integer, {}),
    ("state", Text, {"default": "waiting"}),
    ("failures", Integer, {"default": 0}),
    ("last_failure", Timestamptz, {"null": True}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="StaffDigest", tablename="staff_digest", schema=None, columns=None)
    for name, kind, own in COLUMNS:
        manager.add_column(
            table_class_name="StaffDigest",
            tablename="staff_digest",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={**_USUAL, **own},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="StaffDigest",
        tablename="staff_digest",
        constraint_name="known_digest_state",
        constraint_class=Check,
        params={"condition": "state in ('waiting', 'sent', 'failed', 'nothing')"},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="StaffDigest",
        tablename="staff_digest",
        constraint_name="one_digest_a_day",
        constraint_class=Unique,
        params={"columns": ["day", "staff_id"], "nulls_distinct": True},
        schema=None,
    )
    return manager
