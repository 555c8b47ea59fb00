"""Places, entry, offers and steps as decisions."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programmes.core.clock import local
from programmes.core.days import day_off
from programmes.enrolment.rules import (
    Applied,
    Entry,
    NotOpen,
    Queued,
    Steps,
    decide_application,
    entry,
    lowest_free,
    offer_until,
    remaining,
)

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
    assert local(offer_until(now, None, day_off)).strftime("%a %H:%M") == "Tue 10:00"


def test_an_offer_skips_christmas() -> None:
    now = datetime(2026, 12, 23, 19, 0, tzinfo=UTC)
    # 24 to 26 December are off, 27 is a Sunday: twelve hours on Monday 28, four on Tuesday 29.
    assert local(offer_until(now, None, day_off)).strftime("%d %H:%M") == "29 12:00"


@given(moments, st.timedeltas(timedelta(hours=1), timedelta(days=40)))
def test_an_offer_never_lasts_into_the_next_session(now: datetime, ahead: timedelta) -> None:
    assert now <= offer_until(now, now + ahead, day_off) < now + ahead


@given(moments)
def test_an_offer_counts_sixteen_hours_of_weekdays(now: datetime) -> None:
    end, counted, at = offer_until(now, None, day_off), timedelta(0), now
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
