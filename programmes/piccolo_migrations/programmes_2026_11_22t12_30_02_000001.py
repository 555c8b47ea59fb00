"""Who came among many at once from one address is asked to say that they come before a place is offered."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean
from piccolo.constraints import Check

ID = "2026-11-22T12:30:02:000001"
VERSION = "1.38.0"
DESCRIPTION = "asked to come"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="asked_to_come",
        db_column_name="asked_to_come",
        column_class_name="Boolean",
        column_class=Boolean,
        params={"default": False, "null": False, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="asked_to_come_holds_no_place",
        constraint_class=Check,
        params={
            "condition": "not asked_to_come"
            " or (participant_id is null and state not in ('preliminary', 'confirmed', 'offered'))"
        },
        schema=None,
    )
    return manager
