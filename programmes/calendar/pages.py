"""What the staff page about calendars shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from programmes.calendar.rules import Address, Feed, token
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _


@dataclass(frozen=True)
class GroupCalendar:
    """The calendar of one group. `public`: of a drop-in place, which may be printed and shared."""

    cohort_id: int
    name: str
    first_day: date | None
    public: bool
    address: Address
    generation: int


@dataclass(frozen=True)
class StaffCalendars:
    """One's own calendar, and those of the groups one works with. `renewed`: which has just got a new address, `egen` or a
    group's id; `done` says so."""

    own: Address
    own_generation: int
    groups: tuple[GroupCalendar, ...]
    renewed: str = ""
    done: str = ""
    away: bool = False


@dataclass(frozen=True)
class NoAddresses:
    """Instead of them, while the key that they are made with is away."""

    away: bool = True


@dataclass(frozen=True)
class RenewPage:
    """The question before the calendar that all visitors of a drop-in place have gets a new address."""

    cohort_id: int
    name: str
    generation: int


def renewed_words(calendars: StaffCalendars) -> str:
    """What has come of a new address; empty where none was asked for, or another's."""
    if calendars.renewed == "egen":
        return _("Din kalender har en ny adress. Den gamla visar en tom kalender: lägg till den nya här nedanför.")
    group = next((group for group in calendars.groups if str(group.cohort_id) == calendars.renewed), None)
    if group is None:
        return ""
    if group.public:
        return _(
            "Den öppna kalendern för %(name)s har en ny adress. Den gamla visar en tom kalender. Insatsens sida har den nya "
            "redan. Byt den där ni själva har satt upp den, och säg till besökarna att lägga till den på nytt.",
            name=group.name,
        )
    return _(
        "Din kalender för %(name)s har en ny adress. Den gamla visar en tom kalender: lägg till den nya här nedanför.",
        name=group.name,
    )


def staff_calendars(
    own: Feed, groups: Sequence[tuple[CohortFacts, Feed]], feed_key: bytes, base_url: str, renewed: str = ""
) -> StaffCalendars:
    """Every address in full, made from the feed's id and the key."""

    def address(feed: Feed) -> Address:
        return Address(f"{base_url}/k/{token(feed.feed_id, feed.generation, feed_key)}.ics")

    found = StaffCalendars(
        address(own),
        own.generation,
        tuple(
            GroupCalendar(
                cohort.cohort_id,
                cohort.name,
                local_date(cohort.first_start) if cohort.first_start else None,
                feed.kind == "drop_in",
                address(feed),
                feed.generation,
            )
            for cohort, feed in groups
        ),
        renewed,
    )
    return replace(found, done=renewed_words(found))
