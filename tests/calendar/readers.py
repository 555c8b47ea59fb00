"""Four readers of calendars that know nothing of each other, brought to one form: what a calendar program would show.

icalendar, ical and vobject read here; ical.js, which Thunderbird and Nextcloud use, reads in the browser of the
tests. vobject and ical.js know no zone but the one in the file; the others look Europe/Stockholm up.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream
from playwright.async_api import Page

from tests.calendar import icaljs


@dataclass(frozen=True, order=True)
class Shown:
    """One event as read; both moments are UTC."""

    starts: datetime
    ends: datetime
    uid: str
    title: str
    place: str
    status: str
    free: bool
    sequence: int
    stamp: datetime


@dataclass(frozen=True)
class Read:
    """A calendar as read: its name, and its events in order of time."""

    name: str
    events: tuple[Shown, ...]


def _read(name: object, events: list[Shown]) -> Read:
    return Read(str(name), tuple(sorted(events)))


def _unescaped(raw: object) -> str:
    """A reader that knows nothing of X-WR-CALNAME hands it out as it stands in the file."""
    return re.sub(r"\\([\\;,])", r"\1", str(raw))


def by_icalendar(body: bytes) -> Read:
    found = icalendar.Calendar.from_ical(body)
    return _read(
        _unescaped(found["X-WR-CALNAME"]),
        [
            Shown(
                e.start.astimezone(UTC),
                e.end.astimezone(UTC),
                str(e["UID"]),
                str(e["SUMMARY"]),
                str(e.get("LOCATION", "")),
                str(e["STATUS"]),
                e["TRANSP"] == "TRANSPARENT",
                int(e["SEQUENCE"]),
                e["DTSTAMP"].dt,
            )
            for e in found.walk("VEVENT")
        ],
    )


def by_ical(body: bytes) -> Read:
    [found] = IcsCalendarStream.from_ics(body.decode()).calendars
    [name] = [extra.value for extra in found.extras if extra.name == "x-wr-calname"]
    return _read(
        _unescaped(name),
        [
            Shown(
                e.start_datetime.astimezone(UTC),
                e.end_datetime.astimezone(UTC),
                e.uid,
                e.summary or "",
                e.location or "",
                str(e.status.value) if e.status else "",
                e.transparency == "TRANSPARENT",
                e.sequence or 0,
                e.dtstamp.replace(tzinfo=UTC),
            )
            for e in found.events
        ],
    )


def by_vobject(body: bytes) -> Read:
    with warnings.catch_warnings():
        # Its zones are dateutil's, whose way of reading rules warns of itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = vobject.readOne(body.decode())
    return _read(
        found.x_wr_calname.value,
        [
            Shown(
                e.dtstart.value.astimezone(UTC),
                e.dtend.value.astimezone(UTC),
                e.uid.value,
                e.summary.value,
                e.location.value if hasattr(e, "location") else "",
                e.status.value,
                e.transp.value == "TRANSPARENT",
                int(e.sequence.value),
                e.dtstamp.value.astimezone(UTC),
            )
            for e in found.contents.get("vevent", [])
        ],
    )


_LOAD = """async source => {
  const address = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
  globalThis.ICAL = (await import(address)).default;
}"""
_IN_THE_BROWSER = """text => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return {
    name: calendar.getFirstPropertyValue('x-wr-calname'),
    events: calendar.getAllSubcomponents('vevent').map(part => {
      const event = new ICAL.Event(part, {strictExceptions: true});
      return [
        event.startDate.toJSDate().toISOString(), event.endDate.toJSDate().toISOString(), event.uid, event.summary,
        event.location || '', part.getFirstPropertyValue('status'),
        part.getFirstPropertyValue('transp') === 'TRANSPARENT', event.sequence,
        part.getFirstPropertyValue('dtstamp').toJSDate().toISOString(),
      ];
    }),
  };
}"""


async def by_icaljs(page: Page, body: bytes) -> Read:
    if not await page.evaluate("'ICAL' in globalThis"):
        await page.evaluate(_LOAD, icaljs.source())
    found: dict[str, Any] = await page.evaluate(_IN_THE_BROWSER, body.decode())
    moment = datetime.fromisoformat
    return _read(
        _unescaped(found["name"]),
        [Shown(moment(e[0]), moment(e[1]), *e[2:8], moment(e[8])) for e in found["events"]],
    )


IN_PYTHON: tuple[Callable[[bytes], Read], ...] = (by_icalendar, by_ical, by_vobject)


async def read_by_all(page: Page, body: bytes) -> Read:
    """What all four agree on; an AssertionError names the one that reads something else."""
    first = by_icalendar(body)
    for reader in IN_PYTHON[1:]:
        assert reader(body) == first, reader.__name__
    assert await by_icaljs(page, body) == first, "ical.js"
    return first
