"""Duty begins where somebody takes over."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from programmes.piccolo_migrations.programmes_2026_11_28t21_20_01_000001 import _SETTLE as _BEFORE

ID = "2026-11-28T21:20:03:000001"
VERSION = "1.38.0"
DESCRIPTION = "duty begins where somebody takes over"

# As before, but for `duty_from`.
_SETTLE = """
create or replace function settle_duty() returns trigger language plpgsql security definer
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
        where w.cohort_id = s.cohort_id and w.staff_id = d.staff_id
          and (d.given or w.every_session
               and (w.duty_from is null or w.duty_from <= (s.starts_at at time zone 'Europe/Stockholm')::date))
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
      and (w.duty_from is null or w.duty_from <= (s.starts_at at time zone 'Europe/Stockholm')::date)
      and (w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date)
      and not exists (select from session_duty d where d.session_id = s.id and d.staff_id = w.staff_id);
    return null;
end $$
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(_SETTLE)

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch(_BEFORE.replace("create function", "create or replace function"))

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
