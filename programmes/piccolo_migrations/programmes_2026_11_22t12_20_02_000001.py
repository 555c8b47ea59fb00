"""Who leaves may undo it for an hour: until when, and what they left, stands in the row until then and no longer."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text, Timestamptz
from piccolo.constraints import Check

ID = "2026-11-22T12:20:02:000001"
VERSION = "1.38.0"
DESCRIPTION = "leaving can be undone for an hour"
_PARAMS = {"default": None, "null": True, "primary_key": False, "unique": False, "index": False}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for name, column in (("undo_until", Timestamptz), ("left_from", Text)):
        manager.add_column(
            table_class_name="Enrolment",
            tablename="enrolment",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params=_PARAMS,
            schema=None,
        )
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="undo_is_for_what_was_left",
        constraint_class=Check,
        params={
            "condition": "(undo_until is null) = (left_from is null) and (undo_until is null or state = 'withdrawn')"
            " and coalesce(left_from, 'queued') in ('preliminary', 'confirmed', 'queued')"
        },
        schema=None,
    )
    return manager
