"""Why a start was decided is a word that its kind of decision has."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-30T01:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "why a decision about a start was made: a word from a fixed list"

_REASONS = (
    "reason = '' or case decision when 'start' then reason in ('more_to_come', 'works_with_fewer', 'no_waiting',"
    " 'next_is_far') else reason in ('too_few', 'no_leader', 'no_venue') end"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_constraint(
        table_class_name="StartDecision",
        tablename="start_decision",
        constraint_name="known_reason_of_decision",
        constraint_class=Check,
        params={"condition": _REASONS},
        schema=None,
    )
    return manager
