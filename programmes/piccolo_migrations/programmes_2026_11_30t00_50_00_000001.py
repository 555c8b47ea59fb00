"""Two lists of people can be taken home as files, and the access log has names for them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-30T00:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "the access log: files of people"

_PAGES = (
    "page in ('group', 'person', 'correct', 'age', 'refuse', 'transfer', 'roll_call', 'print', 'ring', 'today', 'queue',"
    " 'queue_export', 'visits', 'readings', 'search', 'retention', 'archive', 'partner', 'extract',"
    " 'people_file', 'retention_file')"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.drop_constraint(
        table_class_name="RecordLook", tablename="record_look", constraint_name="known_look_page", schema=None
    )
    manager.add_constraint(
        table_class_name="RecordLook",
        tablename="record_look",
        constraint_name="known_page_looked_at",
        constraint_class=Check,
        params={"condition": _PAGES},
        schema=None,
    )
    return manager
