"""A group's calendar is one for each of staff, so that it ends with their own access and nobody else's (decision 25)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-28T21:10:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "a group's calendar for each of staff"


class Cohort(Table, tablename="cohort", schema=None):
    id = Serial(primary_key=True)


class Staff(Table, tablename="staff", schema=None):
    id = Serial(primary_key=True)


_CHECKS = [
    ("known_kind_of_feed", "kind in ('cohort', 'leader', 'participant', 'drop_in', 'group')"),
    ("group_of_a_member", "(group_id is null) = (member_id is null) and (kind = 'group' or group_id is null)"),
]


def _add(manager: MigrationManager, name: str, references: type[Table]) -> None:
    manager.add_column(
        table_class_name="Feed",
        tablename="feed",
        column_name=name,
        db_column_name=name,
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": references,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
            "default": None,
        },
        schema=None,
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    _add(manager, "group_id", Cohort)
    _add(manager, "member_id", Staff)
    manager.drop_constraint(table_class_name="Feed", tablename="feed", constraint_name="known_feed_kind", schema=None)
    for name, condition in _CHECKS:
        manager.add_constraint(
            table_class_name="Feed",
            tablename="feed",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
