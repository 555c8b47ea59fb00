"""Which kind of note a session needs, whether it may be made now, and what counts can be. Nothing here reads or writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["names", "count", "held"]
Mark = Literal["present", "excused", "no_show"]
Why = Literal["future", "cancelled", "closed", "not_open", "other_kind"]
MARKS: tuple[Mark, ...] = ("present", "excused", "no_show")
MOST = 500


@dataclass(frozen=True)
class Count:
    """How many people, by sex as they state it."""

    women: int
    men: int
    other: int

    @property
    def total(self) -> int:
        return self.women + self.men + self.other


@dataclass(frozen=True)
class Refused:
    """Why nothing was noted; every reason at once."""

    reasons: tuple[Why, ...]


def kind(exempt: bool, figures: Collection[str]) -> Kind:
    """By person where individuals are documented; else a head count only if the section lists count and sex.

    What it does not list may not be noted: of children's groups and talks only that they were held (2.15, 2.16).
    """
    if not exempt:
        return "names"
    return "count" if {"participant_count", "sex"} <= set(figures) else "held"


def why_not(cohort_state: str, session_state: str, day: date, today: date) -> tuple[Why, ...]:
    """Why attendance cannot be noted: from the session's day on, until the cohort is closed, as often as needed."""
    reasons: list[Why] = []
    if cohort_state == "closed":
        reasons.append("closed")
    elif cohort_state not in {"open", "started"}:
        reasons.append("not_open")
    if session_state == "cancelled":
        reasons.append("cancelled")
    elif day > today:
        reasons.append("future")
    return tuple(reasons)


def unique_bounds(counts: Sequence[Count]) -> tuple[int, int]:
    """How few and how many different people can have come: the largest session, and the sum of all.

    Only totals are compared: who was noted as unknown once may be noted as a woman the next time.
    """
    totals = [count.total for count in counts]
    return max(totals, default=0), min(sum(totals), 3 * MOST)
