"""What a statement of a migration makes others wait for. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

Waits = Literal["reads and writes", "writes", "writes of the same rows"]
_NAME = r'(?:only\s+)?(?:if\s+(?:not\s+)?exists\s+)?(?:"?public"?\.)?"?([a-z_][a-z0-9_]*)"?'
# In this order: the first that fits counts.
_LOCKS: tuple[tuple[str, Waits], ...] = (
    (rf"create\s+(?:unique\s+)?index\s+(?!concurrently).*?\son\s+{_NAME}", "writes"),
    (rf"create\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\s.*?\son\s+{_NAME}", "writes"),
    (rf"drop\s+trigger\s.*?\son\s+{_NAME}", "reads and writes"),
    (rf"(?:alter|drop|truncate)\s+table\s+{_NAME}", "reads and writes"),
    (rf"truncate\s+{_NAME}", "reads and writes"),
    (rf"(?:update|delete\s+from)\s+{_NAME}", "writes of the same rows"),
)


@dataclass(frozen=True)
class Lock:
    """What waits while a statement runs, and until its migration has ended."""

    table: str
    waits: Waits


def without_comments(sql: str) -> str:
    """A statement in one line."""
    return " ".join(re.sub(r"--[^\n]*", "", sql).split())


def lock(sql: str) -> Lock | None:
    """Which table a statement locks for others; None for what makes nobody wait, as a table that nobody knows yet."""
    text = without_comments(sql).lower()
    for pattern, waits in _LOCKS:
        if found := re.match(pattern, text):
            return Lock(found[1], waits)
    return None


def made_table(sql: str) -> str | None:
    """The name of the table that a statement makes, if it makes one."""
    found = re.match(rf"create\s+table\s+{_NAME}", without_comments(sql).lower())
    return found[1] if found else None
