"""The queue's history: changes of the most places, and that somebody did not go on, which is no no to an offer."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import BigInt, BigSerial, ForeignKey, Integer, Serial, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-28T20:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "queue history: most places, not going on"


class Cohort(Table, tablename="cohort", schema=None):
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
_OF_COHORT = {
    "references": Cohort,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
    "index": True,
}
COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", BigSerial, {"primary_key": True}),
    ("cohort_id", ForeignKey, _OF_COHORT),
    ("after_event", BigInt, {}),
    ("at", Timestamptz, {}),
    ("before", Integer, {}),
    ("after", Integer, {}),
    ("staff_id", Integer, {"null": True}),
]
_KINDS = (
    "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left', 'skipped', 'lifted',"
    " 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here', 'moved_here_queue', 'coming',"
    " 'came_back', 'came_back_queue', 'completed', 'refused', 'asked_to_come', 'seated',"
    " 'passed_together', 'passed_asked', 'apart', 'not_going_on')"
)
CHECKS = [
    ("QueueMaximum", "queue_maximum", "most_places_differ", "before <> after"),
    ("QueueEvent", "queue_event", "known_line_of_the_queue", _KINDS),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="QueueMaximum", tablename="queue_maximum", schema=None, columns=None)
    for name, column, params in COLUMNS:
        manager.add_column(
            table_class_name="QueueMaximum",
            tablename="queue_maximum",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.drop_constraint(
        table_class_name="QueueEvent", tablename="queue_event", constraint_name="known_event_of_the_queue", schema=None
    )
    for class_name, tablename, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
