"""The auditor can fail: each kind of loss, double and disorder is put before it, and it names it."""

from dataclasses import replace

import pytest

from drills import audit
from drills.audit import Box, Entry, Found, Message, Register, Seat
from drills.ledger import Answer, Kind, Ledger, Outcome, Write, longest_gap, recovery


def sent(kind: Kind, subject: str, mark: str, outcome: Outcome = "acknowledged", at: float = 1) -> Write:
    write = Write(kind, subject, mark, contact=f"{mark}@example.invalid" if kind == "exempt" else "")
    write.answered(outcome, at, at + 0.5)
    return write


def two() -> tuple[list[Write], list[Entry], list[Seat]]:
    """A group of one place: one has it, one waits."""
    writes = [sent("exempt", "1", "a", at=1), sent("exempt", "1", "b", at=2)]
    entries = [Entry("a", "1", "preliminary", 1, 1), Entry("b", "1", "queued", 2, 2)]
    return writes, entries, [Seat("1", 1, 1, "a")]


def test_what_is_well_is_called_well() -> None:
    writes, entries, taken = two()
    roll, vote = sent("count", "7", "3-2-0"), sent("vote", "box", "x")
    found = Found(
        entries,
        taken,
        {"7": Register("3-2-0", 1, True)},
        {"box": Box(3, 2, ["x"])},
        {("a", "place_held"): 1},
        [Message("1", "a@example.invalid"), Message("2", "b@example.invalid")],
    )
    assert audit.everything(Ledger([*writes, roll, vote]), found, 0) == []


def test_a_lost_enrolment_is_named_and_one_that_nobody_acknowledged_is_not() -> None:
    writes, entries, _ = two()
    assert audit.enrolments(writes, entries[:1]) == ["an acknowledged enrolment (exempt) is there 0 times"]
    unsure = [writes[0], sent("exempt", "1", "b", "unsure")]
    assert audit.enrolments(unsure, entries[:1]) == audit.enrolments(unsure, entries) == []


def test_a_doubled_enrolment_one_that_nobody_sent_and_one_that_was_called_unsaved_are_named() -> None:
    writes, entries, _ = two()
    assert "an acknowledged enrolment (exempt) is there 2 times" in audit.enrolments(writes, [*entries, entries[1]])
    assert audit.enrolments(writes[:1], entries) == ["an enrolment is there that nobody sent"]
    unsaved = [writes[0], sent("exempt", "1", "b", "unsaved")]
    assert audit.enrolments(unsaved, entries) == ["an enrolment is there that was answered with unsaved"]


def test_a_place_that_was_left_and_one_that_nobody_left_are_told_apart() -> None:
    writes, entries, _ = two()
    leaving = sent("leave", "1", "a")
    assert audit.enrolments([*writes, leaving], entries) == ["a place that was left is still preliminary"]
    gone = [replace(entries[0], state="withdrawn", ended=True), entries[1]]
    assert audit.enrolments([*writes, leaving], gone) == []
    assert audit.enrolments(writes, gone) == ["an enrolment that nobody left is withdrawn"]
    assert audit.enrolments([*writes, sent("leave", "1", "a", "unsaved")], gone) == [
        "a place is left although that was answered with unsaved"
    ]


@pytest.mark.parametrize("part", ["applied", "named", "key"])
def test_a_half_enrolment_is_named_with_what_it_lacks(part: str) -> None:
    half = Entry("a", "1", "queued", 1, 1, **{part: False})  # type: ignore[arg-type]
    assert audit.halves([half]) == [f"a half enrolment (queued): without {part}"]


def test_a_doubled_seat_one_too_many_and_one_too_few_are_named() -> None:
    _, entries, taken = two()
    assert audit.seats(entries, taken) == []
    both = [entries[0], replace(entries[1], state="offered")]
    assert audit.seats(both, [*taken, Seat("1", 1, 1, "b")]) == ["seat 1 of a group is taken 2 times"]
    assert audit.seats(both, [*taken, Seat("1", 2, 1, "b")]) == ["a seat 2 of 1"]
    assert audit.seats(both, taken) == ["somebody offered has 0 seats"]
    assert audit.seats(entries, [*taken, Seat("1", 2, 2, "b")]) == ["somebody queued has 1 seats"]


def test_a_queue_out_of_order_is_named() -> None:
    writes, entries, _ = two()
    assert audit.order(writes, entries) == []
    swapped = [replace(entries[0], arrival=2, turn=2), replace(entries[1], arrival=1, turn=1)]
    assert audit.order(writes, swapped) == [
        "arrival 2 was answered before one with a lower number was sent",
        "arrival 2 holds a place while arrival 1 waits",
    ]
    assert audit.order(writes, [entries[0], replace(entries[1], turn=0.5)]) == ["turn 0.5 of arrival 2"]
    # Both under way at once: either order is right.
    together = [sent("exempt", "1", "a", at=1), sent("exempt", "1", "b", at=1.2)]
    assert audit.order(together, [replace(one, state="queued") for one in swapped]) == []


