"""Siblings who wait together have the same number as long as they wait, in programmes where nobody is named."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import UUID
from piccolo.constraints import Check

ID = "2026-11-22T13:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "siblings together or not at all"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Enrolment",
        tablename="enrolment",
        column_name="together_id",
        db_column_name="together_id",
        column_class_name="UUID",
        column_class=UUID,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="together_is_for_who_waits_unnamed",
        constraint_class=Check,
        params={
            "condition": "together_id is null"
            " or (participant_id is null and state in ('queued', 'offered', 'withdrawn', 'refused'))"
        },
        schema=None,
    )
    # Piccolo adds before it drops: the wider rule has a name of its own.
    manager.add_constraint(
        table_class_name="QueueEvent",
        tablename="queue_event",
        constraint_name="known_event_of_the_queue",
        constraint_class=Check,
        params={
            "condition": "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left',"
            " 'skipped', 'lifted', 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here',"
            " 'moved_here_queue', 'coming', 'came_back', 'came_back_queue', 'completed', 'refused', 'asked_to_come',"
            " 'seated', 'passed_together', 'passed_asked', 'apart')"
        },
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="QueueEvent", tablename="queue_event", constraint_name="known_queue_event_kind", schema=None
    )
    return manager
