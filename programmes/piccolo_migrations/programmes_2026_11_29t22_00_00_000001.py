"""What was noted about the people of a working list goes with them, and never while one of them is still on it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T22:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "a trail goes with its list"

# `forget_trail` needs the entries to know their lines, so it is called before they go. Whether they have gone is looked at
# when the transaction commits: who calls it alone, about a group that goes on, is refused.
_TRAIL = """
create function trail_goes_with_its_list() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from enrolment e join cohort c on c.id = e.cohort_id join programme p on p.id = c.programme_id
               where p.doc_level = 'operational'
                 and (e.id = substring(old.subject from '^enrolment/([0-9a-f-]{36})$')::uuid
                      or old.action like 'enrolment:%'
                         and c.id = substring(old.subject from '^cohort/([0-9]{1,9})$')::integer)) then
        raise exception 'the list that this was noted of is still there' using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$
"""
_REVEALS = """
create function reveals_go_with_their_list() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from enrolment e join cohort c on c.id = e.cohort_id join programme p on p.id = c.programme_id
               where p.doc_level = 'operational' and c.id = old.cohort_id) then
        raise exception 'the list that this was noted of is still there' using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$
"""
FORWARDS = [
    _TRAIL,
    _REVEALS,
    "revoke execute on function trail_goes_with_its_list() from public",
    "revoke execute on function reveals_go_with_their_list() from public",
    "create constraint trigger trail_goes after delete on audit_entry deferrable initially deferred"
    " for each row execute function trail_goes_with_its_list()",
    "create constraint trigger reveals_go after delete on look_review_line deferrable initially deferred"
    " for each row when (old.kind = 'reveals') execute function reveals_go_with_their_list()",
]
BACKWARDS = [
    "drop trigger trail_goes on audit_entry",
    "drop trigger reveals_go on look_review_line",
    "drop function trail_goes_with_its_list()",
    "drop function reveals_go_with_their_list()",
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
