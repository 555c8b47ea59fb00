"""How web reaches texts under review: by two functions that ask the database who coordinates the programme."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T02:20:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "texts under review are the coordinator's"

# In the order of their random ids, which says nothing.
_READ = """
create function review_texts(review uuid, reader integer)
returns table (id uuid, question text, blob bytea, draft bytea)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.question, t.blob, t.draft
  from review_text t join text_review r on r.id = t.review_id
  where r.id = review and r.state = 'open' and exists (
    select from staff s join staff_role o on o.staff_id = s.id
    where s.id = reader and s.active and o.role = 'coordinator' and o.section in ('', r.section))
  order by t.id
$$
"""

_KEEP = """
create function keep_drafts(review uuid, reader integer, ids uuid[], drafts bytea[]) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform from text_review r where r.id = review and r.state = 'open' and exists (
    select from staff s join staff_role o on o.staff_id = s.id
    where s.id = reader and s.active and o.role = 'coordinator' and o.section in ('', r.section)) for update;
  if not found then
    return false;
  end if;
  update review_text t set draft = d.blob from unnest(ids, drafts) as d (id, blob)
  where t.id = d.id and t.review_id = review and octet_length(d.blob) <= 4000;
  return true;
end $$
"""

FORWARDS = [
    "create unique index one_review_at_a_time on text_review (section, form_version) where state <> 'released'",
    "create index review_text_by_review on review_text (review_id)",
    "create index release_text_by_section on release_text (section)",
    # As in `held_text`, nothing of what an answer said outlives it in the statistics.
    "alter table review_text alter column blob set statistics 0",
    "alter table review_text alter column draft set statistics 0",
    "alter table held_text alter column blob set statistics 0",
    _READ,
    _KEEP,
    "revoke execute on function review_texts(uuid, integer) from public",
    "revoke execute on function keep_drafts(uuid, integer, uuid[], bytea[]) from public",
]
BACKWARDS = [
    "drop function keep_drafts(uuid, integer, uuid[], bytea[])",
    "drop function review_texts(uuid, integer)",
    "alter table held_text alter column blob set statistics -1",
    "drop index release_text_by_section",
    "drop index review_text_by_review",
    "drop index one_review_at_a_time",
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
