"""Nobody is documented where the guideline exempts a programme from identity: the database refuses it too (promise 2)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T01:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "nobody is documented in an exempt programme"

# What a record is found by hangs on the record, and that on its enrolment: where this is refused neither is written. An
# alias is sealed, and judged by the service alone.
_ENROLMENT = """
create function nobody_documented_here() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from cohort c join programme p on p.id = c.programme_id
               where c.id = new.cohort_id and p.doc_level = 'operational') then
        raise exception 'nobody is documented in this programme' using errcode = 'check_violation',
            constraint = 'nobody_documented_here', table = 'enrolment';
    end if;
    return null;
end $$
"""
# The same when a cohort becomes another programme's, or a programme another kind.
_COHORT = """
create function cohort_documents_nobody() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from programme p join enrolment e on e.cohort_id = new.id
               where p.id = new.programme_id and p.doc_level = 'operational' and e.participant_id is not null) then
        raise exception 'somebody is documented in this cohort' using errcode = 'check_violation',
            constraint = 'cohort_documents_nobody', table = 'cohort';
    end if;
    return null;
end $$
"""
_PROGRAMME = """
create function programme_documents_nobody() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from cohort c join enrolment e on e.cohort_id = c.id
               where c.programme_id = new.id and e.participant_id is not null) then
        raise exception 'somebody is documented in this programme' using errcode = 'check_violation',
            constraint = 'programme_documents_nobody', table = 'programme';
    end if;
    return null;
end $$
"""
_NAMES = ("nobody_documented_here", "cohort_documents_nobody", "programme_documents_nobody")
FORWARDS = [
    _ENROLMENT,
    _COHORT,
    _PROGRAMME,
    *(f"revoke execute on function {name}() from public" for name in _NAMES),
    "create constraint trigger nobody_documented_here after insert or update of cohort_id, participant_id on enrolment"
    " for each row when (new.participant_id is not null) execute function nobody_documented_here()",
    "create constraint trigger cohort_documents_nobody after update of programme_id on cohort"
    " for each row when (new.programme_id <> old.programme_id) execute function cohort_documents_nobody()",
    "create constraint trigger programme_documents_nobody after update of doc_level on programme for each row"
    " when (new.doc_level = 'operational' and old.doc_level <> 'operational') execute function programme_documents_nobody()",
]
BACKWARDS = [
    "drop trigger nobody_documented_here on enrolment",
    "drop trigger cohort_documents_nobody on cohort",
    "drop trigger programme_documents_nobody on programme",
    *(f"drop function {name}()" for name in _NAMES),
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
