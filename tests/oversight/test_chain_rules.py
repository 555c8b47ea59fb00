"""Whatever is done to a chain without its key shows (promise 6), and a chain that nobody touched is whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.oversight.log.chain_rules import (
    Break,
    Checkpoint,
    Head,
    Line,
    Link,
    Walk,
    checkpoint_mac,
    link_mac,
    loss_mac,
    shown,
)

KEY = b"k" * 32
MADE = datetime(2026, 9, 1, tzinfo=UTC)
LINES = st.lists(
    st.builds(
        Line,
        look_id=st.integers(1, 10**12),
        # One number each: years, months, days … or bytes of their own would take most of the time of these tests.
        at=st.integers(0, 4 * 365 * 86_400 * 10**6).map(lambda micro: MADE + timedelta(microseconds=micro)),
        staff_id=st.integers(1, 999),
        participant_id=st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)),
        cohort_id=st.integers(1, 999),
        page=st.sampled_from(["group", "person", "print"]),
        reason=st.sampled_from([None, "question"]),
        protected=st.booleans(),
        own_name=st.booleans(),
    ),
    min_size=2,
    max_size=12,
    unique_by=lambda line: line.look_id,
)


def chained(lines: list[Line], key: bytes = KEY, head: Head = Head()) -> list[Link]:
    """The links of some lines, as the worker makes them."""
    found = []
    for line in lines:
        head = Head(head.position + 1, link_mac(key, head.mac, head.position + 1, line))
        found.append(Link(head.position, head.mac, line))
    return found


def walked(links: list[Link], anchored: Head | None = None) -> list[Break]:
    walk = Walk(KEY)
    walk.links(links)
    if anchored:
        walk.end(anchored)
    return walk.breaks


def at_end(links: list[Link]) -> Head:
    return Head(links[-1].position, links[-1].mac) if links else Head()


@given(LINES)
def test_a_chain_that_nobody_touched_is_whole(lines: list[Line]) -> None:
    links = chained(lines)
    assert walked(links, at_end(links)) == []


CHANGES: dict[str, Callable[[Line], Line]] = {
    "look_id": lambda line: replace(line, look_id=line.look_id + 1),
    "at": lambda line: replace(line, at=line.at + timedelta(microseconds=1)),
    "staff_id": lambda line: replace(line, staff_id=line.staff_id + 1),
    "participant_id": lambda line: replace(line, participant_id=UUID(int=line.participant_id.int ^ 1)),
    "cohort_id": lambda line: replace(line, cohort_id=line.cohort_id + 1),
    "page": lambda line: replace(line, page=line.page + "s"),
    "reason": lambda line: replace(line, reason="extract" if line.reason is None else None),
    "protected": lambda line: replace(line, protected=not line.protected),
    "own_name": lambda line: replace(line, own_name=not line.own_name),
}


def test_every_column_of_a_line_is_in_its_link() -> None:
    assert set(CHANGES) == set(Line.__dataclass_fields__)


@given(LINES, st.data(), st.sampled_from(sorted(CHANGES)))
def test_a_changed_line_is_found_where_it_stands(lines: list[Line], data: st.DataObject, column: str) -> None:
    links, at = chained(lines), data.draw(st.integers(0, len(lines) - 1))
    line = links[at].line
    assert line
    changed = [*links[:at], replace(links[at], line=CHANGES[column](line)), *links[at + 1 :]]
    assert walked(changed, at_end(links)) == [Break("changed", at + 1)]


@given(LINES, st.data())
def test_a_removed_line_is_found_whether_its_link_is_left_or_not(lines: list[Line], data: st.DataObject) -> None:
    links, at = chained(lines), data.draw(st.integers(0, len(lines) - 1))
    assert walked([*links[:at], replace(links[at], line=None), *links[at + 1 :]], at_end(links)) == [
        Break("line_gone", at + 1)
    ]
    without = walked([*links[:at], *links[at + 1 :]], at_end(links))
    assert without[0] == Break("end_gone" if at == len(lines) - 1 else "link_gone", at + 1)
    # The places closed up, as somebody would who wants no gap to show.
    closed = [replace(link, position=number) for number, link in enumerate([*links[:at], *links[at + 1 :]], start=1)]
    first = walked(closed, at_end(links))[0]
    assert first == Break("end_gone" if at == len(lines) - 1 else "changed", at + 1)


@given(LINES, st.data())
def test_swapped_lines_are_found(lines: list[Line], data: st.DataObject) -> None:
    links = chained(lines)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)))
    only_lines, whole = list(links), list(links)
    only_lines[one], only_lines[other] = (
        replace(links[one], line=links[other].line),
        replace(links[other], line=links[one].line),
    )
    whole[one], whole[other] = (
        replace(links[other], position=links[one].position),
        replace(links[one], position=links[other].position),
    )
    for changed in (only_lines, whole):
        assert walked(changed, at_end(links))[0] == Break("changed", one + 1)


@given(LINES, LINES, st.data())
def test_an_inserted_line_is_found(lines: list[Line], others: list[Line], data: st.DataObject) -> None:
    links, at = chained(lines), data.draw(st.integers(0, len(lines)))
    before = Head(at, links[at - 1].mac) if at else Head()
    forged = chained(others[:1], b"x" * 32, before)
    inserted = [*links[:at], *forged, *(replace(link, position=link.position + 1) for link in links[at:])]
    assert walked(inserted, at_end(links))[0] == Break("changed", at + 1)


@given(LINES, st.data())
def test_a_truncated_end_is_found_by_what_was_written_down_elsewhere(lines: list[Line], data: st.DataObject) -> None:
    links, left = chained(lines), data.draw(st.integers(0, len(lines) - 1))
    assert walked(links[:left]) == []
    assert walked(links[:left], at_end(links)) == [Break("end_gone", left + 1)]


@given(LINES, LINES)
def test_another_chain_with_the_right_key_is_not_the_one_that_was_written_down(
    lines: list[Line], others: list[Line]
) -> None:
    if lines[0] == others[0]:
        return
    walk = Walk(KEY, kept=[Head(1, chained(lines)[0].mac)])
    walk.links(chained(others))
    assert walk.breaks == [Break("other_end", 1)]


@given(LINES, st.integers(1, 40))
def test_a_loss_that_was_written_into_the_chain_is_no_break_and_a_made_up_one_is(lines: list[Line], lost: int) -> None:
    links = chained(lines)
    head = at_end(links)
    place, lost_from = head.position + lost, head.position + 1
    taken_up = Link(place, loss_mac(KEY, head.mac, place, lost_from), None, lost_from)
    after = chained(lines, head=Head(place, taken_up.mac))
    assert walked([*links, taken_up, *after], at_end(after)) == []
    made_up = replace(taken_up, mac=loss_mac(b"x" * 32, head.mac, place, lost_from))
    assert walked([*links, made_up])[0] == Break("changed", place)


@given(LINES, st.data())
def test_a_checkpoint_stands_for_what_has_gone_only_if_it_was_signed(lines: list[Line], data: st.DataObject) -> None:
    links, gone = chained(lines), data.draw(st.integers(1, len(lines)))
    head = Head(gone, links[gone - 1].mac)
    signed = Checkpoint(1, gone, head.mac, date(2026, 1, 1), MADE, checkpoint_mac(KEY, 1, head, date(2026, 1, 1), MADE))

    def breaks(checkpoint: Checkpoint) -> list[Break]:
        walk = Walk(KEY)
        walk.checkpoints([checkpoint])
        walk.links(links[gone:])
        walk.end(at_end(links))
        return walk.breaks

    assert breaks(signed) == []
    for wrong in (
        replace(signed, mac=bytes(32)),
        replace(signed, before=date(2027, 1, 1)),
        replace(signed, made_at=MADE + timedelta(days=1)),
        replace(signed, from_position=2),
        replace(signed, head=bytes(32)),
    ):
        assert Break("checkpoint", wrong.from_position) in breaks(wrong)


@pytest.mark.parametrize("byte", [0, 4, 9])
def test_what_is_shown_of_a_head_is_eighty_bits_of_it(byte: int) -> None:
    mac = bytes(range(32))
    assert shown(mac) == "0001 0203 0405 0607 0809"
    other = bytearray(mac)
    other[byte] ^= 1
    assert shown(bytes(other)) != shown(mac)
