"""Retention: what the tables' own columns cannot say, and when records were put right before there was a column for it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-28T17:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "retention: one run a night, and pages of the log"

_PAGES = (
    "page in ('group', 'person', 'correct', 'age', 'refuse', 'transfer', 'roll_call', 'print', 'ring', 'today', 'queue',"
    " 'queue_export', 'visits', 'readings', 'search', 'retention', 'archive')"
)
# The chain, of this release and of the one before, looks its rule up in `retention_rule`.
_FOLLOW = """
create function access_log_follows_choice() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update retention_rule set years = new.amount where subject = new.subject;
    return null;
end $$
"""
FORWARDS = [
    "create unique index one_run_a_night on retention_run (night) where not by_hand",
    "create unique index one_figure_each on kept_figure (cohort_id, session_id, figure) nulls not distinct",
    _FOLLOW,
    "revoke execute on function access_log_follows_choice() from public",
    "create trigger access_log_follows_choice after insert on retention_choice"
    " for each row execute function access_log_follows_choice()",
    """update participant p set changed_at = a.at from (
           select subject, max(at) as at from audit_entry where action = 'person:correct' group by subject) a
       where a.subject = 'participant/' || p.id""",
]
BACKWARDS = [
    "drop index one_run_a_night",
    "drop index one_figure_each",
    "drop trigger access_log_follows_choice on retention_choice",
    "drop function access_log_follows_choice()",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        from programmes.core.db import fetch

        for statement in BACKWARDS:
            await fetch(statement)

    manager.drop_constraint(
        table_class_name="RecordLook", tablename="record_look", constraint_name="known_page", schema=None
    )
    manager.add_constraint(
        table_class_name="RecordLook",
        tablename="record_look",
        constraint_name="known_page_of_the_log",
        constraint_class=Check,
        params={"condition": _PAGES},
        schema=None,
    )
    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
