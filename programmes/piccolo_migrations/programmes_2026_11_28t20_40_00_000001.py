"""A message that may not go yet is looked at again later."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-28T20:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "a message that may not go yet is looked at again later"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # The release before holds nothing, and sends what this one holds only if it runs as the worker meanwhile.
    manager.add_column(
        table_class_name="Notice",
        tablename="notice",
        column_name="look_again_at",
        db_column_name="look_again_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
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
