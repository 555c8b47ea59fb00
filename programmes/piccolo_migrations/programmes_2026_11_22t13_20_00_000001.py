"""A version that is not in force yet, and that nobody has accepted, can be withdrawn; nothing else of a text can go."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T13:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "withdrawing a coming version"

FORWARDS = [
    """create function withdraw_text(withdrawn integer, today date) returns boolean
       language plpgsql security definer set search_path = public, pg_temp as $$
       begin
           delete from agreement_text t where t.id = withdrawn and t.valid_from > today
               and not exists (select 1 from agreement a where a.text_id = t.id);
           return found;
       end $$""",
    "revoke execute on function withdraw_text(integer, date) from public",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop function withdraw_text(integer, date)")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
