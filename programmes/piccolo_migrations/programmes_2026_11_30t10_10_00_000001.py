"""A day's head that is another one than was written down outside the database is a fault of its own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-30T10:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "heads of days that were changed"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # Piccolo adds before it drops: the wider rule has a name of its own.
    manager.add_constraint(
        table_class_name="ChainCheck",
        tablename="chain_check",
        constraint_name="fault_of_chain_is_known",
        constraint_class=Check,
        params={
            "condition": (
                "fault in ('changed', 'line_gone', 'link_gone', 'checkpoint', 'end_gone', 'other_end', 'other_day',"
                " 'no_key', 'no_end')"
            )
        },
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="ChainCheck", tablename="chain_check", constraint_name="known_fault", schema=None
    )
    return manager
