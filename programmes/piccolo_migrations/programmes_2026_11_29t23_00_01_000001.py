"""A comment that was struck is empty in its place."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-29T23:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "a struck comment is empty"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.drop_constraint(
        table_class_name="ReleaseText", tablename="release_text", constraint_name="words_are_there", schema=None
    )
    manager.add_constraint(
        table_class_name="ReleaseText",
        tablename="release_text",
        constraint_name="words_fit",
        constraint_class=Check,
        params={"condition": "length(words) <= 500"},
        schema=None,
    )
    return manager
