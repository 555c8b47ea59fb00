"""A mail to a member of staff may be about a study visit too, also of a group without any session."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-30T07:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "staff hear of their study visits"

_KINDS = """kind in ('asked', 'not_needed', 'found', 'nobody', 'alone', 'moved', 'cancelled',
        'called_off', 'new_time', 'brought_back', 'off_duty', 'on_duty', 'lost', 'expected', 'on_again', 'fewer')"""


class VisitSlot(Table, tablename="visit_slot", schema=None):
    id = Serial(primary_key=True)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="StaffMessage",
        tablename="staff_message",
        column_name="slot_id",
        db_column_name="slot_id",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": VisitSlot,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
            "default": None,
        },
        schema=None,
    )
    # The release before looks for the session of each, and leaves out what has none.
    manager.alter_column(
        table_class_name="StaffMessage",
        tablename="staff_message",
        column_name="session_id",
        db_column_name="session_id",
        params={"null": True},
        old_params={"null": False},
        column_class=ForeignKey,
        old_column_class=ForeignKey,
        schema=None,
    )
    # Piccolo adds before it drops: the wider rule has a name of its own.
    for name, condition in (
        ("kind_of_staff_message_is_known", _KINDS),
        ("staff_message_is_of_one_thing", "num_nonnulls(session_id, slot_id) = 1"),
    ):
        manager.add_constraint(
            table_class_name="StaffMessage",
            tablename="staff_message",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    manager.drop_constraint(
        table_class_name="StaffMessage",
        tablename="staff_message",
        constraint_name="known_kind_of_staff_message",
        schema=None,
    )
    return manager
