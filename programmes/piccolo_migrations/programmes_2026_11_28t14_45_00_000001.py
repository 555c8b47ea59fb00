"""Sign-in: second factors and their recovery codes, single sign-on, what a session's owner sees of it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import BigInt, Boolean, Bytea, ForeignKey, Serial, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table

ID = "2026-11-28T14:45:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "second factors, single sign-on, sessions with a device word"


class Staff(Table, tablename="staff"):
    id = Serial(primary_key=True)


_USUAL = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
_OF_STAFF = {
    "references": Staff,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
    "default": None,
}
_EMPTY: dict[str, object] = {"null": True, "default": None}
_DEVICE: dict[str, object] = {"default": "other/other"}
TABLES = [("HalfSignIn", "half_sign_in"), ("SecondFactor", "second_factor"), ("RecoveryCode", "recovery_code")]
# A column that is new in an old table may be empty or has a default: the web process that runs meanwhile knows none of it.
COLUMNS: list[tuple[str, str, str, type[Column], dict[str, object]]] = [
    ("Staff", "staff", "oidc_issuer", Text, _EMPTY),
    ("Staff", "staff", "oidc_subject", Text, _EMPTY),
    ("StaffSession", "staff_session", "device", Text, _DEVICE),
    ("StaffSession", "staff_session", "shared", Boolean, {"default": False}),
    ("StaffSession", "staff_session", "confirmed_at", Timestamptz, _EMPTY),
    ("StaffSession", "staff_session", "sealed_hint", Bytea, _EMPTY),
    ("HalfSignIn", "half_sign_in", "id", Bytea, {"default": None, "primary_key": True}),
    ("HalfSignIn", "half_sign_in", "staff_id", ForeignKey, _OF_STAFF),
    ("HalfSignIn", "half_sign_in", "kind", Text, {"default": None}),
    ("HalfSignIn", "half_sign_in", "device", Text, _DEVICE),
    ("HalfSignIn", "half_sign_in", "shared", Boolean, {"default": False}),
    ("HalfSignIn", "half_sign_in", "created_at", Timestamptz, {"default": None}),
    ("SecondFactor", "second_factor", "id", Serial, {"primary_key": True}),
    ("SecondFactor", "second_factor", "staff_id", ForeignKey, {**_OF_STAFF, "unique": True}),
    ("SecondFactor", "second_factor", "sealed", Bytea, {"default": None}),
    ("SecondFactor", "second_factor", "last_step", BigInt, {"default": 0}),
    ("SecondFactor", "second_factor", "enrolled_at", Timestamptz, {"default": None}),
    ("RecoveryCode", "recovery_code", "id", Serial, {"primary_key": True}),
    ("RecoveryCode", "recovery_code", "staff_id", ForeignKey, {**_OF_STAFF, "index": True}),
    ("RecoveryCode", "recovery_code", "digest", Bytea, {"default": None, "unique": True}),
]
CHECKS = [
    ("Staff", "staff", "subject_of_an_issuer", "(oidc_issuer is null) = (oidc_subject is null)"),
    ("Staff", "staff", "single_sign_on_without_password", "oidc_subject is null or password_hash = ''"),
    ("StaffSession", "staff_session", "session_device_is_a_word", "device ~ '^[a-z]+/[a-z]+$'"),
    ("HalfSignIn", "half_sign_in", "known_half", "kind in ('code', 'enrol')"),
    ("HalfSignIn", "half_sign_in", "half_device_is_a_word", "device ~ '^[a-z]+/[a-z]+$'"),
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
    for class_name, tablename, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="Staff",
        tablename="staff",
        constraint_name="one_account_per_subject",
        constraint_class=Unique,
        params={"columns": ["oidc_issuer", "oidc_subject"], "nulls_distinct": True},
        schema=None,
    )
    return manager
