"""A text that somebody has accepted stays as it was, whoever writes to the database."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T12:40:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "an accepted text never changes"

# That the rows of those who accepted it have gone since changes nothing: web and worker have no right to change or delete
# any version (`migrate.py`). This holds also the owner, as long as it is known that somebody accepted it.
FORWARDS = [
    """create function accepted_text_never_changes() returns trigger language plpgsql
       security definer set search_path = public, pg_temp as $$
       begin
           if exists (select 1 from agreement where text_id = old.id) then
               raise exception 'accepted_text_never_changes' using errcode = 'integrity_constraint_violation';
           end if;
           return case tg_op when 'DELETE' then old else new end;
       end $$""",
    "revoke execute on function accepted_text_never_changes() from public",
    """create trigger accepted_text_never_changes before update or delete on agreement_text
       for each row execute function accepted_text_never_changes()""",
]
BACKWARDS = [
    "drop trigger accepted_text_never_changes on agreement_text",
    "drop function accepted_text_never_changes()",
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

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
