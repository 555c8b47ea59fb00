"""What the service did for one request, for the floor to do again."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recorded:
    """The statements of one request, in order, and what was answered. `cohorts`: a write's, to be spread over."""

    statements: list[tuple[str, tuple[Any, ...]]]
    status: int
    size: int
    cohort: int = 0
    cohorts: list[int] = field(default_factory=list)
