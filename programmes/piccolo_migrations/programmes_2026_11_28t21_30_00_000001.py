"""Calls about a change, who is asked to stand in for whom, and what members of staff are told at once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, Boolean, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-28T21:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "calls about a change, substitutes asked, what staff are told at once"


class Notice(Table, tablename="notice", schema=None):
    id = UUID(primary_key=True, default=None)


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


def _to(table: type[Table], on_delete: OnDelete, index: bool = False) -> dict[str, object]:
    return {
        "references": table,
        "on_delete": on_delete,
        "on_update": OnUpdate.cascade,
        "target_column": None,
        "index": index,
    }


_KEPT, _GOES = OnDelete.restrict, OnDelete.cascade
TABLES: list[tuple[str, str, list[tuple[str, type[Column], dict[str, object]]], list[tuple[str, str]]]] = [
    (
        "NoticeCall",
        "notice_call",
        [
            ("id", Serial, {"primary_key": True}),
            ("notice_id", ForeignKey, _to(Notice, _GOES, index=True)),
            ("at", Timestamptz, {}),
            ("reached", Boolean, {"default": False}),
        ],
        [],
    ),
    (
        "SubstituteRequest",
        "substitute_request",
        [
            ("id", Serial, {"primary_key": True}),
            ("session_id", ForeignKey, _to(CohortSession, _GOES, index=True)),
            ("absent_id", ForeignKey, _to(Staff, _KEPT)),
            ("asked_id", ForeignKey, _to(Staff, _KEPT, index=True)),
            ("asked_by", Integer, {}),
            ("asked_at", Timestamptz, {}),
            ("answer_by", Timestamptz, {}),
            ("for_start", Timestamptz, {}),
            ("state", Text, {"default": "asked"}),
            ("ended_at", Timestamptz, {"null": True}),
        ],
        [
            ("known_request_state", "state in ('asked', 'yes', 'no', 'withdrawn', 'taken', 'over')"),
            ("nobody_stands_in_for_themselves", "absent_id <> asked_id"),
            ("open_until_it_ends", "(state = 'asked') = (ended_at is null)"),
        ],
    ),
    (
        "StaffMessage",
        "staff_message",
        [
            ("id", UUID, {"primary_key": True}),
            ("staff_id", ForeignKey, _to(Staff, _KEPT)),
            ("session_id", ForeignKey, _to(CohortSession, _GOES)),
            ("kind", Text, {}),
            ("state", Text, {"default": "waiting"}),
            ("created_at", Timestamptz, {}),
            ("failures", Integer, {"default": 0}),
            ("last_failure", Timestamptz, {"null": True}),
        ],
        [
            ("known_staff_message", "kind in ('asked', 'not_needed', 'found', 'nobody', 'alone', 'moved', 'cancelled')"),
            ("known_staff_message_state", "state in ('waiting', 'sent', 'failed', 'outrun')"),
        ],
    ),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename, columns, checks in TABLES:
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        for name, column, params in columns:
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
        for name, condition in checks:
            manager.add_constraint(
                table_class_name=class_name,
                tablename=tablename,
                constraint_name=name,
                constraint_class=Check,
                params={"condition": condition},
                schema=None,
            )
    return manager
