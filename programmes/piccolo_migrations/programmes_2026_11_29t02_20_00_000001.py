"""Free texts are gone through by a coordinator and released: reviews, texts under review, comments that are shown."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import UUID, Bytea, Date, Integer, Text, Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-29T02:20:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "free texts are reviewed and released"

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
Columns = list[tuple[str, type[Column], dict[str, object]]]
# The release before writes neither a version nor a key's id, and knows no review: what it holds waits as before.
ADDED: Columns = [
    ("form_version", Integer, {"default": 1}),
    ("key_id", UUID, {"null": True}),
    ("review_id", UUID, {"null": True}),
]
TABLES: list[tuple[str, str, Columns, list[tuple[str, str]]]] = [
    (
        "TextReview",
        "text_review",
        [
            ("id", UUID, {"primary_key": True}),
            ("section", Text, {}),
            ("form_version", Integer, {"default": 1}),
            ("state", Text, {"default": "ready"}),
            ("ends_at", Timestamptz, {"null": True}),
            ("released_on", Date, {"null": True}),
        ],
        [
            ("known_review_state", "state in ('ready', 'asked', 'open', 'paused', 'signed', 'released')"),
            ("open_until", "(state in ('open', 'signed')) = (ends_at is not null)"),
            ("over_on", "(state = 'released') = (released_on is not null)"),
        ],
    ),
    (
        "ReviewText",
        "review_text",
        [
            ("id", UUID, {"primary_key": True}),
            ("review_id", UUID, {}),
            ("question", Text, {}),
            ("group_tag", UUID, {}),
            ("blob", Bytea, {}),
            ("draft", Bytea, {"null": True}),
        ],
        [],
    ),
    (
        "ReleaseText",
        "release_text",
        [
            ("id", UUID, {"primary_key": True}),
            ("review_id", UUID, {}),
            ("section", Text, {}),
            ("form_version", Integer, {"default": 1}),
            ("question", Text, {}),
            ("words", Text, {}),
            ("half_year", Text, {}),
            ("released_on", Date, {}),
        ],
        [("words_are_there", "length(words) between 1 and 500")],
    ),
]


def _add(manager: MigrationManager, class_name: str, tablename: str, columns: Columns) -> None:
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


def _check(manager: MigrationManager, class_name: str, tablename: str, name: str, condition: str) -> None:
    manager.add_constraint(
        table_class_name=class_name,
        tablename=tablename,
        constraint_name=name,
        constraint_class=Check,
        params={"condition": condition},
        schema=None,
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)
    for class_name, tablename, columns, checks in TABLES:
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        _add(manager, class_name, tablename, columns)
        for name, condition in checks:
            _check(manager, class_name, tablename, name, condition)
    _add(manager, "HeldText", "held_text", ADDED)
    # Piccolo adds before it drops: the wider rule has a name of its own.
    _check(manager, "HeldText", "held_text", "known_state_of_a_text", "state in ('held', 'review', 'shown', 'dropped')")
    manager.drop_constraint(
        table_class_name="HeldText", tablename="held_text", constraint_name="known_text_state", schema=None
    )
    return manager
