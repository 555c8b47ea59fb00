"""A series of talks: what counts, how many more there may be, and when the next could be."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Closure, Slot, slot_on, why_off
from programmes.cohorts.talk_rules import ALIVE, Tally, next_talk, tally, why_not_book
from programmes.core.clock import local, local_date
from programmes.core.i18n import speaking
from programmes.desk.talks.rules import own_talks, staff_talks
from tests.catalogue.cast import EDITION
from tests.cohorts.test_schedule_rules import closures

SERIES = next(programme for programme in EDITION.programmes if programme.section == "2.3")
NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)
talks = st.lists(
    st.tuples(st.sampled_from(["planned", "moved", "held", "cancelled"]), st.booleans()).map(
        lambda one: (one[0], one[1] and one[0] == "held")
    ),
    max_size=30,
)
spans = st.sampled_from([(None, None), (5, 10), (12, 12), (20, 20), (1, 1)])


@given(talks, spans)
def test_a_cancelled_talk_never_counts_and_every_other_does_once(
    found: list[tuple[str, bool]], span: tuple[int | None, int | None]
) -> None:
    programme = replace(SERIES, sessions_min=span[0], sessions_max=span[1])
    counted = tally(programme, found)
    standing = [one for one in found if one[0] != "cancelled"]
    assert counted.counted == len(standing)
    assert counted.booked == sum(state != "held" for state, _missed in standing)
    assert counted.held + counted.missed == sum(state == "held" for state, _missed in standing)
    assert counted == tally(programme, [*found, ("cancelled", False)])
    assert counted.left is None if span[1] is None else counted.left == max(0, span[1] - len(standing))
    assert counted.full == (span[1] is not None and len(standing) >= span[1])
    assert counted.too_few == (span[0] is not None and len(standing) < span[0])


@given(st.integers(0, 12), st.integers(1, 12), st.sampled_from([None, 5, 10, 12]))
def test_never_more_than_the_edition_says_may_be_booked(there: int, wanted: int, most: int | None) -> None:
    counted = Tally(0, 0, there, "2.3", 1, most)
    slots = [slot_on(date(2026, 10, 5) + timedelta(days=n), time(13), time(14)) for n in range(wanted)]
    found = why_not_book("started", counted, [], slots, NOW)
    assert bool(found) == (most is not None and there + wanted > most)
    assert all(reason.code in {"talks_full", "talks_too_many"} for reason in found)


@pytest.mark.parametrize("state", ["planned", "open", "postponed", "started", "closed", "cancelled"])
def test_every_reason_is_said_once_and_what_is_over_says_only_that(state: str) -> None:
    past, early = slot_on(date(2026, 9, 1), time(13), time(14)), slot_on(date(2026, 10, 5), time(5), time(6))
    there = slot_on(date(2026, 10, 5), time(5, 30), time(7))
    found = why_not_book(state, Tally(0, 0, 9, "2.3", 5, 10), [there], [past, past, early], NOW)
    if state not in ALIVE:
        assert found == [Reason("cohort_over")]
        return
    assert sorted(reason.code for reason in found) == ["hour", "overlap", "past", "talks_too_many"]


@given(
    st.dates(date(2026, 9, 7), date(2027, 6, 30)),
    st.integers(6, 21),
    st.integers(0, 4),
    closures,
    st.integers(-3, 60),
    st.booleans(),
)
def test_the_next_is_suggested_on_the_same_weekday_and_time_and_never_on_a_day_off(
    last: date, hour: int, every: int, shut: list[Closure], days_later: int, moved: bool
) -> None:
    there = slot_on(last, time(hour), time(hour + 1))
    if moved:
        by = timedelta(days=1, hours=1)
        there = Slot(there.starts_at + by, there.ends_at + by, there.starts_at)
    now = there.starts_at + timedelta(days=days_later)
    found = next_talk([there], every, shut, now)
    day = local_date(found.starts_at)
    assert (day - last).days % (7 * max(every, 1)) == 0
    assert (local(found.starts_at).time(), local(found.ends_at).time()) == (time(hour), time(hour + 1))
    assert day > last
    assert found.starts_at > now
    assert why_off(day, shut) is None
    # It is the first of them: every one before it is past or a day off.
    between = (last + timedelta(weeks=n * max(every, 1)) for n in range(1, (day - last).days // (7 * max(every, 1))))
    assert all(why_off(one, shut) or slot_on(one, time(hour), time(hour + 1)).starts_at <= now for one in between)


def test_the_first_is_suggested_a_week_ahead_on_a_weekday_that_is_no_day_off() -> None:
    saturday = datetime(2026, 9, 5, 8, tzinfo=UTC)
    monday = Closure(date(2026, 9, 14), date(2026, 9, 14), "Studiedag")
    found = next_talk([], 1, [monday], saturday)
    assert local_date(found.starts_at) == date(2026, 9, 15)


def test_a_time_that_is_shut_for_years_still_gives_something_to_change() -> None:
    shut = Closure(date(2026, 1, 1), date(2040, 1, 1), "stängt")
    there = slot_on(date(2026, 9, 7), time(13), time(14))
    assert next_talk([there], 1, [shut], NOW).starts_at > NOW


SAID = [
    (Tally(3, 0, 1, "2.3", 5, 10), "3 av 5–10 samtal hållna, 1 bokat.", "Du har haft 3 av 5–10 samtal. 1 är bokat."),
    (Tally(1, 1, 0, "2.14", 20, 20), "1 av 20 samtal hållet, 1 uteblivet, inget bokat.",
     "Du har haft 1 av 20 samtal. 1 blev inte av. Inget är bokat just nu. När ni har bestämt en tid står den här."),
    (Tally(2, 0, 3, "2.2"), "2 samtal hållna, 3 bokade.", "Du har haft 2 samtal. 3 är bokade."),
    (Tally(0, 0, 0, "2.18", 12, 12), "0 av 12 samtal hållna, inget bokat.",
     "Det blir 12 samtal. Inget är bokat just nu. När ni har bestämt en tid står den här."),
    (Tally(0, 0, 1, "2.2"), "0 samtal hållna, 1 bokat.", "1 är bokat."),
]  # fmt: skip


@pytest.mark.parametrize(("counted", "for_staff", "for_the_person"), SAID)
def test_how_many_there_are_is_said_to_staff_and_to_the_person(counted: Tally, for_staff: str, for_the_person: str) -> None:
    assert staff_talks(counted) == for_staff
    assert own_talks(counted) == for_the_person


def test_it_is_said_in_english_too() -> None:
    with speaking("en"):
        assert staff_talks(replace(SAID[0][0], missed=1)) == "3 of 5–10 talks held, 1 missed, 1 booked."
        assert own_talks(SAID[0][0]) == "You have had 3 of 5–10 talks. 1 is booked."
