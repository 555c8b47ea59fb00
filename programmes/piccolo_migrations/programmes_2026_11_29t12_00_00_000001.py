"""The year's report, as it was established."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-29T12:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the year's report"


class Staff(Table, tablename="staff"):
    id = Serial(primary_key=True)


_USUAL = {
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
_BY_SOMEBODY = {
    "references": Staff,
    "on_delete": OnDelete.restrict,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}
_COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", Serial, {"primary_key": True}),
    ("year", Integer, {"unique": True}),
    ("content", Text, {}),
    ("established_at", Timestamptz, {}),
    ("established_by", ForeignKey, _BY_SOMEBODY),
]
_CHECKS = [
    ("report_year_is_a_year", "year between 2000 and 9999"),
    ("report_has_content", "length(content) between 2 and 1000000"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="AnnualReport", tablename="annual_report", schema=None, columns=None)
    for name, column, params in _COLUMNS:
        manager.add_column(
            table_class_name="AnnualReport",
            tablename="annual_report",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for name, condition in _CHECKS:
        manager.add_constraint(
            table_class_name="AnnualReport",
            tablename="annual_report",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
