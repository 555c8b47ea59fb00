"""Each message knows what somebody believed of the sessions that it is about, and each change whether it was told."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean, Text
from piccolo.constraints import Check

ID = "2026-11-29T00:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what a message about changed sessions outruns"

# The release before writes within the narrower rules, and tells its changes by events of their own: to it they are told.
_CHANGES = """kind in ('move', 'move_rest', 'cancel', 'replace', 'leader', 'leader_rest', 'undo',
        'book', 'postpone', 'cancel_rest', 'cancel_start')"""
_MESSAGES = """kind in ('asked', 'not_needed', 'found', 'nobody', 'alone', 'moved', 'cancelled',
        'called_off', 'new_time', 'brought_back', 'off_duty', 'on_duty')"""
_RULES = (
    ("SessionChange", "session_change", "known_change", "known_change_of_sessions", _CHANGES),
    ("StaffMessage", "staff_message", "known_staff_message", "known_message_to_staff", _MESSAGES),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for table, tablename, name, column, params in (
        ("Notice", "notice", "believed", Text, {"default": None, "null": True}),
        ("SessionChange", "session_change", "untold", Boolean, {"default": False, "null": False}),
    ):
        manager.add_column(
            table_class_name=table,
            tablename=tablename,
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={"primary_key": False, "unique": False, "index": False, **params},
            schema=None,
        )
    # Piccolo adds before it drops: the wider rule has a name of its own.
    for table, tablename, old, new, condition in _RULES:
        manager.add_constraint(
            table_class_name=table,
            tablename=tablename,
            constraint_name=new,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
        manager.drop_constraint(table_class_name=table, tablename=tablename, constraint_name=old, schema=None)
    return manager
