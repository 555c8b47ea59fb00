"""In which release a box was counted: a group's own words are kept with it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

ID = "2026-11-29T02:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "own words are kept with the release"


class Release(Table, tablename="release", schema=None):
    id = Serial(primary_key=True)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # The release before counts without it; those words stand by themselves, as they did.
    manager.add_column(
        table_class_name="Ballot",
        tablename="ballot",
        column_name="release_id",
        db_column_name="release_id",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Release,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
            "default": None,
        },
        schema=None,
    )
    return manager
