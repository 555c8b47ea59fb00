"""The writer: right local times across both clock changes, truth about moves, and nothing that gives anything away."""

import re
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from programmes.calendar import rules, text
from programmes.core.clock import at_local, local
from tests.calendar.ics import events, strict_lines

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
FEED = uuid.UUID("6d3f6f0a-0000-4000-8000-000000000001")


def a_session(number: int = 1, day: date = date(2026, 9, 7), **others: object) -> rules.Occasion:
    start = at_local(day, time(18))
    known = rules.Occasion(
        f"session/{number}", "session", 1, "group", start, start, start + timedelta(hours=2), 0, NOW, place="Linden"
    )
    return replace(known, **others)  # type: ignore[arg-type]


def a_feed(*occasions: rules.Occasion, kind: rules.FeedKind = "participant", **others: object) -> rules.FeedFacts:
    state = "confirmed" if kind == "participant" else None
    known = rules.FeedFacts(FEED, kind, "", 0, None, NOW, None, None, state, True, "sv", occasions)
    return replace(known, **others)  # type: ignore[arg-type]


def written(facts: rules.FeedFacts, now: datetime = NOW) -> bytes:
    return text.write(facts, rules.events(facts, now))


def test_the_zone_stands_first_and_is_the_static_one() -> None:
    lines = strict_lines(written(a_feed(a_session())))
    assert lines.index("BEGIN:VTIMEZONE") < lines.index("BEGIN:VEVENT")
    assert lines.count("BEGIN:VTIMEZONE") == 1
    assert "DTSTART:19810329T020000" in lines
    assert "DTSTART:19961027T030000" in lines
    assert {line for line in lines if line.startswith("RRULE")} == {
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    }
    assert "DTSTART;TZID=Europe/Stockholm:20260907T180000" in lines


def test_the_wall_clock_stays_at_six_across_both_clock_changes() -> None:
    days = [
        date(2026, 10, 24),
        date(2026, 10, 25),
        date(2026, 10, 26),
        date(2027, 3, 27),
        date(2027, 3, 28),
        date(2027, 3, 29),
    ]
    found = events(written(a_feed(*(a_session(n, day) for n, day in enumerate(days, 1)))))
    assert [event.start.strftime("%Y-%m-%d %H:%M") for event in found] == [f"{day} 18:00" for day in days]
    # What a client computes from the zone in the file alone, without a database of its own.
    zone = next(p for p in icalendar.Calendar.from_ical(written(a_feed(a_session()))).walk("VTIMEZONE")).to_tz()
    for event, day in zip(found, days, strict=True):
        naive = event.start.replace(tzinfo=None)
        assert naive.replace(tzinfo=zone).astimezone(UTC) == at_local(day, time(18))


def test_a_participants_calendar_says_nothing_but_a_neutral_word() -> None:
    body = written(a_feed(a_session(), a_session(2, date(2026, 9, 14))))
    lines = strict_lines(body)
    assert [line for line in lines if line.startswith("SUMMARY")] == ["SUMMARY:Möte", "SUMMARY:Möte"]
    assert "NAME:Möte" in lines
    assert "X-WR-CALNAME:Möte" in lines
    names = {line.split(":")[0].split(";")[0] for line in lines}
    assert not names & {"METHOD", "ATTENDEE", "ORGANIZER", "LOCATION", "DESCRIPTION", "URL", "GEO", "CONTACT", "CATEGORIES"}
    assert b"VALARM" not in body
    assert "Linden" not in body.decode()
    assert "karlshamn" not in body.decode().lower()


def test_the_hints_say_four_hours() -> None:
    lines = strict_lines(written(a_feed(a_session())))
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT4H" in lines
    assert "X-PUBLISHED-TTL:PT4H" in lines


def test_the_same_facts_give_the_same_bytes_whatever_the_time() -> None:
    facts = a_feed(a_session(), a_session(2, date(2026, 9, 14)))
    assert written(facts) == written(facts, NOW + timedelta(hours=5))


