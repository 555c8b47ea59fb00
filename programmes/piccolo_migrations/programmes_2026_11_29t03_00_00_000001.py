"""What tells a database from one that was put back; whose number staff have read off a document; protection that somebody
else's record asks for; under which key hashes were made; and the law's limits on what an office decides."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import UUID, Boolean, Bytea, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-29T03:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "restored databases, numbers that were read, protection that is asked for"
_USUAL: dict[str, object] = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
    "default": None,
}
COLUMNS: list[tuple[str, str, str, type[Column], dict[str, object]]] = [
    ("RestoreMark", "restore_mark", "mark", UUID, {"primary_key": True}),
    ("RestoreMark", "restore_mark", "receipts", Bytea, {}),
    ("IdentityCheck", "identity_check", "number_read", Boolean, {"default": False}),
    ("Participant", "participant", "protection_asked_at", Timestamptz, {"null": True}),
    ("PersonLookup", "person_lookup", "made_under", Bytea, {"null": True}),
]
# `core/retention_rules.py:RULES`, a second time.
_WITHIN_LAW = """case subject when 'protected_record' then amount between 5 and 30
    when 'working_list' then amount between 30 and 30 when 'ballots_unread' then amount between 1 and 24
    when 'access_log' then amount between 2 and 70 when 'audit_entry' then amount between 5 and 70
    when 'notice' then amount between 6 and 60 else false end"""
CHECKS = [
    ("Participant", "participant", "asked_is_protected", "protection_asked_at is null or protected_identity"),
    ("RetentionChoice", "retention_choice", "amount_within_law", _WITHIN_LAW),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    manager.add_table(class_name="RestoreMark", tablename="restore_mark", schema=None, columns=None)
    for table, tablename, name, column, params in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=tablename,
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    for table, tablename, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=table,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
