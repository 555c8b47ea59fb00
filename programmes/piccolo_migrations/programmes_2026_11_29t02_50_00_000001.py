"""What a documented cohort came to, kept as it closes; and what an erased record says of study visits."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import Date, ForeignKey, Integer, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

ID = "2026-11-29T02:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "figures of closed cohorts"


class Cohort(Table, tablename="cohort"):
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
_COUNTS = (
    "held", "cancelled_sessions", "people", "women", "men", "other", "visits", "excused", "no_shows", "completed",
    "dropped_out", "waited", "waited_days", "study_visits", "led_on",
)  # fmt: skip
_COLUMNS: list[tuple[str, type[Column], dict[str, object]]] = [
    ("id", Serial, {"primary_key": True}),
    (
        "cohort_id",
        ForeignKey,
        {
            "references": Cohort,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "default": None,
            "unique": True,
        },
    ),
    ("closed_on", Date, {"default": None, "index": True}),
    *((name, Integer, {"default": 0}) for name in _COUNTS),
]
_CHECKS = [
    ("ClosedFigures", "closed_figures", "figures_not_negative", f"least({', '.join(_COUNTS)}) >= 0"),
    ("ClosedFigures", "closed_figures", "sexes_make_people", "women + men + other = people"),
    ("ClosedFigures", "closed_figures", "who_came_has_visits", "people <= visits"),
    ("ClosedFigures", "closed_figures", "led_on_means_visited", "led_on <= study_visits"),
    ("KeptFigure", "kept_figure", "known_figure_of_a_cohort",
     "case when session_id is null then figure in ('preliminary', 'confirmed', 'queued', 'offered', 'completed',"
     " 'dropped_out', 'withdrawn', 'declined', 'expired', 'transferred', 'refused', 'came', 'visited', 'led_on')"
     " else figure in ('present', 'excused', 'no_show') end"),
]  # fmt: skip


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        await fetch("create index cohort_by_closing on cohort (closed_at) where closed_at is not null")
        await fetch("create index first_session_by_start on cohort_session (starts_at) where number = 1")

    async def run_back() -> None:
        from programmes.core.db import fetch

        await fetch("drop index cohort_by_closing")
        await fetch("drop index first_session_by_start")

    manager.add_table(class_name="ClosedFigures", tablename="closed_figures", schema=None, columns=None)
    for name, column, params in _COLUMNS:
        manager.add_column(
            table_class_name="ClosedFigures",
            tablename="closed_figures",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.drop_constraint(
        table_class_name="KeptFigure", tablename="kept_figure", constraint_name="known_figure", schema=None
    )
    for class_name, tablename, name, condition in _CHECKS:
        manager.add_constraint(
            table_class_name=class_name,
            tablename=tablename,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
