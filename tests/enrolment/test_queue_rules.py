"""The order of the queue as a pure rule: nobody loses theirs by what happens to somebody else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.enrolment.queue.rules import (
    ENDED_AS,
    EventKind,
    Waiting,
    between,
    last_before,
    may_go_before,
    passed,
    places_before_and_after,
    turn_by_application,
)
from programmes.enrolment.rules import ALIVE, State

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)


def waiting(arrival: int, minutes: int, turn: Decimal | None = None, reason: str | None = None) -> Waiting:
    return Waiting(uuid4(), arrival, turn or Decimal(arrival), NOON + timedelta(minutes=minutes), reason)


@given(st.lists(st.booleans(), max_size=300))
def test_between_two_turns_there_is_always_another_however_often_it_is_done(left: list[bool]) -> None:
    before, after = Decimal(7), Decimal(8)
    for to_the_left in left:
        middle = between(before, after)
        assert before < middle < after
        before, after = (before, middle) if to_the_left else (middle, after)


def test_there_is_nothing_between_a_turn_and_itself() -> None:
    with pytest.raises(ValueError, match="nothing between"):
        between(Decimal(2), Decimal(2))


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(["move", "transfer"]), st.integers(0, 30), st.integers(0, 30)), max_size=12),
)
def test_whatever_is_moved_in_whatever_order_who_was_not_moved_keeps_first_come_first_served(
    minutes: list[int], changes: list[tuple[str, int, int]]
) -> None:
    line = [waiting(n, minute) for n, minute in enumerate(sorted(minutes), start=1)]
    taken = [w.turn for w in line]
    for kind, first, second in changes:
        if kind == "transfer":
            arrival = max(w.arrival for w in line) + 1
            applied = NOON + timedelta(minutes=first)
            given_ = turn_by_application(applied, arrival, line, taken)
            line.append(Waiting(uuid4(), arrival, given_.turn, applied, given_.reason))
            assert (given_.reason is None) == (given_.turn == arrival)
        else:
            who, other = line[first % len(line)], line[second % len(line)]
            if not may_go_before(who, other):
                continue
            told = passed([who], other, line)
            turn = between(last_before(other.turn, taken), other.turn)
            moved = Waiting(who.enrolment_id, who.arrival, turn, who.applied_at, "together")
            before = [w.enrolment_id for w in line]
            line[line.index(who)] = moved
            line.sort(key=lambda w: w.turn)
            after = [w.enrolment_id for w in line]
            lost = {w for w in before if after.index(w) > before.index(w)}
            assert lost == set(told)
        line.sort(key=lambda w: w.turn)
        # Every arrival stays somebody's turn to go back to.
        taken = [*(w.turn for w in line), *(Decimal(w.arrival) for w in line)]
        assert len({w.turn for w in line}) == len(line)
        unmoved = [w.applied_at for w in line if w.order_reason != "together"]
        assert unmoved == sorted(unmoved)


def test_of_two_who_applied_at_the_same_moment_who_was_here_already_stands_first() -> None:
    line = [waiting(9, 0), waiting(10, 5)]
    turn = turn_by_application(NOON, 11, line, [w.turn for w in line])
    assert (turn.turn, turn.reason) == (Decimal("9.5"), "transfer")


def test_every_way_to_end_has_a_line_in_the_history() -> None:
    assert set(ENDED_AS) == set(get_args(State)) - ALIVE


class _Line:
    """A line of a history."""

    def __init__(self, who: UUID, arrival: int, kind: EventKind, turn_after: Decimal | None) -> None:
        self.enrolment_id, self.arrival, self.kind, self.turn_after = who, arrival, kind, turn_after


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["in", "out", "move"]), st.integers(1, 60)), max_size=40))
def test_the_places_of_a_history_are_those_of_the_queue_as_it_was(steps: list[tuple[int, str, int]]) -> None:
    """Against a queue that is sorted anew after each step."""
    people = [UUID(int=number) for number in range(6)]
    queue: dict[int, Decimal] = {}
    turns = {number: Decimal(number + 1) for number in range(6)}
    lines, expected = [], []
    for who, what, turn in steps:
        told = (what == "in" and who not in queue) or (what == "move" and who in queue)
        before = sorted(queue.values()).index(queue[who]) + 1 if told and who in queue else None
        moved = Decimal(turn) + Decimal(f"0.{who + 1}") if what == "move" and who in queue else None
        if told:
            turns[who] = moved or turns[who]
            queue[who] = turns[who]
        elif what == "out" and who in queue:
            del queue[who]
        else:
            continue
        kind: EventKind = "left" if what == "out" else "applied_queue" if what == "in" else "order_changed"
        lines.append(_Line(people[who], who + 1, kind, moved))
        expected.append((before, sorted(queue.values()).index(queue[who]) + 1 if told else None))
    assert places_before_and_after(lines) == expected
