"""What a member of staff believed of the sessions that a message is about, and whether they may have received it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import Text, Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T11:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "what staff believe of the sessions that they are told of"
COLUMNS: list[tuple[str, type[Column]]] = [("handed_over_at", Timestamptz), ("believed", Text)]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for name, column in COLUMNS:
        manager.add_column(
            table_class_name="StaffMessage",
            tablename="staff_message",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
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
