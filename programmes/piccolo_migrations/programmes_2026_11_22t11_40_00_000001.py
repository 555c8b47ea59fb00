"""The head count of an erased list stays nowhere (promise 2): not in the audit trail, not among keys that are gone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T11:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the trail of a working list goes with it"

# Web may add to the audit trail and not take from it, but for this: what was noted about the people of a working list.
_FORGET = """
create function forget_trail(cohort integer) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  delete from audit_entry a using cohort c join programme p on p.id = c.programme_id
  where c.id = cohort and p.doc_level = 'operational'
    and (a.subject = 'cohort/' || c.id and a.action like 'enrolment:%'
         or a.subject in (select 'enrolment/' || e.id from enrolment e where e.cohort_id = c.id))
$$
"""
FORWARDS = [
    _FORGET,
    "revoke execute on function forget_trail(integer) from public",
    # What is done needs no row: the receipt beside the keys says so.
    "delete from key_destruction where done_at is not null",
]
BACKWARDS = ["drop function forget_trail(integer)"]


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

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    manager.drop_column(
        table_class_name="KeyDestruction",
        tablename="key_destruction",
        column_name="done_at",
        db_column_name="done_at",
        schema=None,
    )
    return manager
