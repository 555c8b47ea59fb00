"""The order of the queue: first come, first served, and the few things that change it. Pure.

Everybody has an arrival number, which never changes, and a turn, which is the arrival unless a reason says why not.
Nothing here weighs anybody's need: these programmes are given without an individual assessment, in the queue too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Literal, Protocol, get_args
from uuid import UUID

from programmes.catalogue.rules import AgeLimit

# `age` is found by the service itself when a start has moved; staff choose among the others.
SkipReason = Literal["wait", "no_answer", "unreachable", "conditions", "clash", "age"]
OrderReason = Literal["office_error", "cancelled_start", "together", "age_limit"]
EventKind = Literal[
    "applied",
    "applied_queue",
    "offered",
    "accepted",
    "declined",
    "expired",
    "left",
    "skipped",
    "lifted",
    "order_changed",
    "order_restored",
    "offer_ended",
    "moved_away",
    "moved_here",
    "moved_here_queue",
    "coming",
    "came_back",
    "came_back_queue",
    "completed",
    "asked_to_come",
    "seated",
    "passed_together",
    "passed_asked",
    "apart",
    "refused",
    "not_going_on",
    "ended_before_restore",
]
SKIP_REASONS: tuple[SkipReason, ...] = tuple(reason for reason in get_args(SkipReason) if reason != "age")
_ORDER_REASONS: tuple[OrderReason, ...] = get_args(OrderReason)
ENDED_AS: dict[str, EventKind] = {
    "withdrawn": "left",
    "dropped_out": "left",
    "completed": "completed",
    "declined": "declined",
    "expired": "expired",
    "transferred": "moved_away",
    "refused": "refused",
}


def order_reasons(limit: AgeLimit | None) -> tuple[OrderReason, ...]:
    """For what the order may be changed in a programme with this age limit: nobody grows too old where nobody is."""
    ends = limit is not None and limit.oldest is not None
    return tuple(reason for reason in _ORDER_REASONS if ends or reason != "age_limit")


# Halving is exact in decimals, one digit more each time; a number that would have to be rounded is an error, never an order.
_EXACT = Context(prec=5000, traps=[Inexact])
_HALF = Decimal("0.5")


@dataclass(frozen=True)
class Waiting:
    """Somebody in the queue. `order_reason` is None for who stands where they came; who is `passed_over` gets no offer.

    `away`: they have left, or were turned down, and can still come back to where they stood. Nobody is put between them and
    those they belong with, and what is done to the order of those is done to them; they are offered nothing.
    """

    enrolment_id: UUID
    arrival: int
    turn: Decimal
    applied_at: datetime
    order_reason: str | None = None
    passed_over: bool = False
    together_id: UUID | None = None
    away: bool = False


@dataclass(frozen=True)
class Turn:
    """A turn to be given, with why it isn't the arrival (None when it is)."""

    turn: Decimal
    reason: str | None


def between(before: Decimal, after: Decimal) -> Decimal:
    """A turn between two others, which both keep theirs. Raises ValueError unless `before` comes first."""
    if not before < after:
        raise ValueError("there is nothing between")
    return _EXACT.multiply(_EXACT.add(before, after), _HALF)


def last_before(turn: Decimal, taken: Sequence[Decimal]) -> Decimal:
    """The last turn of all that have been given before this one; 0 before the first."""
    return max((given for given in taken if given < turn), default=Decimal(0))


def turn_by_application(applied_at: datetime, arrival: int, line: Sequence[Waiting], taken: Sequence[Decimal]) -> Turn:
    """The turn of somebody who comes from elsewhere with an application of their own time.

    They stand before the first who applied later and whom nobody has moved, also if that one may yet come back; of two who
    applied at the same moment, who was here already stands first. `line` is the queue in order, `taken` every turn that
    was ever given in the cohort.
    """
    later = next((w for w in line if w.applied_at > applied_at and w.order_reason in {None, "transfer"}), None)
    if later is None:
        return Turn(Decimal(arrival), None)
    return Turn(between(last_before(later.turn, taken), later.turn), "transfer")


