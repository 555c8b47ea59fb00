"""The order of the queue apart from the arrival, and what became of each application."""

from decimal import Decimal

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, BigSerial, ForeignKey, Integer, Numeric, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-22T12:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the order of the queue, and its history"


class Enrolment(Table, tablename="enrolment"):
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
_OPTIONAL = {"null": True, "default": None}
_OF_ENROLMENT = {
    "references": Enrolment,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
    "default": None,
}
COLUMNS: list[tuple[str, str, str, type[Column], dict[str, object]]] = [
    ("Enrolment", "enrolment", "turn", Numeric, {"default": Decimal(0), "digits": None}),
    ("Enrolment", "enrolment", "order_reason", Text, _OPTIONAL),
    ("Enrolment", "enrolment", "passed_at", Timestamptz, _OPTIONAL),
    ("QueueEvent", "queue_event", "id", BigSerial, {"primary_key": True}),
    ("QueueEvent", "queue_event", "enrolment_id", ForeignKey, _OF_ENROLMENT),
    ("QueueEvent", "queue_event", "at", Timestamptz, {"default": None}),
    ("QueueEvent", "queue_event", "kind", Text, {"default": None}),
    ("QueueEvent", "queue_event", "reason", Text, _OPTIONAL),
    ("QueueEvent", "queue_event", "turn_before", Numeric, {**_OPTIONAL, "digits": None}),
    ("QueueEvent", "queue_event", "turn_after", Numeric, {**_OPTIONAL, "digits": None}),
    ("QueueEvent", "queue_event", "staff_id", Integer, _OPTIONAL),
]
CHECKS = {
    "known_queue_event": (
        "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left', 'skipped', 'lifted',"
        " 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here', 'moved_here_queue', 'coming',"
        " 'came_back', 'came_back_queue', 'completed')"
    ),
    "queue_event_has_its_reason": (
        "case kind when 'skipped' then coalesce(reason in"
        " ('wait', 'no_answer', 'unreachable', 'conditions', 'clash'), false)"
        " when 'order_changed' then coalesce(reason in"
        " ('office_error', 'cancelled_start', 'together', 'age_limit'), false) else reason is null end"
    ),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="QueueEvent", tablename="queue_event", schema=None, columns=None)
    for class_name, tablename, name, column, params in COLUMNS:
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
    for name, condition in CHECKS.items():
        manager.add_constraint(
            table_class_name="QueueEvent",
            tablename="queue_event",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
