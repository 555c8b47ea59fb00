"""A leader's study visits never overlap, and a form that is sent twice offers one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Bytea

ID = "2026-11-22T13:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "a leader's study visits never overlap"

# What was offered doubly goes on, but only the first has its leader: who holds the other has to be said anew. Ranges of one
# number stand in for equality, so that no extension is needed.
FORWARDS = [
    """update visit_slot s set cancelled_at = coalesce(
           (select max(decided_at) from start_decision d where d.cohort_id = c.id and d.decision = 'cancel'), c.created_at)
       from cohort c where c.id = s.cohort_id and c.state = 'cancelled' and s.cancelled_at is null""",
    """update visit_slot s set staff_id = null where s.cancelled_at is null and exists (
           select 1 from visit_slot o where o.staff_id = s.staff_id and o.cancelled_at is null and o.id < s.id
             and o.starts_at < s.ends_at and o.ends_at > s.starts_at)""",
    """alter table visit_slot add constraint one_visit_at_a_time exclude using gist (
           int4range(staff_id, staff_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&)
       where (staff_id is not null and cancelled_at is null)""",
]
BACKWARDS = ["alter table visit_slot drop constraint one_visit_at_a_time"]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_column(
        table_class_name="VisitSlot",
        tablename="visit_slot",
        column_name="once_digest",
        db_column_name="once_digest",
        column_class_name="Bytea",
        column_class=Bytea,
        params={"default": None, "null": True, "primary_key": False, "unique": True, "index": False},
        schema=None,
    )

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
