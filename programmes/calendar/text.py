"""Writes a calendar as iCalendar text (RFC 5545 and 7986): events in, bytes out, the same bytes for the same facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cache, lru_cache

from icalendar import Calendar, Event, Timezone, vDuration, vText

from programmes.calendar import rules
from programmes.cohorts.wording_rules import weekday_group
from programmes.core.clock import local
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking

_REFRESH = timedelta(hours=4)
# Neutral on purpose: what made the calendar could give away what it is for.
_PRODUCT = "-//Kalender//Kalender//SV"
# Written out, since a zone made by the library carries a late spring onset: ical.js and Outlook then show the wrong hour.
_ZONE = b"""BEGIN:VTIMEZONE\r
TZID:Europe/Stockholm\r
BEGIN:DAYLIGHT\r
DTSTART:19810329T020000\r
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r
TZNAME:CEST\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
BEGIN:STANDARD\r
DTSTART:19961027T030000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
TZNAME:CET\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
END:VTIMEZONE\r
"""
_END = b"END:VCALENDAR\r\n"


@dataclass(frozen=True)
class _Line:
    """The words of one event. `place` stands only in public feeds."""

    title: str
    place: str = ""


def write(facts: rules.FeedFacts, events: Sequence[rules.Event]) -> bytes:
    """The whole calendar. Staff and public feeds are in Swedish, a participant's in the language they chose."""
    with speaking(facts.language):
        names = _group_names(facts)
        # Neutral words are kept as written, since everybody's calendar asks every few hours; somebody's own title is not.
        neutral = facts.kind != "participant" or not facts.title
        frame, part = (_frame, _part) if neutral else (_frame.__wrapped__, _part.__wrapped__)
        head, tail = frame(_calendar_name(facts, names))
        parts = [part(event, _line(facts, event.occasion, names), facts.language) for event in events]
    return b"".join([head, *parts, tail])


@lru_cache(maxsize=256)
def _frame(name: str) -> tuple[bytes, bytes]:
    """What stands before and after the events."""
    written: bytes = _empty_calendar(name).to_ical()
    return written.removesuffix(_END), _END


@lru_cache(maxsize=8192)
def _part(event: rules.Event, line: _Line, language: str) -> bytes:
    """One event as written. `language` tells apart what is kept: the words come from the language being spoken."""
    written: bytes = _component(event, line).to_ical()
    return written


def default_title() -> str:
    """What a participant's sessions are called until they choose something else."""
    return _("Möte")


def _empty_calendar(name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    # The library knows neither of the two as text and would leave their commas as they are.
    calendar.add("name", vText(name))
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    calendar.add_component(_zone())
    return calendar


@cache
def _zone() -> Timezone:
    zone = Timezone.from_ical(_ZONE)
    assert isinstance(zone, Timezone)
    return zone


def _component(event: rules.Event, line: _Line) -> Event:
    occasion = event.occasion
    component = Event()
    component.add("uid", str(event.uid))
    component.add("summary", (_("INSTÄLLT: ") if event.cancelled else "") + line.title)
    component.add("dtstart", local(occasion.starts_at))
    component.add("dtend", local(occasion.ends_at))
    component.add("dtstamp", event.revised_at.astimezone(UTC))
    component.add("last-modified", event.revised_at.astimezone(UTC))
    component.add("sequence", event.sequence)
    component.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    component.add("transp", "TRANSPARENT" if event.cancelled else "OPAQUE")
    if line.place:
        component.add("location", line.place)
    return component


def _group_names(facts: rules.FeedFacts) -> dict[int, str]:
    """Names by cohort. No numbers: when a session goes, those of the others change, and calendars would not be told."""
    by_cohort: dict[int, list[rules.Occasion]] = {}
    for occasion in facts.occasions:
        if occasion.what == "session":
            by_cohort.setdefault(occasion.cohort_id, []).append(occasion)
    return {
        cohort_id: weekday_group(rules.usual_weekday(sessions)) if sessions[0].form == "group" else _("Möte")
        for cohort_id, sessions in by_cohort.items()
    }


def _calendar_name(facts: rules.FeedFacts, groups: dict[int, str]) -> str:
    if rules.ended(facts):
        return default_title()
    if facts.kind == "leader":
        return _("Mina grupper")
    if facts.kind == "cohort":
        return next(iter(groups.values()), _("Möte"))
    if facts.kind == "drop_in":
        return next((_("Öppet: %(place)s", place=o.place) for o in facts.occasions), _("Öppet"))
    return facts.title or default_title()


def _line(facts: rules.FeedFacts, occasion: rules.Occasion, groups: dict[int, str]) -> _Line:
    """What one event says. Only the public calendar of a meeting place says where."""
    if facts.kind == "participant":
        return _Line(facts.title or default_title())
    if facts.kind == "drop_in":
        return _Line(_("Öppet: %(place)s", place=occasion.place), occasion.place)
    if occasion.what == "visit":
        return _Line(_("Studiebesök"))
    if occasion.form == "drop_in":
        return _Line(_("Öppet"))
    return _Line(groups[occasion.cohort_id])
