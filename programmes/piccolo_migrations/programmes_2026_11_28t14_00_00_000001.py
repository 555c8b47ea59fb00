"""Where nobody may be named, columns of codes hold codes and nothing else: the database says so too (promise 2)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-28T14:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "codes are codes"

_NAMES = (
    ("Enrolment", "enrolment", "known_language", "language in ('sv', 'en')"),
    ("ConditionMet", "condition_met", "condition_is_a_name", "condition ~ '^[a-z0-9_]{1,60}$'"),
    ("ConditionUnmet", "condition_unmet", "unmet_condition_is_a_name", "condition ~ '^[a-z0-9_]{1,60}$'"),
    ("Notice", "notice", "notice_kind_is_a_name", "kind ~ '^[a-z_]{1,60}$'"),
    ("NoticeAttempt", "notice_attempt", "error_is_the_name_of_a_class", "error ~ '^[A-Za-z_]{1,80}[0-9]{0,3}$'"),
    ("AuditEntry", "audit_entry", "action_is_a_name", "action ~ '^[a-z_]+(:[a-z0-9_]+)+$'"),
    ("AuditEntry", "audit_entry", "subject_is_an_id", "subject ~ '^[a-z_]+/[a-z0-9.-]+(/[a-z0-9_]+)*$'"),
    ("KeyDestruction", "key_destruction", "kind_of_key_is_a_name", "kind ~ '^[a-z]{1,20}$'"),
    ("KeyDestruction", "key_destruction", "why_is_a_rule", "why ~ '^[a-z0-9_ :,]{1,100}$' and why !~ '[0-9]{3}'"),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for table_class, table, name, condition in _NAMES:
        manager.add_constraint(
            table_class_name=table_class,
            tablename=table,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
