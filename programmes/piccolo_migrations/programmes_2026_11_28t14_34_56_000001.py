"""Who waits is passed over when a moved start makes their age unfit, and the day that was looked at is noted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Date
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-28T14:34:56:000001"
VERSION = "1.38.0"
DESCRIPTION = "an age that no longer fits passes over"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="age_checked_for",
        db_column_name="age_checked_for",
        column_class_name="Date",
        column_class=Date,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.drop_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="known_skip_reason",
        schema=None,
    )

    manager.drop_constraint(
        table_class_name="QueueEvent",
        tablename="queue_event",
        constraint_name="queue_event_has_its_reason",
        schema=None,
    )

    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="known_reason_to_pass_over",
        constraint_class=Check,
        params={"condition": "skip_reason in ('wait', 'no_answer', 'unreachable', 'conditions', 'clash', 'age')"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="QueueEvent",
        tablename="queue_event",
        constraint_name="event_of_the_queue_has_its_reason",
        constraint_class=Check,
        params={
            "condition": "case kind when 'skipped' then coalesce(reason in"
            " ('wait', 'no_answer', 'unreachable', 'conditions', 'clash', 'age'), false)"
            " when 'order_changed' then coalesce(reason in"
            " ('office_error', 'cancelled_start', 'together', 'age_limit'), false) else reason is null end"
        },
        schema=None,
    )

    return manager
