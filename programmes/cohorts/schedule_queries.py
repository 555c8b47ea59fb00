"""Reads that a schedule is planned from: venues, closures, and what else is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.cohorts.queries import LEADS
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


@dataclass(frozen=True)
class VenueUse(Venue):
    """A room, and how many sessions are to come there."""

    coming: int


async def venue_use(now: datetime) -> list[VenueUse]:
    """Every room, by name."""
    rows = await fetch(
        """select v.id as venue_id, v.name, v.address, count(s.id)::int as coming from venue v
           left join cohort_session s on s.venue_id = v.id and s.state in ('planned', 'moved') and s.starts_at > $1
           group by v.id order by v.name, v.id""",
        now,
    )
    return [VenueUse(**dict(row)) for row in rows]


async def closures(venue_id: int | None, since: date) -> list[Closure]:
    """Closures everywhere and, given a venue, there, that are not over on `since`; in order."""
    rows = await fetch(
        """select first_day, last_day, reason, venue_id is null as everywhere from closure
           where last_day >= $1 and (venue_id is null or venue_id = $2) order by first_day, id""",
        since,
        venue_id,
    )
    return [Closure(**dict(row)) for row in rows]


@dataclass(frozen=True)
class Standing:
    """Somebody who works with a cohort until a day (None: for good). `every_session`: at all of its sessions then, from
    `duty_from`; otherwise at `given` ones, by id. `away`: ill, or what else keeps them from these."""

    staff_id: int
    name: str
    until: date | None
    every_session: bool
    duty_from: date | None
    given: frozenset[int]
    away: frozenset[int]

    def stands(self, day: date, session_id: int = 0, stays: bool = False) -> bool:
        """Whether they come to a session that is to be on `day`. 0: one that is yet to be made; `stays`: on the same day."""
        if self.until is not None and self.until < day:
            return False
        regularly = self.every_session and (self.duty_from is None or self.duty_from <= day)
        return (regularly or session_id in self.given) and not (stays and session_id in self.away)


async def standing(cohort_id: int) -> list[Standing]:
    """Those who work with a cohort, by id."""
    rows = await fetch(
        """select w.staff_id, s.display_name as name, w.until, w.every_session, w.duty_from,
                  coalesce(array_agg(d.session_id) filter (where d.given), '{}') as given,
                  coalesce(array_agg(d.session_id) filter (where d.away), '{}') as away
           from cohort_staff w join staff s on s.id = w.staff_id
           left join (session_duty d join cohort_session cs on cs.id = d.session_id)
             on d.staff_id = w.staff_id and cs.cohort_id = w.cohort_id
           where w.cohort_id = $1 group by w.id, s.id order by s.id""",
        cohort_id,
    )
    return [Standing(**{**dict(row), "given": frozenset(row["given"]), "away": frozenset(row["away"])}) for row in rows]


async def bookings(
    venue_id: int | None, staff: Sequence[int], first: datetime, last: datetime, principal: Principal, but_not: int = 0
) -> list[Booking]:
    """Sessions of other cohorts from `first` to `last`, in the venue or at which one of `staff` stands.

    A cohort that the asker neither coordinates nor leads has no name here: that it exists is enough.
    """
    rows = await fetch(
        f"""select s.starts_at, s.ends_at, s.venue_id, p.section, c.name,
                  exists (select 1 from cohort_staff cs where cs.cohort_id = c.id and cs.staff_id = $6 and cs.until is null
                          and {LEADS}) as led,
                  array(select d.staff_id from session_duty d
                        where d.session_id = s.id and d.staff_id = any($2::int[]) and not d.away) as leaders
           from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where s.starts_at < $4 and s.ends_at > $3 and s.state <> 'cancelled' and c.id <> $5
             and c.state in ('planned', 'open', 'postponed', 'started')
             and (s.venue_id = $1 or exists (select 1 from session_duty d
                  where d.session_id = s.id and d.staff_id = any($2::int[]) and not d.away))
           order by s.starts_at, s.id""",
        venue_id,
        list(staff),
        first,
        last,
        but_not,
        principal.staff_id,
    )
    return [
        Booking(
            Slot(row["starts_at"], row["ends_at"]),
            row["venue_id"],
            frozenset(row["leaders"]),
            row["name"] if row["led"] or principal.coordinates(row["section"]) else "",
        )
        for row in rows
    ]
