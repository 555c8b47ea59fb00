"""The access log, the chain over it, its days and checks, the monthly review, and where managers get their mail."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Serial,
    Text,
    Timestamptz,
)
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-28T14:12:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the access log"


class LookReview(Table, tablename="look_review"):
    month = Date(primary_key=True, default=None)


class LookReviewLine(Table, tablename="look_review_line"):
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
}
_EMPTY: dict[str, Any] = {"default": None}
_OPTIONAL: dict[str, Any] = {"null": True, "default": None}
_KEY: dict[str, Any] = {"primary_key": True, "default": None}
_NUMBERED: dict[str, Any] = {"primary_key": True}
_WITH_IT: dict[str, Any] = {"on_delete": OnDelete.cascade, "on_update": OnUpdate.cascade, "target_column": None}
TABLES = {
    "LookReviewLine": "look_review_line",
    "ChainCheck": "chain_check",
    "LookReview": "look_review",
    "LookReviewMark": "look_review_mark",
    "LookDay": "look_day",
    "RetentionRule": "retention_rule",
    "LogDigest": "log_digest",
    "RecordLook": "record_look",
    "LookCheckpoint": "look_checkpoint",
    "LookLink": "look_link",
    "LookReviewSigned": "look_review_signed",
}
COLUMNS: list[tuple[str, str, type[Column], dict[str, Any]]] = [
    ("LookReviewLine", "id", Serial, _NUMBERED),
    ("LookReviewLine", "month", ForeignKey, {"references": LookReview, **_WITH_IT}),
    ("LookReviewLine", "kind", Text, _EMPTY),
    ("LookReviewLine", "staff_id", Integer, _EMPTY),
    ("LookReviewLine", "cohort_id", Integer, _OPTIONAL),
    ("LookReviewLine", "look_ids", Array, {"default": list, "base_column": BigInt()}),
    ("ChainCheck", "scope", Text, _KEY),
    ("ChainCheck", "at", Timestamptz, _EMPTY),
    ("ChainCheck", "through", BigInt, _EMPTY),
    ("ChainCheck", "head", Bytea, _EMPTY),
    ("ChainCheck", "broken_at", BigInt, _OPTIONAL),
    ("ChainCheck", "fault", Text, _OPTIONAL),
    ("ChainCheck", "waiting_since", Timestamptz, _OPTIONAL),
    ("LookReview", "month", Date, _KEY),
    ("LookReview", "seed", Text, _EMPTY),
    ("LookReview", "lines", Integer, {"default": 0}),
    ("LookReview", "made_at", Timestamptz, _EMPTY),
    ("LookReviewMark", "id", Serial, _NUMBERED),
    ("LookReviewMark", "line_id", ForeignKey, {"references": LookReviewLine, **_WITH_IT}),
    ("LookReviewMark", "outcome", Text, _EMPTY),
    ("LookReviewMark", "staff_id", Integer, _EMPTY),
    ("LookReviewMark", "at", Timestamptz, _EMPTY),
    ("LookDay", "day", Date, _KEY),
    ("LookDay", "position", BigInt, _EMPTY),
    ("LookDay", "head", Bytea, _EMPTY),
    ("LookDay", "lines", Integer, {"default": 0}),
    ("LookDay", "made_at", Timestamptz, _EMPTY),
    ("RetentionRule", "subject", Text, _KEY),
    ("RetentionRule", "years", Integer, _EMPTY),
    ("LogDigest", "id", UUID, _KEY),
    ("LogDigest", "day", Date, _EMPTY),
    ("LogDigest", "staff_id", Integer, _EMPTY),
    ("LogDigest", "state", Text, {"default": "waiting"}),
    ("LogDigest", "failures", Integer, {"default": 0}),
    ("LogDigest", "last_failure", Timestamptz, _OPTIONAL),
    ("RecordLook", "id", BigSerial, _NUMBERED),
    ("RecordLook", "at", Timestamptz, _EMPTY),
    ("RecordLook", "staff_id", Integer, _EMPTY),
    ("RecordLook", "participant_id", UUID, {"default": None, "index": True}),
    ("RecordLook", "cohort_id", Integer, _EMPTY),
    ("RecordLook", "page", Text, _EMPTY),
    ("RecordLook", "reason", Text, _OPTIONAL),
    ("RecordLook", "protected", Boolean, {"default": False}),
    ("RecordLook", "own_name", Boolean, {"default": False}),
    ("LookCheckpoint", "through_position", BigInt, _KEY),
    ("LookCheckpoint", "from_position", BigInt, _EMPTY),
    ("LookCheckpoint", "head", Bytea, _EMPTY),
    ("LookCheckpoint", "before", Date, _EMPTY),
    ("LookCheckpoint", "made_at", Timestamptz, _EMPTY),
    ("LookCheckpoint", "mac", Bytea, _EMPTY),
    ("LookLink", "position", BigInt, _KEY),
    ("LookLink", "look_id", BigInt, {"default": None, "null": True, "unique": True}),
    ("LookLink", "lost_from", BigInt, _OPTIONAL),
    ("LookLink", "mac", Bytea, _EMPTY),
    ("LookReviewSigned", "id", Serial, _NUMBERED),
    ("LookReviewSigned", "month", ForeignKey, {"references": LookReview, **_WITH_IT, "unique": True}),
    ("LookReviewSigned", "staff_id", Integer, _EMPTY),
    ("LookReviewSigned", "at", Timestamptz, _EMPTY),
    ("Staff", "email", Text, _OPTIONAL),
]
CONSTRAINTS: list[tuple[str, str, type[Check] | type[Unique], dict[str, Any]]] = [
    (
        "LookReviewLine",
        "known_kind",
        Check,
        {"condition": "kind in ('sample', 'night', 'day_off', 'own_name', 'many', 'protected', 'left', 'reveals')"},
    ),
    ("ChainCheck", "known_scope", Check, {"condition": "scope in ('newest', 'all')"}),
    ("ChainCheck", "broken_somehow", Check, {"condition": "(broken_at is null) = (fault is null)"}),
    ("LookReviewMark", "known_outcome", Check, {"condition": "outcome in ('in_order', 'ask')"}),
    ("RetentionRule", "sensible_years", Check, {"condition": "years between 1 and 100"}),
    ("LogDigest", "known_state", Check, {"condition": "state in ('waiting', 'sent', 'failed')"}),
    ("LogDigest", "one_mail_a_day", Unique, {"columns": ["day", "staff_id"], "nulls_distinct": True}),
    (
        "RecordLook",
        "known_page",
        Check,
        {
            "condition": "page in ('group', 'person', 'correct', 'age', 'refuse', 'transfer', 'roll_call', 'print', 'ring',"
            " 'today', 'queue', 'queue_export', 'visits', 'readings', 'search')"
        },
    ),
    ("RecordLook", "known_reason", Check, {"condition": "reason in ('extract', 'handover', 'correction', 'question')"}),
    ("LookLink", "a_line_or_a_loss", Check, {"condition": "(look_id is null) <> (lost_from is null)"}),
    ("LookLink", "places_count_from_one", Check, {"condition": "position > 0"}),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename in TABLES.items():
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
    for class_name, name, column, params in COLUMNS:
        manager.add_column(
            table_class_name=class_name,
            tablename=TABLES.get(class_name, "staff"),
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for class_name, name, kind, params in CONSTRAINTS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=TABLES[class_name],
            constraint_name=name,
            constraint_class=kind,
            params=params,
            schema=None,
        )
    return manager
