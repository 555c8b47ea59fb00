"""Closing: what was moved to the case system, and that working lists were erased."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-22T06:16:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "closing: what was moved, and that lists were erased"


class Cohort(Table, tablename="cohort"):
    id = Serial(primary_key=True)


class Staff(Table, tablename="staff"):
    id = Serial(primary_key=True)


def _refers(table: type[Table], on_delete: OnDelete) -> dict[str, object]:
    return {"references": table, "on_delete": on_delete, "on_update": OnUpdate.cascade, "target_column": None}


COLUMNS: dict[str, list[tuple[str, type[Column], dict[str, object]]]] = {
    "ErasureReceipt": [
        ("id", UUID, {"primary_key": True, "default": None}),
        ("cohort_id", Integer, {"null": True, "default": None}),
        ("section", Text, {"default": None}),
        ("form", Text, {"default": None}),
        ("level", Text, {"default": None}),
        ("rule", Text, {"default": None}),
        ("erased_on", Date, {"default": None}),
        ("staff_id", Integer, {"null": True, "default": None}),
    ],
    "CaseTransfer": [
        ("id", Serial, {"primary_key": True}),
        ("cohort_id", ForeignKey, {**_refers(Cohort, OnDelete.cascade), "unique": True}),
        ("confirmed_at", Timestamptz, {"default": None}),
        ("staff_id", ForeignKey, _refers(Staff, OnDelete.restrict)),
    ],
}
TABLES = {"ErasureReceipt": "erasure_receipt", "CaseTransfer": "case_transfer"}
CHECKS = {
    "known_rule": "rule in ('closing', 'cancelled', 'overdue')",
    "known_level": "level in ('names', 'count', 'held')",
}
_USUAL = {
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
    for name, tablename in TABLES.items():
        manager.add_table(class_name=name, tablename=tablename, schema=None, columns=None)
        for column_name, column, params in COLUMNS[name]:
            manager.add_column(
                table_class_name=name,
                tablename=tablename,
                column_name=column_name,
                db_column_name=column_name,
                column_class_name=column.__name__,
                column_class=column,
                params={**_USUAL, **params},
                schema=None,
            )
    for name, condition in CHECKS.items():
        manager.add_constraint(
            table_class_name="ErasureReceipt",
            tablename="erasure_receipt",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
