"""Which kind of note a session needs, whether it may be made now, and what counts can be. Nothing here reads or writes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Kind = Literal["names", "count", "held"]
Mark = Literal["present", "excused", "no_show"]
Why = Literal["future", "cancelled", "closed", "not_open", "other_kind", "erased"]
Bound = Literal["total", "women", "men"]
MARKS: tuple[Mark, ...] = ("present", "excused", "no_show")
MOST = 500
_BEFORE = timedelta(minutes=30)


@dataclass(frozen=True)
class Count:
    """How many people, by sex as they state it."""

    women: int
    men: int
    other: int

    @property
    def total(self) -> int:
        return self.women + self.men + self.other


def mark_of(count: Count | None) -> str:
    """What tells a count that is noted from another, and from none."""
    return f"{count.women}-{count.men}-{count.other}" if count else "-"


@dataclass(frozen=True)
class Refused:
    """Why nothing was noted; every reason at once."""

    reasons: tuple[Why, ...]


@dataclass(frozen=True)
class Overtaken:
    """Nothing was noted, as somebody else has noted otherwise since the page was shown: whose marks, and as what now; or
    how many, where heads are counted."""

    marks: Mapping[UUID, Mark] = field(default_factory=dict)
    count: Count | None = None


def merged(
    typed: Mapping[UUID, Mark], seen: Mapping[UUID, str], stored: Mapping[UUID, str]
) -> tuple[dict[UUID, Mark], dict[UUID, Mark]]:
    """Of the marks on a page those to write, and those that two have noted differently since it was shown, as they stand.

    `seen` is how each stood on the page, empty for not marked; who isn't in it is written as typed. What a page leaves as it
    was says nothing against what somebody else has noted.
    """
    write: dict[UUID, Mark] = {}
    apart: dict[UUID, Mark] = {}
    for person, wanted in typed.items():
        was, now = seen.get(person), stored.get(person, "")
        found = next((known for known in MARKS if known == now), None)
        if was is None or found is None or now in {was, wanted}:
            write[person] = wanted
        elif wanted != was:
            apart[person] = found
    return write, apart


def kind(exempt: bool, figures: Collection[str]) -> Kind:
    """By person where individuals are documented; else a head count only if the section lists count and sex.

    What it does not list may not be noted: of children's groups and talks only that they were held (2.15, 2.16).
    """
    if not exempt:
        return "names"
    return "count" if {"participant_count", "sex"} <= set(figures) else "held"


def noted_from(starts_at: datetime) -> datetime:
    """Half an hour before a session attendance can be noted: earlier nobody has come, and a note would lock its time."""
    return starts_at - _BEFORE


def why_not(cohort_state: str, session_state: str, starts_at: datetime, now: datetime) -> tuple[Why, ...]:
    """Why attendance cannot be noted: from shortly before it begins, until the cohort is closed, as often as needed."""
    reasons: list[Why] = []
    if cohort_state == "closed":
        reasons.append("closed")
    elif cohort_state not in {"open", "started"}:
        reasons.append("not_open")
    if session_state == "cancelled":
        reasons.append("cancelled")
    elif now < noted_from(starts_at):
        reasons.append("future")
    return tuple(reasons)


@dataclass(frozen=True)
class Bounds:
    """How few and how many different people there can be, and the most women and men (all included)."""

    least: int
    most: int
    women: int
    men: int

    def broken(self, counted: Count) -> tuple[Bound, ...]:
        """Which bounds a number of different people breaks; every one at once."""
        found: list[Bound] = [] if self.least <= counted.total <= self.most else ["total"]
        if counted.women > self.women:
            found.append("women")
        if counted.men > self.men:
            found.append("men")
        return tuple(found)


def more_than_places(counted: Count, form: str, maximum: int) -> bool:
    """Whether more came than a group has places: a slip of the finger, unless whoever counted says that it is right."""
    return form == "group" and counted.total > maximum


def unique_bounds(counts: Sequence[Count]) -> Bounds:
    """At least the largest session, at most the sum of all; of a sex at most its sum with those of other or unknown sex.

    Who was noted as unknown once may be noted as a woman the next time, so there is no least number of a sex.
    """
    totals, other = [count.total for count in counts], sum(count.other for count in counts)
    women, men = (sum(of) + other for of in ([c.women for c in counts], [c.men for c in counts]))
    return Bounds(max(totals, default=0), min(sum(totals), 3 * MOST), women, men)
