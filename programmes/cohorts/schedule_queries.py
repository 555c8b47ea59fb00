"""Reads that a schedule is planned from: venues, closures, and what else is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.cohorts.schedule_rules import Booking, Closure, Slot
from programmes.core.db import fetch
from programmes.core.principal import Principal


@dataclass(frozen=True)
class Venue:
    """A room to choose from."""

    venue_id: int
    name: str
    address: str


async def venues() -> list[Venue]:
    """Every room, by name."""
    return [Venue(**dict(row)) for row in await fetch("select id as venue_id, name, address from venue order by name, id")]


async def closures(venue_id: int | None, since: date) -> list[Closure]:
    """Closures everywhere and, given a venue, there, that are not over on `since`; in order."""
    rows = await fetch(
        """select first_day, last_day, reason, venue_id is null as everywhere from closure
           where last_day >= $1 and (venue_id is null or venue_id = $2) order by first_day, id""",
        since,
        venue_id,
    )
    return [Closure(**dict(row)) for row in rows]


async def staff_of(cohort_id: int, day: date) -> dict[int, str]:
    """Those who work with a cohort on a day, a substitute until their last: names by id."""
    rows = await fetch(
        """select s.id, s.display_name from cohort_staff cs join staff s on s.id = cs.staff_id
           where cs.cohort_id = $1 and (cs.until is null or cs.until >= $2) order by s.id""",
        cohort_id,
        day,
    )
    return {row["id"]: row["display_name"] for row in rows}


async def bookings(
    venue_id: int | None, staff: Sequence[int], first: datetime, last: datetime, principal: Principal, but_not: int = 0
) -> list[Booking]:
    """Sessions of other cohorts from `first` to `last`, in the venue or led by one of `staff`.

    A cohort of a programme that the asker does not coordinate has no name here: that it exists is enough.
    """
    rows = await fetch(
        """select s.starts_at, s.ends_at, s.venue_id, p.section, c.name,
                  array(select t.display_name from cohort_staff cs join staff t on t.id = cs.staff_id
                        where cs.cohort_id = c.id and cs.staff_id = any($2::int[])
                        and (cs.until is null or cs.until >= s.starts_at::date)) as leaders
           from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where s.starts_at < $4 and s.ends_at > $3 and s.state <> 'cancelled' and c.id <> $5
             and c.state in ('planned', 'open', 'postponed', 'started')
             and (s.venue_id = $1 or exists (select 1 from cohort_staff cs
                  where cs.cohort_id = c.id and cs.staff_id = any($2::int[])))
           order by s.starts_at, s.id""",
        venue_id,
        list(staff),
        first,
        last,
        but_not,
    )
    return [
        Booking(
            Slot(row["starts_at"], row["ends_at"]),
            row["venue_id"],
            frozenset(row["leaders"]),
            row["name"] if principal.coordinates(row["section"]) else "",
        )
        for row in rows
    ]
