"""Released words that point to somebody are struck by two functions, which can only blank (decision 72)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T23:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "released words can be struck"

# Only a function of the tables' owner is its owner's user: web and worker, who may write own words, blank none that are
# released.
_KEEPS = """create or replace function ballot_keeps_its_words() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
    if old.release_id is not null
       and (new.release_id is distinct from old.release_id or new.own_words is distinct from old.own_words)
       and not (new.release_id is not distinct from old.release_id and old.own_words is not null
                and new.own_words is not distinct from ''
                and current_user = (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = tg_relid)) then
        raise exception 'released already' using errcode = 'check_violation', constraint = 'ballot_keeps_its_words',
            table = 'ballot';
    end if;
    return new;
end $$"""
_KEPT = """create or replace function ballot_keeps_its_words() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
    if old.release_id is not null and (new.own_words is distinct from old.own_words
                                       or new.release_id is distinct from old.release_id) then
        raise exception 'released already' using errcode = 'check_violation', constraint = 'ballot_keeps_its_words',
            table = 'ballot';
    end if;
    return new;
end $$"""
_MAY = """exists (
    select from staff s join staff_role o on o.staff_id = s.id
    where s.id = reader and s.active and o.role = 'coordinator' and o.section in ('', in_section))"""
# By the words, not by the box: who strikes them doesn't know whose they are.
_OWN_WORDS = f"""create function strike_own_words(
    in_section text, in_release integer, said text, reader integer, moment timestamptz) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  if coalesce(said, '') = '' or not {_MAY} then
    return false;
  end if;
  update ballot b set own_words = '' where b.section = in_section and b.own_words = said
    and b.release_id is not distinct from in_release and b.state not in ('preparing', 'open', 'closing');
  if not found then
    return false;
  end if;
  insert into audit_entry (at, staff_id, action, subject)
  values (moment, reader, 'evaluation:strike_words', 'section/' || in_section);
  return true;
end $$"""
_COMMENT = f"""create function strike_comment(
    in_section text, comment_id uuid, reader integer, moment timestamptz) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  if not {_MAY} then
    return false;
  end if;
  update release_text t set words = '' where t.id = comment_id and t.section = in_section and t.words <> '';
  if not found then
    return false;
  end if;
  insert into audit_entry (at, staff_id, action, subject)
  values (moment, reader, 'evaluation:strike_comment', 'section/' || in_section);
  return true;
end $$"""

FORWARDS = [
    _KEEPS,
    _OWN_WORDS,
    _COMMENT,
    "revoke execute on function strike_own_words(text, integer, text, integer, timestamptz) from public",
    "revoke execute on function strike_comment(text, uuid, integer, timestamptz) from public",
]
BACKWARDS = [
    "drop function strike_comment(text, uuid, integer, timestamptz)",
    "drop function strike_own_words(text, integer, text, integer, timestamptz)",
    _KEPT,
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
