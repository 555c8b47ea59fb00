"""What a decision about a start leaves behind: who may move first, who can come then, and how it can be undone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, Boolean, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-29T10:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what a decision about a start leaves behind"


class Cohort(Table, tablename="cohort", schema=None):
    id = Serial(primary_key=True)


class Enrolment(Table, tablename="enrolment", schema=None):
    id = UUID(primary_key=True)


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
_OF_COHORT = {**_REFERS, "references": Cohort, "on_delete": OnDelete.cascade}
_OF_ENROLMENT = {**_REFERS, "references": Enrolment, "on_delete": OnDelete.cascade, "unique": True}
_OF_STAFF = {**_REFERS, "references": Staff, "on_delete": OnDelete.restrict}
RIGHT, CAN = ("FirstRight", "first_right"), ("CanThen", "can_then")
DECISION, STARTS = ("StartDecision", "start_decision"), ("YearlyStarts", "yearly_starts")
COLUMNS: list[tuple[tuple[str, str], str, type[Column], dict[str, object]]] = [
    (RIGHT, "id", Serial, {"primary_key": True}),
    (RIGHT, "cohort_id", ForeignKey, {**_OF_COHORT, "index": True}),
    (RIGHT, "from_cohort_id", ForeignKey, {**_OF_COHORT, "unique": True}),
    (RIGHT, "opened_at", Timestamptz, {}),
    (RIGHT, "until", Timestamptz, {}),
    (CAN, "id", Serial, {"primary_key": True}),
    (CAN, "enrolment_id", ForeignKey, _OF_ENROLMENT),
    (CAN, "asked_at", Timestamptz, {}),
    (CAN, "can", Boolean, {}),
    (DECISION, "state_before", Text, {"null": True}),
    (DECISION, "decide_before", Date, {"null": True}),
    (DECISION, "undone_at", Timestamptz, {"null": True}),
    (DECISION, "undone_by", ForeignKey, {**_OF_STAFF, "null": True}),
    (STARTS, "id", Serial, {"primary_key": True}),
    (STARTS, "section", Text, {"unique": True}),
    (STARTS, "number", Integer, {}),
    (STARTS, "staff_id", ForeignKey, _OF_STAFF),
    (STARTS, "set_at", Timestamptz, {}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename in (RIGHT, CAN, STARTS):
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
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
    for (class_name, tablename), name, condition in (
        (RIGHT, "first_right_elsewhere", "cohort_id <> from_cohort_id"),
        (DECISION, "known_state_before", "state_before in ('planned', 'open', 'postponed')"),
        (STARTS, "yearly_starts_sensible", "number between 0 and 12"),
    ):
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
