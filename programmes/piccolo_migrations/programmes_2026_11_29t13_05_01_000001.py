"""A slip opens its form whether it has been used or not; which it is, is found out by answering alone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T13:05:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "a form opens alike for every printed slip"

# Not the digest of a slip, which is gone when it has been used: a mark that is made from it.
_MARK = """create function slip_mark(slip_digest bytea) returns bytea
language sql immutable set search_path = public, pg_temp as $$
  select substr(sha256('\\x7072696e746564'::bytea || slip_digest), 1, 8)
$$"""
_ISSUE = """create or replace function issue_slips(box uuid, digests bytea[]) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform ballot_lock(box);
  if not exists (select from ballot b where b.id = box and b.state in ('preparing', 'open'))
     or exists (select from sealed_answer a where a.ballot_id = box) then
    return false;
  end if;
  delete from slip s where s.ballot_id = box;
  insert into slip (id, ballot_id) select distinct d, box from unnest(digests) as d order by d;
  {marks}update ballot b set slips = (select count(*) from slip s where s.ballot_id = box) where b.id = box;
  return true;
end $$"""
_MARKS = """delete from printed_slip p where p.ballot_id = box;
  insert into printed_slip (id, ballot_id) select distinct slip_mark(d) as mark, box from unnest(digests) as d order by mark
  on conflict (id) do update set ballot_id = excluded.ballot_id;
  """
_LOOK_UP = """create or replace function slip_ballot(slip_digest bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
  select p.ballot_id from printed_slip p join ballot b on b.id = p.ballot_id
  where p.id = slip_mark(slip_digest) and b.state = 'open'
$$"""
_LOOKED_UP = """create or replace function slip_ballot(slip_digest bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
  select s.ballot_id from slip s join ballot b on b.id = s.ballot_id where s.id = slip_digest and b.state = 'open'
$$"""

FORWARDS = [
    _MARK,
    "revoke execute on function slip_mark(bytea) from public",
    # As of slips: what ANALYZE samples would outlive them, and dead rows go as soon as the server next looks.
    "alter table printed_slip alter column id set statistics 0",
    "alter table printed_slip set (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)",
    "create index printed_slip_of_a_box on printed_slip (ballot_id)",
    "insert into printed_slip (id, ballot_id) select slip_mark(s.id) as mark, s.ballot_id from slip s order by mark",
    _ISSUE.format(marks=_MARKS),
    _LOOK_UP,
]
BACKWARDS = [
    _LOOKED_UP,
    _ISSUE.format(marks=""),
    "drop index printed_slip_of_a_box",
    "drop function slip_mark(bytea)",
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
