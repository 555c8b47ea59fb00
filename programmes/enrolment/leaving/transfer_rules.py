"""Moving somebody to another cohort of the same programme: what they get there. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from programmes.catalogue.rules import Outcome
from programmes.enrolment.queue.rules import Turn, Waiting, can_have, turn_by_application
from programmes.enrolment.rules import NotOpen, lowest_free


@dataclass(frozen=True)
class There:
    """Where somebody comes: seats and their holders' numbers, the queue in order, and every turn that is taken. `kept`: so
    many of the free places are for others, who come from a cancelled start and are before them."""

    maximum: int
    taken: Collection[int]
    line: Sequence[Waiting]
    turns: Sequence[Decimal]
    kept: int = 0

    @property
    def free(self) -> int:
        return self.maximum - len(self.taken)


@dataclass(frozen=True)
class Move:
    """A seat, or with None a place in the queue, as number `position`. `turn` is what is written either way."""

    seat: int | None
    turn: Turn
    position: int

    @property
    def seen(self) -> str:
        """What was shown, so that nothing else is done."""
        return "plats" if self.seat else f"ko-{self.position}"


@dataclass(frozen=True)
class Refused:
    """Why somebody cannot be moved there: entry is closed, or conditions that its first day decides are not met."""

    closed: NotOpen | None = None
    unmet: tuple[Outcome, ...] = ()


def decide_move(there: There, applied_at: datetime, arrival: int) -> Move:
    """A free seat, if nobody who can be offered it waits before them by the time of application; else their place in the
    queue by that time. Whoever holds a seat keeps it, and of those who wait only who applied later stands behind."""
    turn = turn_by_application(applied_at, arrival, there.line, there.turns)
    before = [w for w in there.line if w.turn < turn.turn and not w.away]
    seat = lowest_free(there.taken, there.maximum)
    if (
        there.free > there.kept
        and seat is not None
        and not any(w.turn < turn.turn for w in can_have(there.line, there.free))
    ):
        return Move(seat, turn, 0)
    return Move(None, turn, len(before) + 1)
