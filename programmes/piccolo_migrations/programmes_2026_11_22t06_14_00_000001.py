"""Feeds: what was last handed out, changes of title, and one live feed per owner."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Bytea, Integer, Timestamptz

ID = "2026-11-22T06:14:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "feeds remember what was last handed out"

FORWARDS = [
    """create unique index one_live_feed_per_enrolment on feed (enrolment_id)
       where enrolment_id is not null and revoked_at is null""",
    """create unique index one_live_feed_per_cohort on feed (cohort_id)
       where cohort_id is not null and revoked_at is null""",
    """create unique index one_live_feed_per_leader on feed (staff_id)
       where staff_id is not null and revoked_at is null""",
]
BACKWARDS = [
    "drop index one_live_feed_per_leader",
    "drop index one_live_feed_per_cohort",
    "drop index one_live_feed_per_enrolment",
]


def _add(manager: MigrationManager, name: str, column: type[Column], default: int | None) -> None:
    # As Piccolo writes it, so that it knows of the column when it next compares tables and migrations.
    manager.add_column(
        table_class_name="Feed",
        tablename="feed",
        column_name=name,
        db_column_name=name,
        column_class_name=column.__name__,
        column_class=column,
        params={"default": default, "null": default is None, "primary_key": False, "unique": False, "index": False},
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
    _add(manager, "body_digest", Bytea, None)
    _add(manager, "title_revision", Integer, 0)
    _add(manager, "titled_at", Timestamptz, None)
    return manager
