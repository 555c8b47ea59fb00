"""One Piccolo app and one migration stream for all features (DESIGN 5)."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder
from piccolo.table import Table

_FEATURES = (
    "core",
    "people",
    "catalogue",
    "cohorts",
    "enrolment",
    "attendance",
    "calendar",
    "evaluation",
    "notices",
    "oversight",
)


def _tables() -> list[type[Table]]:
    """Every table once: `table_finder` also finds those that a module imports for its foreign keys."""
    found = table_finder(modules=[f"programmes.{feature}.tables" for feature in _FEATURES])
    return list({table._meta.tablename: table for table in found}.values())


APP_CONFIG = AppConfig(
    app_name="programmes",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=_tables(),
    migration_dependencies=[],
    commands=[],
)
