"""What somebody believes of sessions: each change leaves nobody with something that is not so, and tells nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import example, given
from hypothesis import strategies as st

from programmes.notices.belief_rules import (
    Belief,
    Known,
    Pending,
    acts_at,
    differing,
    either,
    is_of_use,
    is_tangled,
    outcome,
    read,
    readings,
    taken,
    written,
    wrong_days,
)
from programmes.notices.hours_rules import is_urgent

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 9, 2, 20, tzinfo=UTC)  # ten in the evening in Stockholm


def at(hours: int, venue: int = 1) -> Known:
    return Known(NOON + timedelta(hours=hours), NOON + timedelta(hours=hours + 2), venue)


KNOWN = st.one_of(st.none(), st.builds(at, st.integers(-48, 96), st.integers(1, 2)))
BELIEF = st.dictionaries(st.integers(1, 4), KNOWN, min_size=1, max_size=4)
# What happens: the sessions become so, by which change; or the change before is undone; or what waits reaches them.
STEP = st.one_of(
    st.tuples(st.sampled_from(["move", "move_rest", "cancel"]), BELIEF), st.just(("undo", {})), st.just(("sent", {}))
)


@given(BELIEF)
def test_what_is_written_is_read(belief: Belief) -> None:
    assert read(written(belief)) == belief
    assert read(None) is None


@given(BELIEF, st.lists(STEP, max_size=12))
@example({1: at(1)}, [("move", {1: at(2)}), ("move", {1: at(3)}), ("undo", {})])
@example({1: at(1)}, [("move", {1: at(2)}), ("sent", {}), ("move", {1: at(3)}), ("undo", {})])
@example({1: at(1)}, [("move", {1: at(2)}), ("cancel", {1: None}), ("undo", {}), ("sent", {})])
def test_whoever_believes_what_is_not_so_is_told_and_nobody_else(first: Belief, steps: list[tuple[str, Belief]]) -> None:
    now_is, believes, pending = dict(first), dict(first), dict[UUID, Pending]()
    history = [dict(first)]
    for what, wanted in steps:
        if what == "sent":
            for entry in pending.values():
                believes |= {session_id: now_is[session_id] for session_id in entry.believed}
            pending = {}
            continue
        if what == "undo" and len(history) < 2:
            continue
        became = history[-2] if what == "undo" else now_is | {s: k for s, k in wanted.items() if s in now_is}
        history = history[:-1] if what == "undo" else [*history, became]
        before = differing(now_is, became)
        found = outcome(what, before, {s: became.get(s) for s in before}, list(pending.values()))  # type: ignore[arg-type]
        now_is = dict(became)
        for notice_id, left in found.narrowed:
            old = pending.pop(notice_id)
            if left:
                pending[notice_id] = Pending(notice_id, old.kind, left, True)
        if found.kind is not None:
            made = uuid4()
            pending[made] = Pending(made, found.kind, found.told, True)
        # Cancelled ones that they had never heard of are told as if they had, and only those.
        covered = {s: known for entry in pending.values() for s, known in entry.believed.items()}
        assert len(covered) == sum(len(entry.believed) for entry in pending.values())
        for session_id, is_so in now_is.items():
            assert (believes[session_id] != is_so) <= (session_id in covered)
            if believes[session_id] is not None:
                assert (session_id in covered) == (believes[session_id] != is_so)


@given(BELIEF, BELIEF, st.integers(-72, 72))
def test_how_urgent_it_is_follows_from_whichever_comes_first_of_what_was_and_what_is(
    old: dict[int, Known | None], now_is: dict[int, Known | None], hours: int
) -> None:
    now = NOON + timedelta(hours=hours)
    found = acts_at(old, now_is, now)
    different = [(known, now_is.get(s)) for s, known in old.items() if known != now_is.get(s)]
    coming = [known.starts_at for pair in different for known in pair if known and known.starts_at > now]
    assert found == (min(coming) if coming else None)
    if found is not None:
        assert is_of_use(old, now_is, now)
        # Nothing makes it less urgent than the old time alone would.
        for was, _is in different:
            if was and was.starts_at > now and is_urgent(was.starts_at, now):
                assert is_urgent(found, now)


def test_moved_at_night_from_the_morning_to_next_week_it_is_urgent() -> None:
    nine, next_week = Known(NIGHT + timedelta(hours=11), NIGHT + timedelta(hours=13), 1), at(24 * 7)
    assert is_urgent(acts_at({1: nine}, {1: next_week}, NIGHT), NIGHT)
    assert not is_urgent(acts_at({1: at(24 * 6)}, {1: next_week}, NIGHT), NIGHT)
    assert is_urgent(acts_at({1: next_week}, {1: nine}, NIGHT), NIGHT)


def test_of_talks_that_nobody_has_heard_of_those_that_stand_are_told_when_one_is_changed() -> None:
    booked = Pending(uuid4(), "talk_booked", {1: None, 2: None, 3: None}, True)
    moved = outcome("move", {1: at(1)}, {1: at(5)}, [booked])
    assert (moved.narrowed, moved.kind) == ((), None), "the message says of each when it is as it is sent"
    off = outcome("cancel", {1: at(1)}, {1: None}, [booked])
    assert off.narrowed == ((booked.notice_id, {2: None, 3: None}),)
    assert (off.kind, off.told) == ("session_cancelled", {1: replace(at(1), unheard=True)})
    later = Pending(uuid4(), "session_cancelled", off.told, True)
    assert read(written(off.told)) == off.told
    back = outcome("undo", {1: None}, {1: at(1)}, [later])
    assert (back.narrowed, back.kind, back.told) == (((later.notice_id, {}),), "talk_booked", {1: None})


def test_what_makes_up_for_a_session_that_nobody_heard_of_is_told_with_what_was_cancelled_first() -> None:
    off = Pending(uuid4(), "session_cancelled", {2: at(2), 5: None}, True)
    again = outcome("replace", {5: at(5), 6: None}, {5: None, 6: at(6)}, [off])
    assert (again.kind, again.narrowed) == (None, ((off.notice_id, {2: at(2), 5: None, 6: None}),))
    off = replace(off, believed=again.narrowed[0][1])
    undone = outcome("undo", {5: None, 6: at(6)}, {5: at(5), 6: None}, [off])
    assert (undone.kind, undone.narrowed) == (None, ()), "the message says what it said at first"
    failed = outcome("replace", {5: at(5), 6: None}, {5: None, 6: at(6)}, [replace(off, given_up=True)])
    assert (failed.kind, failed.told) == ("session_moved", {6: None}), "a new one may arrive: one more, nothing is cancelled"


def test_a_day_that_another_session_has_got_is_no_name() -> None:
    assert taken({1: at(1)}, {1: None, 2: at(1)})
    assert not taken({1: at(1)}, {1: at(1), 2: at(5)})


def test_what_a_server_may_have_taken_is_taken_back_in_words() -> None:
    maybe = Pending(uuid4(), "session_moved", {1: at(1)}, False)
    assert outcome("undo", {1: at(5)}, {1: at(1)}, [maybe]).kind == "change_undone"
    never = Pending(uuid4(), "session_moved", {1: at(1)}, True)
    assert outcome("undo", {1: at(5)}, {1: at(1)}, [never]).kind is None


MAYBE = st.lists(KNOWN, min_size=1, max_size=4).map(lambda found: either(*found))


@given(st.dictionaries(st.integers(1, 4), MAYBE, min_size=1), BELIEF)
def test_of_who_may_have_heard_either_both_are_told(believed: Belief, now_is: Belief) -> None:
    assert read(written(believed)) == believed
    for session_id, old in believed.items():
        every = readings(old)
        assert len(set(every)) == len(every)
        assert either(old, old) == old
        wrong = {(one.starts_at, one.ends_at) for one in every if one and one != now_is.get(session_id)}
        assert {(one.starts_at, one.ends_at) for one in wrong_days(old, now_is.get(session_id))} == wrong
    for session_id in differing(believed, now_is):
        coming = [k for k in (*readings(believed.get(session_id)), now_is.get(session_id)) if k and k.ends_at > NOON]
        assert not coming or session_id not in believed or is_of_use({session_id: believed[session_id]}, now_is, NOON)
        first = acts_at({session_id: believed.get(session_id)}, now_is, NOON)
        wrong_to_come = [k.starts_at for k in readings(believed.get(session_id))
                         if k and k != now_is.get(session_id) and k.starts_at > NOON]  # fmt: skip
        assert not wrong_to_come or (first and first <= min(wrong_to_come))


def test_what_may_have_been_received_leaves_two_days_until_something_sure_has_come() -> None:
    maybe = Pending(uuid4(), "session_moved", {1: at(1)}, False)
    off = outcome("cancel", {1: at(25)}, {1: None}, [maybe])
    assert (off.kind, off.narrowed) == ("session_cancelled", ((maybe.notice_id, {}),))
    assert readings(off.told[1]) == (at(1), at(25))
    waits = Pending(uuid4(), "session_cancelled", off.told, True)
    back = outcome("undo", {1: None}, {1: at(25)}, [waits])
    assert (back.kind, wrong_days(back.told[1], at(25))) == ("session_moved", (at(1),))
    third = outcome("move", {1: at(25)}, {1: at(49)}, [replace(waits, sure=False)])
    assert wrong_days(third.told[1], at(49)) == (at(1), at(25))
    assert not is_tangled(third.told[1], at(49))
    assert is_tangled(either(at(1), at(2), at(3)), None)
    assert is_tangled(either(at(1), at(25)), at(1, venue=2))


def test_a_new_session_that_may_have_been_told_of_is_told_apart_when_it_is_moved() -> None:
    maybe = Pending(uuid4(), "session_cancelled", {1: at(1), 5: None}, False)
    moved = outcome("move", {5: at(50)}, {5: at(60)}, [maybe])
    assert moved.narrowed == ((maybe.notice_id, {1: at(1)}),)
    assert (moved.kind, set(readings(moved.told[5]))) == ("session_moved", {None, at(50)})


@given(BELIEF, st.lists(STEP | st.just(("tried", {})), max_size=12))
@example({1: at(1)}, [("cancel", {1: None}), ("tried", {}), ("undo", {})])
@example({1: at(1)}, [("move", {1: at(2)}), ("tried", {}), ("move", {1: at(3)}), ("undo", {}), ("undo", {})])
def test_whoever_may_believe_what_is_not_so_is_told(first: Belief, steps: list[tuple[str, Belief]]) -> None:
    now_is, pending, history = dict(first), dict[UUID, Pending](), [dict(first)]
    may_believe = {session_id: {known} for session_id, known in first.items()}
    for what, wanted in steps:
        if what in {"sent", "tried"}:
            for entry in pending.values():
                for session_id in entry.believed:
                    heard = {now_is[session_id]}
                    may_believe[session_id] = heard if what == "sent" else may_believe[session_id] | heard
            pending = {} if what == "sent" else {one: replace(entry, sure=False) for one, entry in pending.items()}
            continue
        if what == "undo" and len(history) < 2:
            continue
        became = history[-2] if what == "undo" else now_is | {s: k for s, k in wanted.items() if s in now_is}
        history = history[:-1] if what == "undo" else [*history, became]
        before = differing(now_is, became)
        found = outcome(what, before, {s: became.get(s) for s in before}, list(pending.values()))  # type: ignore[arg-type]
        now_is = dict(became)
        for notice_id, left in found.narrowed:
            old = pending.pop(notice_id)
            if left:
                pending[notice_id] = replace(old, believed=left)
        if found.kind is not None:
            made = uuid4()
            pending[made] = Pending(made, found.kind, found.told, True)
        covered = {session_id: known for entry in pending.values() for session_id, known in entry.believed.items()}
        for session_id, is_so in now_is.items():
            may = may_believe[session_id]
            assert (may != {is_so}) <= (session_id in covered), (session_id, may)
            tried = any(not entry.sure and session_id in entry.believed for entry in pending.values())
            # Each day by which they may know it is named.
            assert session_id not in covered or tried or may - {is_so} <= set(readings(covered[session_id]))