def test_a_roll_call_that_lost_its_last_change_or_shows_what_nobody_sent_is_named() -> None:
    history = [sent("count", "7", "1-1-0"), sent("count", "7", "2-2-0"), sent("count", "7", "3-3-0", "unsure")]
    for value, changes in (("2-2-0", 2), ("3-3-0", 3)):
        assert audit.registers(history, {"7": Register(value, changes, True)}) == []
    assert audit.registers(history, {"7": Register("1-1-0", 2, True)}) == [
        "a roll call shows 1-1-0 instead of 2-2-0 or 3-3-0"
    ]
    assert audit.registers(history[:1], {}) == [
        "a roll call shows nothing instead of 1-1-0",
        "a roll call was changed 0 times; 1 changes were acknowledged, 1 sent",
    ]
    assert audit.registers(history, {"7": Register("2-2-0", 4, True)}) == [
        "a roll call was changed 4 times; 2 changes were acknowledged, 3 sent"
    ]
    assert audit.registers(history, {"7": Register("2-2-0", 2, False)}) == [
        "a roll call is half there: noted, or held, but not both"
    ]


def test_a_lost_vote_a_doubled_one_and_a_slip_used_for_nothing_are_named() -> None:
    cast = [sent("vote", "box", "x"), sent("vote", "box", "y", "unsure")]
    assert audit.votes(cast, {"box": Box(3, 2, ["x"])}) == audit.votes(cast, {"box": Box(3, 1, ["x", "y"])}) == []
    assert audit.votes(cast, {"box": Box(3, 2, ["y"])}) == ["an acknowledged vote lies in its box 0 times"]
    assert audit.votes(cast, {"box": Box(3, 1, ["x", "x"])}) == ["an acknowledged vote lies in its box 2 times"]
    assert audit.votes(cast, {"box": Box(3, 0, ["x", "y", "y"])}) == ["a vote lies in its box 2 times"]
    assert audit.votes(cast, {"box": Box(3, 1, ["x", "z"])}) == ["a box holds a vote that nobody sent"]
    assert audit.votes(cast, {"box": Box(3, 1, ["x"])}) == ["2 slips of a box are used up for 1 votes"]
    told = [sent("vote", "box", "x", "unsaved")]
    assert audit.votes(told, {"box": Box(3, 2, ["x"])}) == ["a vote was counted although it was answered with unsaved"]


def test_a_doubled_notice_and_one_that_never_came_are_named() -> None:
    writes, entries, _ = two()
    taken = [Message("1", "a@example.invalid"), Message("2", "b@example.invalid")]
    assert audit.notices(writes, Found(entries, messages=taken), 0) == []
    again = Found(entries, messages=[*taken, taken[0]])
    assert audit.notices(writes, again, 0) == ["1 messages were sent again, at most 0 could be in flight"]
    assert audit.notices(writes, again, 1) == []
    thrice = Found(entries, messages=[*taken, taken[0], taken[0]])
    assert audit.notices(writes, thrice, 1) == ["1 messages were sent again, at most 1 could be in flight"]
    twice = Found(entries, notices={("a", "place_held"): 2}, messages=taken)
    assert audit.notices(writes, twice, 0) == ["2 notices place_held for one enrolment"]
    silent = Found(entries, messages=taken[:1])
    assert audit.notices(writes, silent, 0) == ["nothing was sent to somebody whose enrolment was acknowledged (exempt)"]
    assert audit.notices(writes, replace(silent, waiting=frozenset({"b"})), 0) == []


def test_pages_nobody_can_go_on_from_are_counted_and_silence_only_where_a_process_fell() -> None:
    seen = [
        Answer("GET /", 2, 3, 500, False, "500"),
        Answer("GET /", 2, 3, 0, False),
        Answer("GET /", 0, 1, 500, False, "old"),
    ]
    assert audit.answers(Ledger(answers=seen), 1, silence=True) == ["1 times: 500"]
    assert audit.answers(Ledger(answers=seen), 1, silence=False) == ["1 times: 500", "1 times: no answer at all"]


def test_recovery_is_counted_to_what_was_sent_after_the_fault_and_needs_every_kind() -> None:
    writes = [sent("vote", "b", "1", at=9.9), sent("vote", "b", "2", at=12), sent("count", "7", "1", "unsure", at=11)]
    found = recovery(writes, 10)
    assert (found.of_all, found.of_each["vote"], found.of_each["count"], found.whole) == (2.5, 2.5, None, None)
    assert longest_gap(writes, 10, 13) == pytest.approx(2.1)
    # What was on its way when the fault began is an answer, and none to what was sent after it (docs/reliability.md).
    under_way = Write("vote", "b", "3")
    under_way.answered("acknowledged", 9.8, 11.2)
    assert recovery([*writes, under_way], 10).of_all == pytest.approx(2.5)
    assert longest_gap([*writes, under_way], 10, 12.5) == pytest.approx(1.3)


def test_what_was_in_doubt_is_settled_by_an_answer_and_an_answer_by_nothing() -> None:
    write = Write("vote", "b", "1")
    write.answered("unsure", 1, 2)
    assert (write.outcome, write.may_be_there) == ("unsure", True)
    write.answered("refused", 3, 4)
    assert write.may_be_there
    write.answered("acknowledged", 5, 6)
    write.answered("unsaved", 7, 8)
    assert (write.outcome, write.began, write.tried, write.ended) == ("acknowledged", 1, 5, 6)
