"""Feeds: what was last handed out, changes of title, and one live feed per owner."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T06:14:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "feeds remember what was last handed out"

FORWARDS = [
    """alter table feed add column body_digest bytea, add column title_revision integer not null default 0,
       add column titled_at timestamptz""",
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
    "alter table feed drop column titled_at, drop column title_revision, drop column body_digest",
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
