"""Places, entry, offers and steps as decisions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.clock import local
from programmes.core.days import day_off
from programmes.enrolment.rules import (
    AgreementText,
    Applied,
    EnrolmentFacts,
    Entry,
    NotOpen,
    Queued,
    State,
    Steps,
    Visit,
    acceptable,
    asked_texts,
    asks_for_more,
    decide_application,
    doubles,
    entry,
    lowest_free,
    may_drop_out,
    remaining,
    still_to_do,
    strays,
)
from programmes.enrolment.waiting_rules import LEAST_TO_ANSWER, capped_again, offer_until, queue_over
from tests.catalogue.cast import EDITION

moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(lambda m: m.replace(tzinfo=UTC))  # noqa: DTZ001


@given(st.sets(st.integers(1, 12)), st.integers(1, 12))
def test_a_free_seat_is_within_the_maximum_and_not_taken(taken: set[int], maximum: int) -> None:
    seat = lowest_free(taken, maximum)
    if seat is None:
        assert set(range(1, maximum + 1)) <= taken
    else:
        assert 1 <= seat <= maximum
        assert seat not in taken


def test_a_newcomer_waits_while_anybody_waits_even_with_a_free_seat() -> None:
    assert decide_application({1, 2}, 8, someone_waits=True, asks_for_more=False) == Queued()
    assert decide_application({1, 2}, 8, someone_waits=False, asks_for_more=False) == Applied(3, confirmed=True)
    assert decide_application({1, 2}, 8, someone_waits=False, asks_for_more=True) == Applied(3, confirmed=False)


def test_entry_ends_when_the_last_session_of_entry_begins() -> None:
    start = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
    facts = Entry("open", date(2026, 9, 1), start)
    assert entry(facts, start - timedelta(seconds=1)) is None
    assert entry(facts, start) == NotOpen("too_late")
    assert entry(facts, datetime(2026, 8, 31, 12, tzinfo=UTC)) == NotOpen("not_yet")
    assert entry(Entry("cancelled", date(2026, 9, 1), start), start - timedelta(days=1)) == NotOpen("cancelled")


def test_an_offer_on_a_friday_evening_lasts_over_the_weekend() -> None:
    # Friday 4 September 2026 18.00: two hours that day, twelve on Monday, two on Tuesday.
    now = datetime(2026, 9, 4, 16, 0, tzinfo=UTC)
    until = offer_until(now, None, day_off)
    assert until
    assert local(until).strftime("%a %H:%M") == "Tue 10:00"


def test_an_offer_skips_christmas() -> None:
    now = datetime(2026, 12, 23, 19, 0, tzinfo=UTC)
    # 24 to 26 December are off, 27 is a Sunday: twelve hours on Monday 28, four on Tuesday 29.
    until = offer_until(now, None, day_off)
    assert until
    assert local(until).strftime("%d %H:%M") == "29 12:00"


aheads = st.timedeltas(timedelta(minutes=1), timedelta(days=40))


def awake(now: datetime, end: datetime) -> timedelta:
    """How much of the time between lies between 8 and 20, on any day, to five minutes."""
    step, counted, at = timedelta(minutes=5), timedelta(0), now
    while at < end:
        if 8 <= local(at).hour < 20:
            counted += min(step, end - at)
        at += step
    return counted


@given(moments, aheads)
def test_an_offer_can_be_answered_and_is_over_well_before_the_next_session(now: datetime, ahead: timedelta) -> None:
    until = offer_until(now, now + ahead, day_off)
    if until is not None:
        assert now < until <= now + ahead - timedelta(hours=2)
        assert until - now >= LEAST_TO_ANSWER
        assert awake(now, until) >= LEAST_TO_ANSWER - timedelta(minutes=5)


@given(moments, aheads)
def test_no_offer_is_made_exactly_when_nobody_would_have_the_time_to_answer(now: datetime, ahead: timedelta) -> None:
    there_is_time = awake(now, now + ahead - timedelta(hours=2)) >= LEAST_TO_ANSWER + timedelta(minutes=10)
    there_is_none = awake(now, now + ahead - timedelta(hours=2)) <= LEAST_TO_ANSWER - timedelta(minutes=10)
    until = offer_until(now, now + ahead, day_off)
    assert not (there_is_time and until is None)
    assert not (there_is_none and until is not None)


def test_in_the_evening_before_a_morning_session_no_offer_is_made() -> None:
    evening, morning = datetime(2026, 9, 6, 20, tzinfo=UTC), datetime(2026, 9, 7, 7, tzinfo=UTC)
    assert offer_until(evening, morning, day_off) is None
    assert offer_until(evening, morning + timedelta(hours=4), day_off) == morning + timedelta(hours=2)


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=9)), aheads)
def test_an_offer_is_capped_again_fairly_and_once(now: datetime, left: timedelta, ahead: timedelta) -> None:
    until, session = now + left, now + ahead
    capped = capped_again(now, until, session)
    assert now < capped <= min(until, session)
    assert capped == min(until, session) or awake(now, capped) >= LEAST_TO_ANSWER - timedelta(minutes=5)
    assert capped_again(now, capped, session) == capped
    assert capped_again(now + (capped - now) / 2, capped, session) == capped
    assert capped_again(now, until, None) == until


@given(moments, st.sampled_from(["open", "postponed", "started", "closed", "cancelled", "planned"]), aheads)
def test_the_queue_is_never_over_while_one_may_enter(now: datetime, state: str, ahead: timedelta) -> None:
    facts = Entry(state, date(2026, 1, 1), now + ahead)
    if entry(facts, now) is None or state == "planned":
        assert not queue_over(facts, now)


def test_those_who_wait_are_kept_until_the_start_can_no_longer_be_put_off() -> None:
    last = datetime(2026, 10, 5, 11, tzinfo=UTC)
    started, undecided = Entry("started", date(2026, 9, 1), last), Entry("open", date(2026, 9, 1), last)
    assert not queue_over(started, last + timedelta(hours=23))
    assert queue_over(started, last + timedelta(hours=24))
    late = replace(started, started_at=last + timedelta(days=4))
    assert not queue_over(late, last + timedelta(days=4, hours=23))
    assert queue_over(late, last + timedelta(days=5))
    early = replace(started, started_at=last - timedelta(days=10))
    assert (queue_over(early, last + timedelta(hours=23)), queue_over(early, last + timedelta(hours=24))) == (False, True)
    # Of talks nobody decides; who waits for a group waits for the decision, for as long as it has a list.
    assert not queue_over(undecided, last + timedelta(days=6))
    assert queue_over(undecided, last + timedelta(days=7))
    group = replace(undecided, last_end=last + timedelta(days=40))
    assert not queue_over(group, last + timedelta(days=40 + 26, hours=23))
    assert queue_over(group, last + timedelta(days=40 + 27))
    assert queue_over(Entry("cancelled", date(2026, 9, 1), last), last - timedelta(days=1))


@given(
    moments,
    st.timedeltas(timedelta(0), timedelta(days=300)),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.sampled_from(["open", "postponed"]),
)
def test_a_queue_never_ends_because_nobody_has_decided_while_there_is_a_list_and_always_before_it_goes(
    last: datetime, length: timedelta, later: timedelta, state: str
) -> None:
    ends, now = last + length, last + later
    facts = Entry(state, date(2026, 1, 1), last, last_end=ends)
    over = queue_over(facts, now)
    # Who is told then has three days to read it before a working list goes, thirty days after the last session.
    assert over == (now >= ends + timedelta(days=30) - timedelta(days=3))
    assert not (over and now < ends)
    # Decided, it ends a day later, as of every start.
    decided = replace(facts, state="started", started_at=now)
    assert queue_over(decided, max(now, last) + timedelta(days=1))


@given(moments)
def test_an_offer_counts_sixteen_hours_of_weekdays(now: datetime) -> None:
    end, counted, at = offer_until(now, None, day_off), timedelta(0), now
    assert end is not None
    step = timedelta(minutes=5)
    while at < end:
        here = local(at)
        if here.weekday() < 5 and not day_off(here.date()) and 8 <= here.hour < 20:
            counted += min(step, end - at)
        at += step
    assert abs(counted - timedelta(hours=16)) <= 2 * step


def test_the_steps_come_in_order_and_end() -> None:
    asks = {"visit_needed": True, "accept_needed": True}
    assert remaining(Steps(**asks)) == ("book_visit", "accept")
    assert remaining(Steps(**asks, visit="booked")) == ("attend_visit", "accept")
    assert remaining(Steps(**asks, visit="missed")) == ("rebook_visit", "accept")
    assert remaining(Steps(**asks, visit="attended", accepted=True)) == ()
    assert remaining(Steps()) == ()


NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)


def a_text(text_id: int, kind: Literal["conditions", "rules"]) -> AgreementText:
    return AgreementText(text_id, kind, 1, date(2026, 9, 1), ("Jag kommer nykter.",), ("I come sober.",))


def facts_with(accepted: frozenset[int] = frozenset(), visit: Visit | None = None) -> EnrolmentFacts:
    return EnrolmentFacts(
        enrolment_id=uuid4(),
        cohort_id=1,
        participant_id=None,
        protected=False,
        state="preliminary",
        arrival=1,
        applied_at=NOW,
        confirmed_at=None,
        offer_expires_at=None,
        skip_reason=None,
        seat=1,
        key_id=None,
        sealed=None,
        record=None,
        proof_checked_at=None,
        proof_ticked=None,
        only_waited=False,
        partner_consent=None,
        guardian_ticked=None,
        declared_for=None,
        age_checked_for=None,
        visit=visit,
        accepted=accepted,
    )


texts = st.lists(st.sampled_from([a_text(1, "conditions"), a_text(2, "rules")]), unique=True)


@given(st.booleans(), st.booleans(), texts, st.frozensets(st.integers(1, 3)))
def test_a_place_is_done_only_when_every_kind_that_is_asked_for_is_accepted(
    conditions: bool, rules: bool, newest: list[AgreementText], accepted: frozenset[int]
) -> None:
    programme = replace(EDITION.programmes[0], study_visit=False, accept_conditions=conditions, rules_commitment=rules)
    left = still_to_do(programme, facts_with(accepted), newest)
    have = {text.kind for text in newest if text.text_id in accepted}
    assert (left == ()) == (asked_texts(programme) <= have)
    assert asks_for_more(programme) == (conditions or rules)
    assert {text.kind for text in acceptable(programme, newest)} in (asked_texts(programme), frozenset())


@pytest.mark.parametrize("state", ["preliminary", "confirmed", "queued", "offered", "withdrawn"])
def test_one_drops_out_of_a_place_and_not_before_the_start(state: State) -> None:
    assert may_drop_out(state, NOW, NOW) == (state in {"preliminary", "confirmed"})
    assert not may_drop_out(state, NOW, NOW - timedelta(seconds=1))
    assert not may_drop_out(state, None, NOW)


@given(st.sets(st.uuids(), max_size=9), st.sets(st.uuids(), max_size=9))
def test_keys_that_have_a_row_are_never_strays(known: set[UUID], others: set[UUID]) -> None:
    found = strays(known | others, known)
    assert found is None or found == others - known
    assert strays(known, known) == frozenset()


def test_an_empty_database_makes_no_key_a_stray() -> None:
    assert strays([uuid4() for _ in range(40)], []) is None


_A, _B, _C = UUID(int=1), UUID(int=2), UUID(int=3)
_NUMBER, _OTHER = "19121212-1212", "19900101-0017"


@pytest.mark.parametrize(
    ("people", "twice"),
    [
        ({_A: (_NUMBER, "Anna Ask", "1912-12-12"), _B: (_NUMBER, "Anna K Ask", "1912-12-12")}, {_A, _B}),
        ({_A: ("", "Anna  ask", "1985-02-14"), _B: (_OTHER, "anna Ask", "1985-02-14")}, {_A, _B}),
        ({_A: (_NUMBER, "Anna Ask", "1985-02-14"), _B: (_OTHER, "Anna Ask", "1985-02-14")}, set()),
        ({_A: ("", "Anna Ask", "1985-02-14"), _B: ("", "Anna Ask", "1985-02-15"), _C: ("", "Bo Ask", "1985-02-14")}, set()),
        ({}, set()),
    ],
)
def test_somebody_stands_twice_with_the_same_number_or_name_and_birth_date(
    people: dict[UUID, tuple[str, str, str]], twice: set[UUID]
) -> None:
    assert doubles(people) == twice
