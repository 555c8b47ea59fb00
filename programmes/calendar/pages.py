"""What the staff page about calendars shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from programmes.calendar.rules import Address, Feed, token
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date


@dataclass(frozen=True)
class GroupCalendar:
    """The calendar of one group. `public`: of a drop-in place, which may be printed and shared."""

    cohort_id: int
    name: str
    first_day: date | None
    public: bool
    address: Address


@dataclass(frozen=True)
class StaffCalendars:
    """One's own calendar, and those of the groups one works with."""

    own: Address
    groups: tuple[GroupCalendar, ...]


def staff_calendars(own: Feed, groups: Sequence[tuple[CohortFacts, Feed]], feed_key: bytes, base_url: str) -> StaffCalendars:
    """Every address in full, made from the feed's id and the key."""

    def address(feed: Feed) -> Address:
        return Address(f"{base_url}/k/{token(feed.feed_id, feed.generation, feed_key)}.ics")

    return StaffCalendars(
        address(own),
        tuple(
            GroupCalendar(
                cohort.cohort_id,
                cohort.name,
                local_date(cohort.first_start) if cohort.first_start else None,
                feed.kind == "drop_in",
                address(feed),
            )
            for cohort, feed in groups
        ),
    )
