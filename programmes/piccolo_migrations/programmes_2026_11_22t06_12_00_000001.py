"""The ballot box: no row lock that names a voter, no statistics that remember a slip, and the three functions of web."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import UUID, ForeignKey
from piccolo.table import Table

ID = "2026-11-22T06:12:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the ballot box"

# A foreign key would lock the ballot's row at every vote, and its xmax would then name the last voter's transaction.
_NO_ROW_LOCKS = """
do $$
declare found record;
begin
  for found in select conrelid::regclass as holder, conname from pg_constraint
               where contype = 'f' and conrelid in ('slip'::regclass, 'sealed_answer'::regclass)
  loop
    execute format('alter table %s drop constraint %I', found.holder, found.conname);
  end loop;
end $$
"""

# Serialises what happens to one box without touching a row. Held until the transaction ends.
_LOCK = """
create function ballot_lock(box uuid) returns void language sql volatile set search_path = public, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('ballot/' || box::text, 0))
$$
"""

_ISSUE = """
create function issue_slips(box uuid, digests bytea[]) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform ballot_lock(box);
  if not exists (select from ballot b where b.id = box and b.state in ('preparing', 'open'))
     or exists (select from sealed_answer a where a.ballot_id = box) then
    return false;
  end if;
  delete from slip s where s.ballot_id = box;
  insert into slip (id, ballot_id) select distinct d, box from unnest(digests) as d order by d;
  update ballot b set slips = (select count(*) from slip s where s.ballot_id = box) where b.id = box;
  return true;
end $$
"""

_LOOK_UP = """
create function slip_ballot(slip_digest bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
  select s.ballot_id from slip s join ballot b on b.id = s.ballot_id where s.id = slip_digest and b.state = 'open'
$$
"""

# Every vote writes the whole box anew under fresh ids and in their order, so that neither row order nor xmin says who
# voted when. Wrong input is answered with false: an exception would put the statement into the server's log.
_CAST = """
create function cast_ballot(slip_digest bytea, sealed bytea) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare box uuid;
begin
  if slip_digest is null or coalesce(octet_length(sealed), 0) not between 1 and 8000 then
    return false;
  end if;
  select s.ballot_id into box from slip s where s.id = slip_digest;
  if box is null then
    return false;
  end if;
  perform ballot_lock(box);
  if not exists (select from ballot b where b.id = box and b.state = 'open') then
    return false;
  end if;
  delete from slip s where s.id = slip_digest and s.ballot_id = box;
  if not found then
    return false;
  end if;
  with taken as (delete from sealed_answer a where a.ballot_id = box returning a.blob)
  insert into sealed_answer (id, ballot_id, blob)
  select gen_random_uuid() as fresh, box, x.blob
  from (select t.blob from taken t union all select sealed) as x (blob) order by fresh;
  return true;
end $$
"""

FORWARDS = [
    _NO_ROW_LOCKS,
    # In line and uncompressed: a TOAST table would number the answers in the order of their arrival.
    "alter table sealed_answer alter column blob set storage plain",
    # What ANALYZE samples would outlive the slip.
    "alter table slip alter column id set statistics 0",
    "alter table sealed_answer alter column id set statistics 0",
    "alter table sealed_answer alter column blob set statistics 0",
    # Dead rows still tie a slip to a vote: let them go as soon as the server next looks.
    "alter table slip set (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)",
    "alter table sealed_answer set (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)",
    "create index ballot_by_state on ballot (state, section)",
    "create unique index one_box_per_half_year on ballot (section, half_year) where cohort_id is null",
    "create index release_by_section on release (section, id)",
    "create index held_text_by_section on held_text (section, question)",
    _LOCK,
    _ISSUE,
    _LOOK_UP,
    _CAST,
    # Who may call them is granted by `programmes migrate`, to the roles that need them.
    "revoke execute on function ballot_lock(uuid) from public",
    "revoke execute on function issue_slips(uuid, bytea[]) from public",
    "revoke execute on function slip_ballot(bytea) from public",
    "revoke execute on function cast_ballot(bytea, bytea) from public",
]
BACKWARDS = [
    "drop function cast_ballot(bytea, bytea)",
    "drop function slip_ballot(bytea)",
    "drop function issue_slips(uuid, bytea[])",
    "drop function ballot_lock(uuid)",
    "drop index held_text_by_section",
    "drop index release_by_section",
    "drop index one_box_per_half_year",
    "drop index ballot_by_state",
    "alter table sealed_answer reset (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
    "alter table slip reset (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
    "alter table sealed_answer alter column blob set statistics -1",
    "alter table sealed_answer alter column id set statistics -1",
    "alter table slip alter column id set statistics -1",
    "alter table sealed_answer alter column blob set storage extended",
    """alter table slip add constraint slip_ballot_id_fkey
       foreign key (ballot_id) references ballot (id) on delete cascade""",
    """alter table sealed_answer add constraint sealed_answer_ballot_id_fkey
       foreign key (ballot_id) references ballot (id) on delete cascade""",
]


class Ballot(Table, tablename="ballot"):
    id = UUID(primary_key=True, default=None)


def _no_longer_a_foreign_key(manager: MigrationManager, table_class_name: str, tablename: str) -> None:
    manager.alter_column(
        table_class_name=table_class_name,
        tablename=tablename,
        column_name="ballot_id",
        db_column_name="ballot_id",
        params={"default": None},
        # Without on_delete and on_update: the way back makes the constraint itself.
        old_params={"references": Ballot, "target_column": None},
        column_class=UUID,
        old_column_class=ForeignKey,
        schema=None,
    )


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
    _no_longer_a_foreign_key(manager, "Slip", "slip")
    _no_longer_a_foreign_key(manager, "SealedAnswer", "sealed_answer")
    return manager
