"""The migrations as files of this release."""

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from programmes.core.schema import MIGRATIONS


@dataclass(frozen=True)
class Migration:
    """One migration: its name in the database, what it is for, and what makes it."""

    name: str
    told: str
    forwards: Callable[[], Awaitable[MigrationManager]]


def migrations() -> dict[str, Migration]:
    """All of them by name, oldest first."""
    found = []
    for path in MIGRATIONS.glob("programmes_*.py"):
        module = importlib.import_module(f"programmes.piccolo_migrations.{path.stem}")
        found.append(Migration(module.ID, module.DESCRIPTION, module.forwards))
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}
