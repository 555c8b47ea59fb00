"""A moved session that is back where it was planned is no changed one: by its time, its room and its length."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from programmes.cohorts.moved_rules import Usually, is_back
from programmes.cohorts.queries import SessionFacts

STARTS = datetime(2026, 10, 7, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUALLY = Usually(venue_id=1, length=2 * HOUR)
SESSION = SessionFacts(
    1, 1, 3, STARTS, STARTS + 2 * HOUR, STARTS, 1, "Linden", "", "", "moved", False, 2, STARTS, None, usually=USUALLY
)


def test_a_session_is_back_when_time_room_and_length_are_as_planned() -> None:
    ends = STARTS + 2 * HOUR
    for planned_for, starts_at, ends_at, venue_id, back in (
        (STARTS, STARTS, ends, 1, True),
        (STARTS - 24 * HOUR, STARTS, ends, 1, False),
        (STARTS, STARTS, ends, 2, False),
        (STARTS, STARTS, ends + HOUR, 1, False),
        (None, STARTS, ends, 1, False),
    ):
        assert is_back(planned_for, starts_at, ends_at, venue_id, USUALLY) is back, (planned_for, ends_at, venue_id)


def test_only_a_moved_session_that_is_not_back_is_changed() -> None:
    assert not SESSION.is_changed
    assert replace(SESSION, venue_id=2).is_changed
    assert not replace(SESSION, venue_id=2, state="held").is_changed
    assert not replace(SESSION, moved_from=None, state="planned", usually=None).is_changed
