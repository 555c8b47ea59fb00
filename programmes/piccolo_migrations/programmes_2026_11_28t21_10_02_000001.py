"""Everybody of staff has one live calendar of a group."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T21:10:02:000001"
VERSION = "1.38.0"
DESCRIPTION = "one calendar of a group for each of staff"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch(
            """create unique index one_live_feed_per_member_and_group on feed (group_id, member_id)
               where group_id is not null and revoked_at is null"""
        )
        await fetch("create index feed_by_member on feed (member_id) where member_id is not null")

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop index feed_by_member")
        await fetch("drop index one_live_feed_per_member_and_group")

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
