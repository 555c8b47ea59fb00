"""How often a cohort meets, so that a session at the end or another start follows the pattern it was planned by."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import SmallInt
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-28T20:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "how often a cohort meets"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    # The release before writes none: it knows only schedules of every week.
    manager.add_column(
        table_class_name="Cohort",
        tablename="cohort",
        column_name="every_weeks",
        db_column_name="every_weeks",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={
            "default": 1,
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
    manager.add_constraint(
        table_class_name="Cohort",
        tablename="cohort",
        constraint_name="every_weeks_sensible",
        constraint_class=Check,
        params={"condition": "every_weeks between 0 and 4"},
        schema=None,
    )
    return manager
