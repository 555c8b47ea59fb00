"""What the service did for one request, for the floor to do again."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recorded:
    """The statements of one request, in order, and what was answered. `cohorts`: a write's, to be spread over; `others`: the
    same of other people, to be done in turns."""

    statements: list[tuple[str, tuple[Any, ...]]]
    status: int
    size: int
    cohort: int = 0
    cohorts: list[int] = field(default_factory=list)
    others: list[list[tuple[str, tuple[Any, ...]]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many statements there are, apart from where a transaction begins and ends."""
        return sum(not statement.upper().startswith(("BEGIN", "COMMIT")) for statement, _ in self.statements)
