"""Whoever is to stand at a session by their place in the cohort stands there, whatever is deleted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T19:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "duty by a place in the cohort can't be deleted"

# As `settle_duty` fills in what lacks. Without it, who deletes a row of somebody's duty could let them stand at another
# session at the same time, against `one_place_at_a_time`.
_KEEP = """
create function keep_duty() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
    select s.id, w.staff_id, s.starts_at, s.ends_at, s.state = 'cancelled', false, false, false
    from (select distinct session_id, staff_id from gone) g join cohort_session s on s.id = g.session_id
    join cohort_staff w on w.cohort_id = s.cohort_id and w.staff_id = g.staff_id
    where w.every_session
      and (w.duty_from is null or w.duty_from <= (s.starts_at at time zone 'Europe/Stockholm')::date)
      and (w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date)
    on conflict (session_id, staff_id) do nothing;
    return null;
end $$
"""
_TRIGGER = """
create trigger kept_duty after delete on session_duty referencing old table as gone
for each statement execute function keep_duty()
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(_KEEP)
        await fetch(_TRIGGER)

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop trigger kept_duty on session_duty")
        await fetch("drop function keep_duty()")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
