"""Staff can turn somebody down who has a place: which conditions aren't met, kept until the person could read it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, ForeignKey, Serial, Text
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-22T12:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "turned down after having been let in"


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
_OF_ENROLMENT = {
    "references": Enrolment,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
    "default": None,
}
COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", Serial, {"primary_key": True}),
    ("enrolment_id", ForeignKey, _OF_ENROLMENT),
    ("condition", Text, {"default": None}),
]
# Piccolo adds before it drops: the wider rules have names of their own.
CHECKS = [
    (
        "QueueEvent",
        "queue_event",
        "known_queue_event",
        "known_queue_event_kind",
        "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left', 'skipped', 'lifted',"
        " 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here', 'moved_here_queue', 'coming',"
        " 'came_back', 'came_back_queue', 'completed', 'refused')",
    ),
    (
        "Enrolment",
        "enrolment",
        "undo_is_for_what_was_left",
        "undo_is_for_what_has_ended",
        "(undo_until is null) = (left_from is null) and (undo_until is null or state in ('withdrawn', 'refused'))"
        " and coalesce(left_from, 'queued') in ('preliminary', 'confirmed', 'queued')",
    ),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="ConditionUnmet", tablename="condition_unmet", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="ConditionUnmet",
            tablename="condition_unmet",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="ConditionUnmet",
        tablename="condition_unmet",
        constraint_name="unmet_once_each",
        constraint_class=Unique,
        params={"columns": ["enrolment_id", "condition"], "nulls_distinct": True},
        schema=None,
    )
    for class_name, tablename, old, new, condition in CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=new,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
        manager.drop_constraint(table_class_name=class_name, tablename=tablename, constraint_name=old, schema=None)
    return manager
