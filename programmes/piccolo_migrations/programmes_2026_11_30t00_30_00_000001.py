"""Which pattern of its group a session follows, and where that has it: what moved with the rest is no exception."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer, Timestamptz

ID = "2026-11-30T00:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the pattern that a session follows"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for name, column, params in (
        ("pattern_no", Integer, {"default": 0, "null": False}),
        ("pattern_start", Timestamptz, {"default": None, "null": True}),
    ):
        manager.add_column(
            table_class_name="CohortSession",
            tablename="cohort_session",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={"primary_key": False, "unique": False, "index": False, **params},
            schema=None,
        )
    return manager