def test_stamps_are_the_stored_revision() -> None:
    (event,) = events(written(a_feed(a_session(sequence=3, revised_at=datetime(2026, 8, 30, 12, 5, 9, 77, UTC)))))
    assert event["SEQUENCE"] == 3
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == datetime(2026, 8, 30, 12, 5, 9, tzinfo=UTC)


def test_two_feeds_of_one_session_cannot_be_matched_by_uid() -> None:
    mine, theirs = a_feed(a_session()), a_feed(a_session(), feed_id=uuid.uuid4())
    assert events(written(mine))[0]["UID"] == events(written(mine))[0]["UID"]
    assert events(written(mine))[0]["UID"] != events(written(theirs))[0]["UID"]
    assert uuid.UUID(events(written(mine))[0]["UID"]).version == 5


def test_a_cancelled_session_is_shown_as_cancelled_until_thirty_days_after_its_day() -> None:
    session = a_session(cancelled_at=NOW, sequence=1)
    facts = a_feed(session)
    (event,) = events(written(facts))
    assert event["SUMMARY"] == "INSTÄLLT: Möte"
    assert event["STATUS"] == "CANCELLED"
    assert event["TRANSP"] == "TRANSPARENT"
    assert len(events(written(facts, session.ends_at + timedelta(days=30, seconds=-1)))) == 1
    assert events(written(facts, session.ends_at + timedelta(days=30))) == []
    # Of one that had been, from when it was cancelled.
    late = session.ends_at + timedelta(days=10)
    facts = a_feed(replace(session, cancelled_at=late))
    assert len(events(written(facts, late + timedelta(days=30, seconds=-1)))) == 1
    assert events(written(facts, late + timedelta(days=30))) == []


def test_a_cohort_that_is_called_off_takes_all_its_sessions_with_it() -> None:
    later = NOW + timedelta(days=1)
    facts = a_feed(a_session(called_off_at=later, sequence=2))
    (event,) = events(written(facts, later))
    assert event["STATUS"] == "CANCELLED"
    assert event["SEQUENCE"] == 3
    assert event["DTSTAMP"].dt == later


def test_a_person_who_waits_has_no_dates() -> None:
    for state in ("queued", "offered"):
        facts = a_feed(a_session(), enrolment_state=state)
        assert rules.standing(facts, NOW) == "live"
        assert events(written(facts)) == []


def test_a_person_who_has_left_gets_an_empty_calendar_for_eight_weeks() -> None:
    for state in ("withdrawn", "declined", "expired", "dropped_out", "transferred", "refused", None):
        assert rules.standing(a_feed(a_session(), enrolment_state=state), NOW) == "empty"
    left = a_feed(a_session(), revoked_at=NOW)
    assert events(written(left)) == []
    assert rules.standing(left, NOW + timedelta(weeks=8, seconds=-1)) == "empty"
    assert rules.standing(left, NOW + timedelta(weeks=8)) == "gone"


def test_staff_calendars_name_the_weekday_only() -> None:
    sessions = [a_session(n, date(2026, 9, 7) + timedelta(weeks=n - 1)) for n in range(1, 4)]
    body = written(a_feed(*sessions, kind="group"))
    assert [event["SUMMARY"] for event in events(body)] == ["Måndagsgruppen"] * 3
    assert "NAME:Måndagsgruppen" in strict_lines(body)
    assert "Linden" not in body.decode()


def test_moves_to_another_day_do_not_rename_the_group() -> None:
    sessions = [a_session(n, date(2026, 9, 7) + timedelta(weeks=n - 1)) for n in range(1, 4)]
    for n, session in enumerate(sessions):
        later = session.starts_at + timedelta(days=1)
        sessions[n] = replace(session, starts_at=later, ends_at=later + timedelta(hours=2), sequence=1)
        assert events(written(a_feed(*sessions, kind="group")))[0]["SUMMARY"] == "Måndagsgruppen"


