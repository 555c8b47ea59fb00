"""Writes a calendar as iCalendar text (RFC 5545 and 7986): events in, bytes out, the same bytes for the same facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from icalendar import Calendar, Event, Timezone, vDuration, vText
from icalendar.parser import Contentline, Parameters

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
        names = _group_names(facts) if facts.kind in {"group", "leader"} else {}
        # Most events say the same; what they say is forgotten with this calendar.
        text_line = cache(_text_line)
        head, tail = _frame()
        name = _calendar_name(facts, names)
        parts = [head.format(name=_text_line("NAME", name), calname=_text_line("X-WR-CALNAME", name))]
        for event in events:
            parts.append(_event(event, _line(facts, event.occasion, names), text_line))
    return "".join([*parts, tail]).encode()


def default_title() -> str:
    """What a participant's sessions are called until they choose something else."""
    return _("Möte")


def _event(event: rules.Event, line: _Line, text_line: Callable[[str, str], str]) -> str:
    occasion = event.occasion
    return _pattern(event.cancelled, bool(line.place)).format(
        uid=event.uid,
        summary=text_line("SUMMARY", (_("INSTÄLLT: ") if event.cancelled else "") + line.title),
        start=_compact(local(occasion.starts_at)),
        end=_compact(local(occasion.ends_at)),
        stamp=_compact(event.revised_at.astimezone(UTC)),
        sequence=event.sequence,
        location=text_line("LOCATION", line.place) if line.place else "",
    )


def _text_line(name: str, text: str) -> str:
    """One property as the library writes it: escaped, folded, with its end."""
    written: bytes = Contentline.from_parts(name, Parameters(), vText(text)).to_ical()
    return f"{written.decode()}\r\n"


# What is the same in every calendar is written by the library once, with these in the places of what differs. Everybody's
# calendar asks every few hours, and building each anew would cost ten times what the database does. Titles are never kept.
_START, _FINISH, _STAMP = (datetime(2000, 1, day, tzinfo=UTC) for day in (1, 2, 3))
_SEQUENCE, _WORDS = 987654321, "-words-"


def _compact(moment: datetime) -> str:
    """`20260907T180000`; three times as quick as strftime."""
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _with_places(written: bytes, places: Mapping[str, str]) -> str:
    text = written.decode()
    for known, place in places.items():
        assert known in text, known
        text = text.replace(known, place)
    return text


@cache
def _frame() -> tuple[str, str]:
    """What stands before and after the events."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", _WORDS)
    calendar.add("x-wr-calname", _WORDS)
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    zone = Timezone.from_ical(_ZONE)
    assert isinstance(zone, Timezone)
    calendar.add_component(zone)
    # The longer line first: it ends like the shorter one.
    places = {f"X-WR-CALNAME:{_WORDS}\r\n": "{calname}", f"NAME:{_WORDS}\r\n": "{name}"}
    return _with_places(calendar.to_ical().removesuffix(_END), places), _END.decode()


@cache
def _pattern(cancelled: bool, placed: bool) -> str:
    """One event, with places for `str.format`."""
    component = Event()
    component.add("uid", _WORDS)
    component.add("summary", _WORDS)
    component.add("dtstart", local(_START))
    component.add("dtend", local(_FINISH))
    component.add("dtstamp", _STAMP)
    component.add("last-modified", _STAMP)
    component.add("sequence", _SEQUENCE)
    component.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    component.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    places = {
        f"UID:{_WORDS}": "UID:{uid}",
        f"SUMMARY:{_WORDS}\r\n": "{summary}",
        _compact(local(_START)): "{start}",
        _compact(local(_FINISH)): "{end}",
        _compact(_STAMP): "{stamp}",
        str(_SEQUENCE): "{sequence}",
    }
    if placed:
        component.add("location", _WORDS)
        places[f"LOCATION:{_WORDS}\r\n"] = "{location}"
    return _with_places(component.to_ical(), places)


# What sessions are called, by their cohort and the pattern that they follow.
_Names = dict[tuple[int, int], str]


def _group_names(facts: rules.FeedFacts) -> _Names:
    """Names by cohort and pattern: what moved with the rest is called by its own, and its SEQUENCE rose with the move. No
    numbers: when a session goes, those of the others change, and calendars would not be told."""
    by_pattern: dict[tuple[int, int], list[rules.Occasion]] = {}
    for occasion in facts.occasions:
        if occasion.what == "session":
            by_pattern.setdefault((occasion.cohort_id, occasion.pattern_no), []).append(occasion)
    return {
        followed: weekday_group(rules.usual_weekday(sessions)) if sessions[0].form == "group" else _("Möte")
        for followed, sessions in by_pattern.items()
    }


def _calendar_name(facts: rules.FeedFacts, groups: _Names) -> str:
    if rules.ended(facts):
        return default_title()
    if facts.kind == "leader":
        return _("Mina grupper")
    if facts.kind == "group":
        return groups[max(groups)] if groups else _("Möte")
    if facts.kind == "drop_in":
        return next((_("Öppet: %(place)s", place=o.place) for o in facts.occasions), _("Öppet"))
    return facts.title or default_title()


def _line(facts: rules.FeedFacts, occasion: rules.Occasion, groups: _Names) -> _Line:
    """What one event says. Only the public calendar of a meeting place says where."""
    if facts.kind == "participant":
        return _Line(facts.title or default_title())
    if facts.kind == "drop_in":
        return _Line(_("Öppet: %(place)s", place=occasion.place), occasion.place)
    if occasion.what == "visit":
        return _Line(_("Studiebesök"))
    if occasion.form == "drop_in":
        return _Line(_("Öppet"))
    return _Line(groups[occasion.cohort_id, occasion.pattern_no])
