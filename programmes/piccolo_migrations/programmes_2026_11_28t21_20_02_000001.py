"""Changes of sessions that can be undone, and from when somebody who takes over is on duty."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import Date, ForeignKey, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-28T21:20:02:000001"
VERSION = "1.38.0"
DESCRIPTION = "changes of sessions that can be undone"


class Cohort(Table, tablename="cohort", schema=None):
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
_OF_COHORT = {**_REFERS, "references": Cohort, "on_delete": OnDelete.cascade, "index": True}
_OF_STAFF = {**_REFERS, "references": Staff, "on_delete": OnDelete.restrict}
CHANGE, WORKS = ("SessionChange", "session_change"), ("CohortStaff", "cohort_staff")
COLUMNS: list[tuple[tuple[str, str], str, type[Column], dict[str, object]]] = [
    (WORKS, "duty_from", Date, {"null": True}),
    (CHANGE, "id", Serial, {"primary_key": True}),
    (CHANGE, "cohort_id", ForeignKey, _OF_COHORT),
    (CHANGE, "kind", Text, {}),
    (CHANGE, "staff_id", ForeignKey, _OF_STAFF),
    (CHANGE, "made_at", Timestamptz, {}),
    (CHANGE, "undone_at", Timestamptz, {"null": True}),
    (CHANGE, "before", Text, {}),
    (CHANGE, "after", Text, {}),
]
_KNOWN = "kind in ('move', 'move_rest', 'cancel', 'replace', 'leader', 'leader_rest', 'undo')"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name=CHANGE[0], tablename=CHANGE[1], schema=None, columns=None)
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
        table_class_name=CHANGE[0],
        tablename=CHANGE[1],
        constraint_name="known_change",
        constraint_class=Check,
        params={"condition": _KNOWN},
        schema=None,
    )
    return manager
