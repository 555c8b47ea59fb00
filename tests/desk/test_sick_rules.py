"""When a message leaves before what it is about begins, who has heard, and until when an answer is waited for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.clock import local
from programmes.desk.illness import reached_rules, substitute_rules
from programmes.desk.illness.reached_rules import Notice, counted, heard, may_be_rung
from programmes.desk.illness.substitute_rules import (
    Free,
    Request,
    Standing,
    answer_by,
    newest,
    others_stand,
    stage,
    why_not_yes,
)
from programmes.notices.hours_rules import NEEDED_BEFORE, is_urgent, leaves_at

START = datetime(2026, 10, 23, tzinfo=UTC)  # Two days before the clocks go back.
MOMENTS = st.integers(0, 6 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
AHEAD = st.integers(1, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
AVOID = st.sampled_from(["", "efter 17", "nätter", "helger", "dagarna", "vardagar 9–12", "när han är hemma"])


@given(MOMENTS, AHEAD, AVOID, st.booleans())
def test_a_change_is_told_before_it_begins_or_left_to_staff_at_once(
    now: datetime, ahead: timedelta, avoid: str, by_text: bool
) -> None:
    begins = now + ahead
    leaves = leaves_at(now, avoid, by_text, is_urgent(begins, now), begins)
    assert leaves is None or now <= leaves < begins
    if not avoid:
        # Who wants no hours spared hears of it at once by mail, and by text in time to stay at home.
        assert leaves is not None
        assert leaves == now or (by_text and begins - leaves >= NEEDED_BEFORE)
        assert leaves == now or not 8 <= local(now).hour < 20
    if avoid == "när han är hemma":
        assert leaves is None


@pytest.mark.parametrize(
    ("now", "begins", "urgent"),
    [
        ((2, 20, 15), (3, 8, 30), True),  # Half an hour before it, on the way there, is too late.
        ((2, 20, 15), (3, 10, 30), False),
        ((2, 20, 15), (3, 8, 10), True),
        ((2, 14, 30), (2, 15, 0), True),
        ((2, 12, 0), (3, 8, 30), False),  # By day a text goes at once anyway.
        ((2, 12, 0), (2, 11, 0), False),
    ],
)
def test_what_may_wake_somebody(now: tuple[int, int, int], begins: tuple[int, int, int], urgent: bool) -> None:
    def at(moment: tuple[int, int, int]) -> datetime:
        return datetime(2026, 9, *moment, tzinfo=UTC) - timedelta(hours=2)

    assert is_urgent(at(begins), at(now)) is urgent


NOTICES = st.builds(
    Notice,
    notice_id=st.just(UUID(int=1)),
    enrolment_id=st.just(UUID(int=2)),
    state=st.sampled_from(["waiting", "sent", "failed", "no_channel"]),
    sent_at=st.none() | MOMENTS,
    held=st.booleans(),
    failures=st.integers(0, 9),
    error=st.sampled_from(["", "Timeout"]),
    called=st.integers(0, 3),
    called_at=st.none() | MOMENTS,
)
STANDINGS = st.sampled_from(["mail", "text", "ring", "none", "unwanted", "unreadable"])


@given(st.none() | NOTICES, STANDINGS)
def test_who_has_heard_is_never_rung_and_nobody_is_forgotten(notice: Notice | None, standing: str) -> None:
    found = heard(notice, standing)  # type: ignore[arg-type]
    told = notice is not None and notice.sent_at is not None
    assert (found in {"sent", "told"}) is told
    if told or (standing in {"none", "unwanted"} and (notice is None or notice.state == "no_channel")):
        assert not may_be_rung(found)
    if notice is not None and notice.state == "failed" and not told:
        assert found in reached_rules.MISSING
    numbers = counted([found])
    assert numbers.all == 1
    assert numbers.missing == (found in reached_rules.MISSING)


@given(MOMENTS, st.integers(0, 4000))
def test_an_answer_is_waited_for_until_the_others_can_still_be_told(now: datetime, minutes: int) -> None:
    begins = now + timedelta(minutes=minutes)
    until = answer_by(begins, now)
    assert now <= until <= begins
    left = begins - now
    assert begins - until >= min(left / 2, substitute_rules.LEAST_BEFORE) - timedelta(minutes=1)
    # What has begun already waits for nobody.
    assert answer_by(now - timedelta(minutes=minutes), now) == now


def request(number: int, asked_id: int, state: str, now: datetime) -> Request:
    until = now + timedelta(minutes=10)
    return Request(number, 1, 9, "Robin", asked_id, f"N{asked_id}", now, until, until, state)  # type: ignore[arg-type]


STATES = st.sampled_from(["asked", "yes", "no", "withdrawn", "taken", "over"])


@given(st.lists(st.tuples(st.integers(1, 4), STATES), max_size=6), st.booleans(), st.integers(0, 20))
def test_how_far_it_has_come(asked: list[tuple[int, str]], away: bool, minutes: int) -> None:
    found = newest([request(number, who, state, START) for number, (who, state) in enumerate(asked)])
    assert len({one.asked_id for one in found}) == len(found)
    at = stage(found, away, True, START + timedelta(minutes=minutes))
    states = [one.state for one in found]
    assert (at == "found") is ("yes" in states)
    if "yes" not in states:
        assert (at == "alone") is away
        assert (at == "asking") is (not away and "asked" in states and minutes < 10)
        assert (at == "choose") is (not away and not {"asked", "no"} & set(states))


@given(STATES, st.none() | st.just("session_cancelled"), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_yes_counts_only_while_everything_is_so(
    state: str, settled: str | None, moved: bool, leads: bool, elsewhere: bool, ill: bool
) -> None:
    why = why_not_yes(state, settled, moved, Free(leads, elsewhere, ill))  # type: ignore[arg-type]
    open_still = state not in {"taken", "withdrawn", "over"}
    assert (why is None) is (open_still and not settled and not moved and leads and not elsewhere and not ill)
    if state == "taken":
        assert why == "taken"


def test_who_is_left_is_there_and_may_lead() -> None:
    there = Standing(1, "Robin", False, False, True)
    others = [there, Standing(2, "Love", True, False, True), Standing(3, "Sam", False, False, False)]
    assert others_stand(others, 1) == ()
    assert others_stand(others, 3) == (there,)
