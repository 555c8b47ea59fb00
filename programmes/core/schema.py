"""The migrations that this program knows, beside those that the database has run.

Two releases serve side by side while one is upgraded to the next, so a database that is newer than the program is nothing
wrong: a release changes tables only so that the one before can still work with them (docs/operations.md, Upgrade). A
database that is older lacks what the program needs.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from programmes.core.db import fetch, fetchval

MIGRATIONS = Path(__file__).resolve().parents[1] / "piccolo_migrations"
Word = Literal["current", "older", "newer", "other"]


@dataclass(frozen=True)
class Standing:
    """What the database has yet to run, and what it has run that this program knows nothing of, each in order."""

    pending: tuple[str, ...]
    future: tuple[str, ...]

    @property
    def word(self) -> Word:
        """`other`: it lacks something and has something unknown, as after a migration was taken out of a release."""
        if self.pending:
            return "other" if self.future else "older"
        return "newer" if self.future else "current"

    @property
    def lacks(self) -> bool:
        """Whether the program would ask for what is not there."""
        return bool(self.pending)


@cache
def known() -> tuple[str, ...]:
    """Every migration of this release, oldest first."""
    return tuple(sorted(_name_of(path.stem) for path in MIGRATIONS.glob("programmes_*.py")))


def _name_of(stem: str) -> str:
    """`programmes_2026_11_29t14_00_00_000001` is the migration `2026-11-29T14:00:00:000001`."""
    day, _, time = stem.removeprefix("programmes_").partition("t")
    return f"{day.replace('_', '-')}T{time.replace('_', ':')}"


def compared(ran: frozenset[str]) -> Standing:
    """The program beside what has been run."""
    return Standing(tuple(name for name in known() if name not in ran), tuple(sorted(ran - set(known()))))


async def is_empty() -> bool:
    """Whether no migration ever began in the database of this process: a new one, or one that a backup is to go into."""
    return bool(await fetchval("select to_regclass('migration') is null"))


async def standing() -> Standing:
    """The program beside the database of this process. Web and worker may ask it too."""
    if await is_empty():
        return compared(frozenset())
    return compared(
        frozenset(row["name"] for row in await fetch("select name from migration where app_name = 'programmes'"))
    )
