"""A partner's record of its own, consent that was taken back and not seen yet, and how somebody's identity was checked."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-28T17:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "partner records, withdrawn consent, identity checks"


class Enrolment(Table, tablename="enrolment", schema=None):
    id = UUID(primary_key=True, default=None)


class Participant(Table, tablename="participant", schema=None):
    id = UUID(primary_key=True, default=None)


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
_REFERS: dict[str, object] = {"on_update": OnUpdate.cascade, "target_column": None}
_OF_ENROLMENT = {**_REFERS, "references": Enrolment, "on_delete": OnDelete.set_null, "null": True, "unique": True}
_OF_PERSON = {**_REFERS, "references": Participant, "on_delete": OnDelete.cascade, "index": True}
TABLES = [("PartnerRecord", "partner_record"), ("IdentityCheck", "identity_check")]
COLUMNS: list[tuple[str, str, str, type[Column], dict[str, object]]] = [
    ("PartnerRecord", "partner_record", "id", UUID, {"primary_key": True}),
    ("PartnerRecord", "partner_record", "enrolment_id", ForeignKey, _OF_ENROLMENT),
    ("PartnerRecord", "partner_record", "sealed", Bytea, {}),
    ("PartnerRecord", "partner_record", "kept_at", Timestamptz, {}),
    ("IdentityCheck", "identity_check", "id", UUID, {"primary_key": True}),
    ("IdentityCheck", "identity_check", "participant_id", ForeignKey, _OF_PERSON),
    ("IdentityCheck", "identity_check", "staff_id", Integer, {}),
    ("IdentityCheck", "identity_check", "how", Text, {}),
    ("IdentityCheck", "identity_check", "at", Timestamptz, {}),
    ("Enrolment", "enrolment", "consent_withdrawn_at", Timestamptz, {"null": True}),
]
_PAGES = (
    "'group', 'person', 'correct', 'age', 'refuse', 'transfer', 'roll_call', 'print', 'ring', 'today', 'queue',"
    " 'queue_export', 'visits', 'readings', 'search', 'retention', 'archive', 'partner',"
    " 'extract'"
)
CHECKS = [
    ("IdentityCheck", "identity_check", "known_way_to_check", "how in ('shown', 'known', 'sent_home')"),
    # Who runs the release before knows nothing of the new column, and never turns a no into a yes.
    (
        "Enrolment",
        "enrolment",
        "withdrawn_consent_is_no_yes",
        "consent_withdrawn_at is null or partner_consent is not true",
    ),
    ("RecordLook", "record_look", "known_look_page", f"page in ({_PAGES})"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename in TABLES:
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
    for class_name, tablename, name, column, params in COLUMNS:
        manager.add_column(
            table_class_name=class_name,
            tablename=tablename,
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.drop_constraint(
        table_class_name="RecordLook", tablename="record_look", constraint_name="known_page_of_the_log", schema=None
    )
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
