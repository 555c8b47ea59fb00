"""Which end and room a substitute said yes to, what somebody may have received, and which changes were one tap."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Integer, Timestamptz
from piccolo.constraints import Check

ID = "2026-11-29T08:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what a substitute said yes to, what may have been received, which changes were one tap"

COLUMNS: list[tuple[str, str, str, type[Column]]] = [
    ("SubstituteRequest", "substitute_request", "for_end", Timestamptz),
    ("SubstituteRequest", "substitute_request", "for_venue", Integer),
    ("Notice", "notice", "handed_over_at", Timestamptz),
    ("SessionChange", "session_change", "tap", Integer),
]
_MESSAGES = """kind in ('asked', 'not_needed', 'found', 'nobody', 'alone', 'moved', 'cancelled',
        'called_off', 'new_time', 'brought_back', 'off_duty', 'on_duty', 'lost', 'expected', 'on_again')"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for table, tablename, name, column in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=tablename,
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
            schema=None,
        )
    # Piccolo adds before it drops: the wider rule has a name of its own.
    manager.add_constraint(
        table_class_name="StaffMessage",
        tablename="staff_message",
        constraint_name="known_kind_of_staff_message",
        constraint_class=Check,
        params={"condition": _MESSAGES},
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="StaffMessage", tablename="staff_message", constraint_name="known_message_to_staff", schema=None
    )
    return manager
