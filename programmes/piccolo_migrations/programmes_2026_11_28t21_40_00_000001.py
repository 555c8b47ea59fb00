"""Whether the talks of a series are booked as it goes on, so that nobody takes it for over between two of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-28T21:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "series booked one talk at a time"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # The release before writes none: it plans every series whole.
    manager.add_column(
        table_class_name="Cohort",
        tablename="cohort",
        column_name="one_at_a_time",
        db_column_name="one_at_a_time",
        column_class_name="Boolean",
        column_class=Boolean,
        params={
            "default": False,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )
    return manager
