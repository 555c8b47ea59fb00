"""The queue's history knows ways that had ended before a backup was put back."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-29T14:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "queue history: ended before a restore"
_KINDS = (
    "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left', 'skipped', 'lifted',"
    " 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here', 'moved_here_queue', 'coming',"
    " 'came_back', 'came_back_queue', 'completed', 'refused', 'asked_to_come', 'seated',"
    " 'passed_together', 'passed_asked', 'apart', 'not_going_on', 'ended_before_restore')"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.drop_constraint(
        table_class_name="QueueEvent", tablename="queue_event", constraint_name="known_line_of_the_queue", schema=None
    )
    manager.add_constraint(
        table_class_name="QueueEvent",
        tablename="queue_event",
        constraint_name="known_line_of_its_queue",
        constraint_class=Check,
        params={"condition": _KINDS},
        schema=None,
    )
    return manager
