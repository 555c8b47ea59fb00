"""The access log is only ever added to, by whomever; lines go when a checkpoint stands for them, by one function."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T14:12:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "the access log is only ever added to"

# Whoever owns the database can take triggers away. The chain then shows what was done without them.
_REFUSE = """
create function is_only_added_to() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name using errcode = 'insufficient_privilege';
end $$
"""
_LINE_GOES = """
create function line_has_its_checkpoint() returns trigger language plpgsql as $$
begin
    if exists (select 1 from look_link k join look_checkpoint c on k.position between c.from_position and c.through_position
               where k.look_id = old.id) then
        return old;
    end if;
    raise exception 'no checkpoint stands for this line' using errcode = 'insufficient_privilege';
end $$
"""
_LINK_GOES = """
create function link_has_its_checkpoint() returns trigger language plpgsql as $$
begin
    if exists (select 1 from look_checkpoint c where old.position between c.from_position and c.through_position) then
        return old;
    end if;
    raise exception 'no checkpoint stands for this link' using errcode = 'insufficient_privilege';
end $$
"""
# The worker writes the checkpoint first, in the same transaction. Nobody says which lines: the checkpoints do.
_FORGET = """
create function forget_looks() returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint := (select max(through_position) from look_checkpoint);
begin
    delete from record_look l using look_link k where k.look_id = l.id and k.position <= last;
    delete from look_link where position <= last;
end $$
"""
# As before, and what the review says of contacts that were shown often goes with the list that they stood on.
_FORGET_TRAIL = """
create or replace function forget_trail(cohort integer) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  delete from audit_entry a using cohort c join programme p on p.id = c.programme_id
  where c.id = cohort and p.doc_level = 'operational'
    and (a.subject = 'cohort/' || c.id and a.action like 'enrolment:%'
         or a.subject in (select 'enrolment/' || e.id from enrolment e where e.cohort_id = c.id));
  delete from look_review_line l using cohort c join programme p on p.id = c.programme_id
  where c.id = cohort and p.doc_level = 'operational' and l.cohort_id = c.id and l.kind = 'reveals'
$$
"""
_FORGET_TRAIL_BEFORE = """
create or replace function forget_trail(cohort integer) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  delete from audit_entry a using cohort c join programme p on p.id = c.programme_id
  where c.id = cohort and p.doc_level = 'operational'
    and (a.subject = 'cohort/' || c.id and a.action like 'enrolment:%'
         or a.subject in (select 'enrolment/' || e.id from enrolment e where e.cohort_id = c.id))
$$
"""
_ADDED_TO = ("record_look", "look_link", "look_checkpoint", "look_day", "look_review_mark", "look_review_signed")
FORWARDS = [
    _REFUSE,
    _LINE_GOES,
    _LINK_GOES,
    _FORGET,
    "revoke execute on function forget_looks() from public",
    _FORGET_TRAIL,
    *(
        f"create trigger {table}_stays before update or truncate on {table}"
        " for each statement execute function is_only_added_to()"
        for table in _ADDED_TO
    ),
    "create trigger line_goes before delete on record_look for each row execute function line_has_its_checkpoint()",
    "create trigger link_goes before delete on look_link for each row execute function link_has_its_checkpoint()",
    "create trigger checkpoint_stays before delete on look_checkpoint"
    " for each statement execute function is_only_added_to()",
    "create index record_look_by_time on record_look (at)",
    "create index look_review_line_by_month on look_review_line (month)",
    "create index look_review_mark_by_line on look_review_mark (line_id)",
    "insert into retention_rule (subject, years) values ('access_log', 5)",
]
BACKWARDS = [
    "drop trigger line_goes on record_look",
    "drop trigger link_goes on look_link",
    "drop trigger checkpoint_stays on look_checkpoint",
    *(f"drop trigger {table}_stays on {table}" for table in _ADDED_TO),
    "drop function is_only_added_to()",
    "drop function line_has_its_checkpoint()",
    "drop function link_has_its_checkpoint()",
    "drop function forget_looks()",
    _FORGET_TRAIL_BEFORE,
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
