"""Nobody stands at two sessions at once, unless somebody has said that it is meant; triggers know who stands where."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T21:20:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "nobody stands at two sessions at once"

# The release before knows nothing of duty, so it is the database that keeps it up, for every writer, from the two tables
# that it follows from. As definer: until the migration is over, web has no rights to the new table. The cohort's lock makes
# two that write at once, a session and somebody who works with it, see each other. All rows of a statement together:
# sessions that change places with each other never clash on the way.
_SETTLE = """
create function settle_duty() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    of_cohorts int[] := (select array_agg(distinct cohort_id) from changed);
begin
    if of_cohorts is null then
        return null;
    end if;
    perform from cohort where id = any(of_cohorts) order by id for no key update;
    delete from session_duty d using cohort_session s
    where s.id = d.session_id and s.cohort_id = any(of_cohorts) and not exists (
        select from cohort_staff w
        where w.cohort_id = s.cohort_id and w.staff_id = d.staff_id and (w.every_session or d.given)
          and (w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date));
    update session_duty d
    set starts_at = s.starts_at, ends_at = s.ends_at, cancelled = s.state = 'cancelled',
        meant = d.meant and (d.starts_at, d.ends_at) = (s.starts_at, s.ends_at),
        away = d.away and (d.starts_at at time zone 'Europe/Stockholm')::date
                        = (s.starts_at at time zone 'Europe/Stockholm')::date
    from cohort_session s
    where s.id = d.session_id and s.cohort_id = any(of_cohorts)
      and (d.starts_at, d.ends_at, d.cancelled) is distinct from (s.starts_at, s.ends_at, s.state = 'cancelled');
    insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
    select s.id, w.staff_id, s.starts_at, s.ends_at, s.state = 'cancelled', false, false, false
    from cohort_session s join cohort_staff w on w.cohort_id = s.cohort_id
    where s.cohort_id = any(of_cohorts) and w.every_session
      and (w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date)
      and not exists (select from session_duty d where d.session_id = s.id and d.staff_id = w.staff_id);
    return null;
end $$
"""
_WATCHED = (
    ("cohort_session", "insert", "new"),
    ("cohort_session", "update", "new"),
    ("cohort_staff", "insert", "new"),
    ("cohort_staff", "update", "new"),
    ("cohort_staff", "delete", "old"),
)
# The triggers come first: they wait for writers that are at it, and whoever comes after is followed. What was planned doubly
# before stands as meant, but for the first; ranges of one number stand in for equality, so that no extension is needed. The
# release before asked about a leader who is elsewhere and then saved: until it is replaced such a save is refused.
FORWARDS = [
    _SETTLE,
    "revoke execute on function settle_duty() from public",
    *(
        f"""create trigger settle_duty_{what} after {what} on {table} referencing {side} table as changed
            for each statement execute function settle_duty()"""
        for table, what, side in _WATCHED
    ),
    """insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
       select s.id, w.staff_id, s.starts_at, s.ends_at, s.state = 'cancelled', false, false, false
       from cohort_session s join cohort_staff w on w.cohort_id = s.cohort_id
       where w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date""",
    """update session_duty d set meant = true where not d.cancelled and exists (
           select from session_duty o where o.staff_id = d.staff_id and o.id < d.id and not o.cancelled
             and o.starts_at < d.ends_at and o.ends_at > d.starts_at)""",
    """alter table session_duty add constraint one_place_at_a_time exclude using gist (
           int4range(staff_id, staff_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&)
       where (not cancelled and not away and not meant) deferrable initially immediate""",
]
BACKWARDS = [
    "alter table session_duty drop constraint one_place_at_a_time",
    *(f"drop trigger settle_duty_{what} on {table}" for table, what, _side in _WATCHED),
    "drop function settle_duty()",
    "delete from session_duty",
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
