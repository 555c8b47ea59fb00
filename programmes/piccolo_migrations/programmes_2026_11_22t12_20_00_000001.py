"""A study visit can be cancelled by the office; it is known since when a time has had room."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz
from piccolo.constraints import Check

ID = "2026-11-22T12:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "study visits that the office cancels"
_MOMENT = {"default": None, "null": True, "primary_key": False, "unique": False, "index": False}
_COLUMNS = (
    ("VisitSlot", "visit_slot", "cancelled_at"),
    ("VisitSlot", "visit_slot", "free_since"),
    ("Enrolment", "enrolment", "visit_cancelled_at"),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename, column in _COLUMNS:
        manager.add_column(
            table_class_name=class_name,
            tablename=tablename,
            column_name=column,
            db_column_name=column,
            column_class_name="Timestamptz",
            column_class=Timestamptz,
            params=_MOMENT,
            schema=None,
        )
    # Piccolo adds before it drops: the wider rule has a name of its own.
    manager.add_constraint(
        table_class_name="StudyVisit",
        tablename="study_visit",
        constraint_name="known_study_visit_state",
        constraint_class=Check,
        params={"condition": "state in ('booked', 'attended', 'missed', 'cancelled')"},
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="StudyVisit", tablename="study_visit", constraint_name="known_visit_state", schema=None
    )
    return manager
