"""Who stands at which session, and whether somebody who works with a cohort stands at all of its sessions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import Boolean, ForeignKey, Serial, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Unique
from piccolo.table import Table

ID = "2026-11-28T21:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "who stands at which session"


class CohortSession(Table, tablename="cohort_session", schema=None):
    id = Serial(primary_key=True)


class Staff(Table, tablename="staff", schema=None):
    id = Serial(primary_key=True)


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
_REFERS: dict[str, object] = {"on_update": OnUpdate.cascade, "target_column": None}
_OF_SESSION = {**_REFERS, "references": CohortSession, "on_delete": OnDelete.cascade}
_OF_STAFF = {**_REFERS, "references": Staff, "on_delete": OnDelete.restrict, "index": True}
DUTY, WORKS = ("SessionDuty", "session_duty"), ("CohortStaff", "cohort_staff")
COLUMNS: list[tuple[tuple[str, str], str, type[Column], dict[str, object]]] = [
    (WORKS, "every_session", Boolean, {"default": True}),
    (DUTY, "id", Serial, {"primary_key": True}),
    (DUTY, "session_id", ForeignKey, _OF_SESSION),
    (DUTY, "staff_id", ForeignKey, _OF_STAFF),
    (DUTY, "starts_at", Timestamptz, {}),
    (DUTY, "ends_at", Timestamptz, {}),
    (DUTY, "cancelled", Boolean, {"default": False}),
    (DUTY, "given", Boolean, {"default": False}),
    (DUTY, "away", Boolean, {"default": False}),
    (DUTY, "meant", Boolean, {"default": False}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name=DUTY[0], tablename=DUTY[1], schema=None, columns=None)
    for (class_name, tablename), name, column, params in COLUMNS:
        manager.add_column(
            table_class_name=class_name,
            tablename=tablename,
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name=DUTY[0],
        tablename=DUTY[1],
        constraint_name="once_per_session",
        constraint_class=Unique,
        params={"columns": ["session_id", "staff_id"]},
        schema=None,
    )
    return manager
