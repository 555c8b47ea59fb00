"""Versions of a programme's form with own questions, and which of them slips are printed with."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import JSONB, Date, Integer, Serial, Text
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique

ID = "2026-11-29T02:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "forms with own questions"

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
TABLES: list[tuple[str, str, list[tuple[str, type[Column], dict[str, object]]], list[tuple[str, str]]]] = [
    (
        "EvaluationForm",
        "evaluation_form",
        [
            ("id", Serial, {"primary_key": True}),
            ("section", Text, {}),
            ("version", Integer, {"default": 2}),
            ("questions", JSONB, {"default": "[]"}),
            ("written_on", Date, {}),
        ],
        [
            ("after_the_standard_form", "version >= 2"),
            (
                "eight_questions_at_most",
                "jsonb_typeof(questions) = 'array' and jsonb_array_length(questions) between 1 and 2",
            ),
        ],
    ),
    (
        "FormChoice",
        "form_choice",
        [("section", Text, {"primary_key": True}), ("version", Integer, {"default": 1})],
        [("a_version", "version >= 1")],
    ),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename, columns, checks in TABLES:
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        for name, column, params in columns:
            manager.add_column(
                table_class_name=class_name,
                tablename=tablename,
                column_name=name,
                db_column_name=name,
                column_class_name=column.__name__,
                column_class=column,
                params=_USUAL | params,
                schema=None,
            )
        for name, condition in checks:
            manager.add_constraint(
                table_class_name=class_name,
                tablename=tablename,
                constraint_name=name,
                constraint_class=Check,
                params={"condition": condition},
                schema=None,
            )
    manager.add_constraint(
        table_class_name="EvaluationForm",
        tablename="evaluation_form",
        constraint_name="one_form_per_version",
        constraint_class=Unique,
        params={"columns": ["section", "version"], "nulls_distinct": True},
        schema=None,
    )
    return manager
