"""A series of talks never has more of them than its edition says, whoever writes to the database.

A series of which every talk has been cancelled before now is one that ended, not one whose first talk is yet to be booked.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T21:40:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "no more talks than the edition says"

# Numbers are unique in a cohort (`one_session_per_number`), and whatever counts has one: with each of them between 1 and the
# most there cannot be more, without counting and whoever else writes just then. Looked at when the transaction ends, since
# numbers are put in order by way of others.
FORWARDS = [
    """create function talks_within_edition() returns trigger language plpgsql
       security definer set search_path = public, pg_temp as $$
       declare
           stands integer;
           most integer;
       begin
           select s.number, (p.data ->> 'sessions_max')::integer into stands, most
           from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where s.id = new.id and p.form = 'individual';
           if stands not between 1 and most then
               raise exception 'more talks than the edition says' using errcode = 'check_violation',
                   constraint = 'talks_within_edition', table = 'cohort_session';
           end if;
           return null;
       end $$""",
    "revoke execute on function talks_within_edition() from public",
    """create constraint trigger talks_within_edition after insert or update of number, cohort_id on cohort_session
       deferrable initially deferred for each row execute function talks_within_edition()""",
    """update cohort c set ended_how = 'cancelled' from programme p
       where p.id = c.programme_id and p.form = 'individual' and c.state in ('open', 'started') and c.ended_how is null
         and exists (select 1 from cohort_session s where s.cohort_id = c.id)
         and not exists (select 1 from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled')""",
]
BACKWARDS = [
    "drop trigger talks_within_edition on cohort_session",
    "drop function talks_within_edition()",
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
