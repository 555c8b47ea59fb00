"""A box asks what its slips were printed with, and from its first answer for ever."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T02:10:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "a box keeps its form"

FORWARDS = [
    # With the owner's rights: web cannot see whether there is an answer.
    """create function ballot_keeps_its_form() returns trigger language plpgsql
       security definer set search_path = public, pg_temp as $$
       begin
           if tg_op = 'UPDATE' and new.form_version = old.form_version and new.section = old.section then
               return new;
           end if;
           if new.form_version <> 1 and not exists (
               select from evaluation_form f where f.section = new.section and f.version = new.form_version) then
               raise exception 'no such form' using errcode = 'foreign_key_violation', constraint = 'ballot_has_a_form',
                   table = 'ballot';
           end if;
           if tg_op = 'UPDATE' and (old.state not in ('preparing', 'open')
               or exists (select from sealed_answer a where a.ballot_id = old.id)) then
               raise exception 'answered already' using errcode = 'check_violation', constraint = 'ballot_keeps_its_form',
                   table = 'ballot';
           end if;
           return new;
       end $$""",
    "revoke execute on function ballot_keeps_its_form() from public",
    """create trigger ballot_keeps_its_form before insert or update of form_version, section on ballot
       for each row execute function ballot_keeps_its_form()""",
    # The release before calls the one with two arguments, and its boxes keep what they ask.
    """create function issue_slips(box uuid, digests bytea[], form integer) returns boolean
       language plpgsql volatile security definer set search_path = public, pg_temp as $$
       begin
           perform ballot_lock(box);
           if exists (select from sealed_answer a where a.ballot_id = box) then
               return false;
           end if;
           update ballot b set form_version = form
           where b.id = box and b.state in ('preparing', 'open') and b.form_version <> form;
           return issue_slips(box, digests);
       end $$""",
    "revoke execute on function issue_slips(uuid, bytea[], integer) from public",
]
BACKWARDS = [
    "drop function issue_slips(uuid, bytea[], integer)",
    "drop trigger ballot_keeps_its_form on ballot",
    "drop function ballot_keeps_its_form()",
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