def test_a_new_title_raises_the_sequence() -> None:
    titled = a_feed(a_session(sequence=1), title="Yoga", title_revision=2, titled_at=NOW + timedelta(hours=1))
    (event,) = events(written(titled))
    assert (event["SUMMARY"], event["SEQUENCE"]) == ("Yoga", 3)
    assert event["LAST-MODIFIED"].dt == NOW + timedelta(hours=1)


def test_a_substitute_sees_sessions_until_the_last_day() -> None:
    sessions = [a_session(n, date(2026, 9, 7) + timedelta(weeks=n - 1), until=date(2026, 9, 14)) for n in range(1, 4)]
    found = events(written(a_feed(*sessions, kind="leader")))
    assert [event.start.day for event in found] == [7, 14]


def test_an_open_meeting_place_may_be_named() -> None:
    (event,) = events(written(a_feed(a_session(form="drop_in"), kind="drop_in")))
    assert event["SUMMARY"] == "Öppet: Linden"
    assert event["LOCATION"] == "Linden"


@given(st.text(max_size=200))
def test_no_title_can_break_out_of_its_line(typed: str) -> None:
    title = rules.clean_title(typed)
    assert len(title) <= 40
    body = written(a_feed(a_session(), title=title))
    (event,) = events(body)
    assert event["SUMMARY"] == (title or "Möte")
    names = [line.partition(":")[2] for line in strict_lines(body) if line.startswith(("NAME:", "X-WR-CALNAME:"))]
    assert [re.sub(r"\\([\\;,])", r"\1", name) for name in names] == [title or "Möte"] * 2
    assert not any(re.search(r"[,;]", re.sub(r"\\.", "", name)) for name in names), "every comma is escaped"
    plain = strict_lines(written(a_feed(a_session())))
    assert [line.split(":")[0] for line in strict_lines(body)] == [line.split(":")[0] for line in plain]


@given(st.text(alphabet='åäö😀,;\\\n:\r"aBEGIN', min_size=1, max_size=60))
def test_long_titles_fold_between_whole_characters(typed: str) -> None:
    strict_lines(written(a_feed(a_session(cancelled_at=NOW), title=rules.clean_title(typed))))


@given(
    st.integers(0, 5 * 366 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from(["group", "leader", "participant", "drop_in"]),
)
def test_the_moment_that_is_read_is_the_moment_that_is_stored(moment: datetime, kind: rules.FeedKind) -> None:
    if local(moment).replace(fold=0).astimezone(UTC) != moment:
        return  # The hour that happens twice: iCalendar has one name for both.
    session = a_session(starts_at=moment, ends_at=moment + timedelta(hours=2))
    (event,) = events(written(a_feed(session, kind=kind), moment))
    assert event.start.astimezone(UTC) == moment


def test_what_is_kept_as_written_tells_languages_apart() -> None:
    off = a_session(cancelled_at=NOW)
    swedish, english = (written(a_feed(off, language=language)) for language in ("sv", "en"))
    assert "SUMMARY:INSTÄLLT: Möte".encode() in swedish
    assert b"INST" not in english
    assert written(a_feed(off, language="sv")) == swedish


def test_no_title_and_no_session_is_remembered_in_what_is_kept_as_written() -> None:
    written(a_feed(a_session(7), kind="drop_in"))
    before = [kept.cache_info().currsize for kept in (text._pattern, text._frame)]
    assert b"SUMMARY:Sang {uid}" in written(a_feed(*(a_session(n) for n in range(8, 20)), title="Sang {uid}"))
    written(a_feed(*(a_session(n, place="Annanstans") for n in range(20, 30)), kind="drop_in"))
    assert [kept.cache_info().currsize for kept in (text._pattern, text._frame)] <= [4, 1]
    assert before[1] == 1
