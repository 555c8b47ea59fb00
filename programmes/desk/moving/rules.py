"""Who of several can be moved to another start in one step, and in which order. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol, TypeVar
from uuid import UUID

# Why somebody is left where they are: nobody asked them what the other edition asks, they would meet whom they must not,
# or they wait together with siblings; or the conditions of the start itself (`Refused`).
WhyNot = Literal["", "asked", "krock", "together", "refused"]


class Applied(Protocol):
    """What decides in which order people are moved."""

    @property
    def applied_at(self) -> datetime: ...
    @property
    def arrival(self) -> int: ...


One = TypeVar("One", bound=Applied)


@dataclass(frozen=True)
class Outcome:
    """What becomes of one of them: `why` they can't be moved, or what they get (`seen`, as it was shown)."""

    enrolment_id: UUID
    why: WhyNot
    seen: str = ""


def in_order(people: Iterable[One]) -> list[One]:
    """First come, first served, among them too; of two at the same moment by the order in which they were received."""
    return sorted(people, key=lambda one: (one.applied_at, one.arrival))


def why_not(refused: bool, asked: bool, clashes: bool, waits_together: bool) -> WhyNot:
    """The first reason why somebody is not moved with the others; they can still be moved on their own."""
    if refused:
        return "refused"
    if waits_together:
        return "together"
    if asked:
        return "asked"
    return "krock" if clashes else ""


def digest(target: int, outcomes: Sequence[Outcome]) -> str:
    """Stands for all that was shown, so that nothing else is done."""
    lines = [f"{one.enrolment_id}/{one.why}/{one.seen}" for one in outcomes]
    return sha256("\n".join([str(target), *lines]).encode()).hexdigest()[:32]


def moves_itself(cohort_state: str, came_before: bool) -> bool:
    """Whether somebody may move on their own: their start was cancelled, or postponed since they came to it."""
    return cohort_state == "cancelled" or (cohort_state == "postponed" and came_before)
