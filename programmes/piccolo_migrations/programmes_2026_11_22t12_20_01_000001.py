"""By when a study visit must be booked: so many days before the decision, and a week at least from having the place."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer, Timestamptz
from piccolo.constraints import Check

ID = "2026-11-22T12:20:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "the deadline of study visits"
_USUAL = {"primary_key": False, "unique": False, "index": False}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Cohort",
        tablename="cohort",
        column_name="visit_days",
        db_column_name="visit_days",
        column_class_name="Integer",
        column_class=Integer,
        params={**_USUAL, "default": 7, "null": False},
        schema=None,
    )
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="place_since",
        db_column_name="place_since",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={**_USUAL, "default": None, "null": True},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="Cohort",
        tablename="cohort",
        constraint_name="visit_days_sensible",
        constraint_class=Check,
        params={"condition": "visit_days between 0 and 60"},
        schema=None,
    )
    return manager