def may_go_before(who: Waiting, other: Waiting) -> bool:
    """The order is only ever changed forwards: it is then clear who is passed, and they are told."""
    return other.turn < who.turn


def can_have(line: Sequence[Waiting], free: int) -> list[Waiting]:
    """Those who can be offered a place when so many are free: not who is passed over, and siblings who wait together only
    when there is one for each (decision 12). The same in SQL: `queries.can_be_offered`."""
    here = [w for w in line if not w.away]
    needed = Counter(w.together_id for w in here)
    kept_back = {w.together_id for w in here if w.passed_over}
    return [
        w
        for w in here
        if not w.passed_over
        and (w.together_id is None or (needed[w.together_id] <= free and w.together_id not in kept_back))
    ]


def unit(who: Waiting, line: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """Somebody and the siblings who wait together with them, or may come back to, in the order of the queue."""
    return tuple(w for w in line if w == who or (who.together_id is not None and w.together_id == who.together_id))


def passed(who: Sequence[Waiting], other: Waiting, line: Sequence[Waiting]) -> tuple[UUID, ...]:
    """Who is passed when all of `who` are put before `other`: everybody from `other` on up to the last of them."""
    own, last = {w.enrolment_id for w in who}, max(w.turn for w in who)
    return tuple(w.enrolment_id for w in line if other.turn <= w.turn < last and w.enrolment_id not in own)


_ENTERS = frozenset({"applied_queue", "moved_here_queue", "came_back_queue", "offer_ended"})
_GOES = frozenset(
    {
        "offered",
        "accepted",
        "declined",
        "expired",
        "left",
        "moved_away",
        "completed",
        "seated",
        "refused",
        "not_going_on",
        "ended_before_restore",
    }
)
_CHANGES = frozenset({"order_changed", "order_restored"})


class Happened(Protocol):
    """A line of a queue's history, as far as the order depends on it."""

    @property
    def enrolment_id(self) -> UUID: ...
    @property
    def arrival(self) -> int: ...
    @property
    def kind(self) -> EventKind: ...
    @property
    def turn_after(self) -> Decimal | None: ...


def places_before_and_after(events: Sequence[Happened]) -> list[tuple[int | None, int | None]]:
    """For each line of a history in its order, the place in the queue before and after it; None for who did not wait, and
    for lines that neither bring somebody into the queue nor change the order."""
    turns: dict[UUID, Decimal] = {}
    waiting: set[UUID] = set()
    found = []
    for event in events:
        one = event.enrolment_id
        turns.setdefault(one, Decimal(event.arrival))
        before = _place(one, turns, waiting)
        if event.turn_after is not None:
            turns[one] = event.turn_after
        if event.kind in _ENTERS:
            waiting.add(one)
        elif event.kind in _GOES:
            waiting.discard(one)
        after = _place(one, turns, waiting)
        told = event.kind in _ENTERS | _CHANGES
        found.append((before if told else None, after if told else None))
    return found


@dataclass(frozen=True)
class NewMaximum:
    """The most places of a cohort changed, after the event with the id `after_event`. `by` is the member of staff."""

    after_event: int
    at: datetime
    before: int
    after: int
    by: str | None


def with_maxima(events: Sequence[int], changes: Sequence[NewMaximum], maximum: int) -> list[tuple[int | NewMaximum, int]]:
    """A history in its order: for each line the index of its event, by the ids of `events`, or a change of the most places;
    and how many those were then. `maximum` is how many they are now."""
    most = changes[0].before if changes else maximum
    found: list[tuple[int | NewMaximum, int]] = []
    coming = list(changes)
    for index, event_id in enumerate(events):
        while coming and coming[0].after_event < event_id:
            most = coming[0].after
            found.append((coming.pop(0), most))
        found.append((index, most))
    return [*found, *((change, change.after) for change in coming)]


def _place(one: UUID, turns: dict[UUID, Decimal], waiting: set[UUID]) -> int | None:
    return 1 + sum(turns[other] < turns[one] for other in waiting) if one in waiting else None
