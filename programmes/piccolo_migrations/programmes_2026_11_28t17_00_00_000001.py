"""Retention: holds, choices, runs and their receipts, files for the archive, figures that outlive records."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, Boolean, Bytea, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-28T17:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "retention: holds, choices, runs, receipts, archive"


class Participant(Table, tablename="participant"):
    id = UUID(primary_key=True, default=None)


class Cohort(Table, tablename="cohort"):
    id = Serial(primary_key=True)


class CohortSession(Table, tablename="cohort_session"):
    id = Serial(primary_key=True)


class RetentionRun(Table, tablename="retention_run"):
    id = Serial(primary_key=True)


class ArchiveBatch(Table, tablename="archive_batch"):
    id = UUID(primary_key=True, default=None)


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


def _to(table: type[Table], on_delete: OnDelete = OnDelete.cascade, **more: object) -> dict[str, object]:
    return {
        "references": table,
        "on_delete": on_delete,
        "on_update": OnUpdate.cascade,
        "target_column": None,
        "default": None,
        **more,
    }


_KEY: dict[str, object] = {"primary_key": True}
_ID: dict[str, object] = {"default": None, "primary_key": True}
_ASKED: dict[str, object] = {"default": None}
_EMPTY: dict[str, object] = {"null": True, "default": None}
_ZERO: dict[str, object] = {"default": 0}
Columns = list[tuple[str, type[Column], dict[str, object]]]
TABLES: dict[tuple[str, str], Columns] = {
    ("RetentionHold", "retention_hold"): [
        ("id", Serial, _KEY),
        ("participant_id", ForeignKey, _to(Participant, index=True)),
        ("reason", Text, _ASKED),
        ("until", Date, _EMPTY),
        ("set_at", Timestamptz, _ASKED),
        ("set_by", Integer, _ASKED),
        ("lifted_at", Timestamptz, _EMPTY),
        ("lifted_by", Integer, _EMPTY),
    ],
    ("RetentionChoice", "retention_choice"): [
        ("id", Serial, _KEY),
        ("subject", Text, _ASKED),
        ("amount", Integer, _ASKED),
        ("decision", Text, _ASKED),
        ("staff_id", Integer, _ASKED),
        ("chosen_at", Timestamptz, _ASKED),
    ],
    ("RetentionRun", "retention_run"): [
        ("id", Serial, _KEY),
        ("night", Date, _ASKED),
        ("by_hand", Boolean, {"default": False}),
        ("state", Text, {"default": "running"}),
        ("started_at", Timestamptz, _ASKED),
        ("finished_at", Timestamptz, _EMPTY),
        ("due", Integer, _ZERO),
        ("gone", Integer, _ZERO),
        ("failed", Integer, _ZERO),
    ],
    ("RetentionReceipt", "retention_receipt"): [
        ("id", UUID, _ID),
        ("run_id", ForeignKey, _to(RetentionRun, OnDelete.restrict, null=True)),
        ("subject", Text, _ASKED),
        ("amount", Integer, _EMPTY),
        ("unit", Text, _EMPTY),
        ("gone", Integer, _EMPTY),
        ("day", Date, _ASKED),
    ],
    ("ArchiveBatch", "archive_batch"): [
        ("id", UUID, _ID),
        ("made_at", Timestamptz, _ASKED),
        ("made_by", Integer, _ASKED),
        ("records", Integer, _ZERO),
        ("digest", Bytea, _ASKED),
        ("confirmed_at", Timestamptz, _EMPTY),
        ("confirmed_by", Integer, _EMPTY),
    ],
    ("ArchiveItem", "archive_item"): [
        ("id", Serial, _KEY),
        ("batch_id", ForeignKey, _to(ArchiveBatch)),
        ("participant_id", ForeignKey, _to(Participant, index=True)),
    ],
    ("KeptFigure", "kept_figure"): [
        ("id", Serial, _KEY),
        ("cohort_id", ForeignKey, _to(Cohort)),
        ("session_id", ForeignKey, _to(CohortSession, null=True)),
        ("figure", Text, _ASKED),
        ("n", Integer, _ZERO),
    ],
}
CHECKS = [
    ("RetentionHold", "retention_hold", "known_reason_to_hold",
     "reason in ('request', 'complaint', 'court', 'supervision', 'error', 'archive')"),
    ("RetentionHold", "retention_hold", "lifted_by_somebody", "(lifted_at is null) = (lifted_by is null)"),
    ("RetentionChoice", "retention_choice", "chosen_subject_is_a_code", "subject ~ '^[a-z_]{1,40}$'"),
    ("RetentionChoice", "retention_choice", "sensible_amount", "amount between 1 and 400"),
    ("RetentionRun", "retention_run", "known_run_state", "state in ('running', 'done', 'no_keys', 'restoring', 'clock')"),
    ("RetentionRun", "retention_run", "a_run_that_is_over_has_an_end", "(state = 'running') = (finished_at is null)"),
    ("RetentionReceipt", "retention_receipt", "receipt_subject_is_a_code", "subject ~ '^[a-z_]{1,40}$'"),
    ("RetentionReceipt", "retention_receipt", "known_unit", "unit in ('days', 'months', 'years')"),
    ("ArchiveBatch", "archive_batch", "confirmed_by_somebody", "(confirmed_at is null) = (confirmed_by is null)"),
    ("KeptFigure", "kept_figure", "known_figure",
     "case when session_id is null then figure in ('preliminary', 'confirmed', 'queued', 'offered', 'completed',"
     " 'dropped_out', 'withdrawn', 'declined', 'expired', 'transferred', 'refused', 'came')"
     " else figure in ('present', 'excused', 'no_show') end"),
    ("KeptFigure", "kept_figure", "something_was_kept", "n > 0"),
]  # fmt: skip


def _add_column(
    manager: MigrationManager, class_name: str, tablename: str, name: str, column: type[Column], params: dict[str, object]
) -> None:
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


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for (class_name, tablename), columns in TABLES.items():
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        for name, column, params in columns:
            _add_column(manager, class_name, tablename, name, column, params)
    _add_column(manager, "Participant", "participant", "changed_at", Timestamptz, _EMPTY)
    for class_name, tablename, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="ArchiveItem",
        tablename="archive_item",
        constraint_name="once_in_a_file",
        constraint_class=Unique,
        params={"columns": ["batch_id", "participant_id"], "nulls_distinct": True},
        schema=None,
    )
    return manager
