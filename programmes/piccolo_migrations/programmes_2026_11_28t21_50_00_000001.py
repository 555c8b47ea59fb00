"""What ran out, or ended without its person, is kept until they could read it, as what was refused is (decision 29)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-28T21:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what ran out can be read"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # Piccolo adds before it drops: the wider rule has a name of its own. The release before writes within the narrow one,
    # and gives nothing back of what is neither left nor refused.
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="kept_is_for_what_has_ended",
        constraint_class=Check,
        params={
            "condition": "(undo_until is null) = (left_from is null)"
            " and (undo_until is null or state in ('withdrawn', 'refused', 'expired'))"
            " and coalesce(left_from, 'queued') in ('preliminary', 'confirmed', 'queued', 'offered')"
            " and (left_from is distinct from 'offered' or state = 'expired')"
        },
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="undo_is_for_what_has_ended",
        schema=None,
    )
    return manager
