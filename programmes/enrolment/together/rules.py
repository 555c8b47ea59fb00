"""Siblings in a children's group: in one form, and together or not at all if they say so (DESIGN 3). Pure."""

from collections.abc import Collection, Sequence
from uuid import UUID

from programmes.catalogue.rules import Programme
from programmes.enrolment.rules import Applied, Queued, decide_application

# A form with more would be no family's; who has more children rings.
MOST_SIBLINGS = 5


def takes_siblings(programme: Programme) -> bool:
    """Whether several may be entered in one form: groups for children, where nobody's identity is recorded (2.15, 2.16)."""
    return programme.form == "group" and programme.exempt and programme.age_asked == "band"


def sibling_once(once: str, number: int) -> str:
    """The once-number of the `number`th (from 1) of those who were entered in one form."""
    return once if number == 1 else f"{once}.{number}"


def numbers_together(units: Sequence[UUID | None]) -> tuple[str, ...]:
    """For everybody in a queue, given by whom they wait with, the numbers in the queue of those: `2, 3`; else nothing."""
    numbers: dict[UUID, list[int]] = {}
    for number, unit in enumerate(units, start=1):
        if unit is not None:
            numbers.setdefault(unit, []).append(number)
    said = {unit: ", ".join(map(str, found)) for unit, found in numbers.items() if len(found) > 1}
    return tuple(said.get(unit, "") if unit else "" for unit in units)


def held_by(waiting: Sequence[tuple[UUID | None, str | None]]) -> tuple[str | None, ...]:
    """For everybody in a queue, given by whom they wait with and why they are passed over, the reason that stands beside a
    sibling of theirs and holds them back with it; None for who has one of their own."""
    first: dict[UUID, str] = {}
    for unit, reason in waiting:
        if unit is not None and reason is not None:
            first.setdefault(unit, reason)
    return tuple(first.get(unit) if unit is not None and reason is None else None for unit, reason in waiting)


def decide_together(
    taken: Collection[int], maximum: int, someone_waits: bool, asks_for_more: Sequence[bool], together: bool
) -> tuple[Applied | Queued, ...]:
    """Who of one form gets which seat, in the order of the form. `together`: all of them or none."""
    seats = set(taken)
    decided: list[Applied | Queued] = []
    for asks in asks_for_more:
        one = decide_application(seats, maximum, someone_waits, asks)
        if isinstance(one, Applied):
            seats.add(one.seat)
        decided.append(one)
    if together and any(isinstance(one, Queued) for one in decided):
        return (Queued(),) * len(decided)
    return tuple(decided)
