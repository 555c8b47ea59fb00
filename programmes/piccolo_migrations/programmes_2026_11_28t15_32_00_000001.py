"""What the access log's tables have room for is held to codes and numbers: no name fits."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-28T15:32:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "codes of the access log"

CHECKS = [
    (
        "ChainCheck",
        "chain_check",
        "known_fault",
        "fault in ('changed', 'line_gone', 'link_gone', 'checkpoint', 'end_gone', 'other_end', 'no_key', 'no_end')",
    ),
    ("LookReview", "look_review", "seed_is_a_number", "seed ~ '^[0-9a-f]{1,64}$'"),
    ("RetentionRule", "retention_rule", "subject_is_a_code", "subject ~ '^[a-z_]{1,40}$'"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
