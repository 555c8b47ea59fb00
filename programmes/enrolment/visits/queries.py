"""Reads about the study visits of cohorts: what is on offer, and who waits for a time to book."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.cohorts import schedule_queries
from programmes.cohorts.schedule_rules import why_off
from programmes.core.clock import local_date
from programmes.core.db import fetch
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.enrolment.code_queries import once_digest
from programmes.enrolment.visits.rules import Doubt, Guest, Offered, can_be_offered, why_not_offer

__all__ = [
    "Doubt",
    "Guest",
    "Offered",
    "VisitNeed",
    "can_be_offered",
    "doubts",
    "held_by",
    "needs",
    "offered",
    "sent_with",
    "visits_among",
    "why_not_offer",
]


@dataclass(frozen=True)
class VisitNeed:
    """How many people of a cohort have no study visit booked or made, and how many more may book one."""

    without: int = 0
    free: int = 0

    @property
    def lacking(self) -> int:
        """How many wait while no time can be booked."""
        return self.without if not self.free else 0


async def offered(cohort_id: int) -> list[Offered]:
    """Every study visit of a cohort, past ones too, in order of time."""
    rows = await fetch(
        """select s.id as slot_id, s.starts_at, s.ends_at, p.display_name as leader, vn.name as venue, s.capacity,
                  (select count(*) from study_visit b where b.slot_id = s.id)::int as taken,
                  s.cancelled_at is not null as cancelled
           from visit_slot s join venue vn on vn.id = s.venue_id left join staff p on p.id = s.staff_id
           where s.cohort_id = $1 order by s.starts_at, s.id""",
        cohort_id,
    )
    return [Offered(**dict(row)) for row in rows]


async def held_by(staff_id: int, starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
    """The study visits, of whatever cohort and not cancelled, that somebody holds at that time."""
    rows = await fetch(
        """select starts_at, ends_at from visit_slot
           where staff_id = $1 and starts_at < $3 and ends_at > $2 and cancelled_at is null order by starts_at""",
        staff_id,
        starts_at,
        ends_at,
    )
    return [(row["starts_at"], row["ends_at"]) for row in rows]


async def doubts(
    times: tuple[datetime, datetime], venue_id: int | None, holder: int | None, decide_by: date, principal: Principal
) -> list[Doubt]:
    """What is worth asking before somebody offers a visit then, in that room (None: a new one), held by `holder`."""
    day = local_date(times[0])
    found = []
    if off := why_off(day, await schedule_queries.closures(venue_id, day)):
        found.append(Doubt("day_off", day, off=off))
    elif day.isoweekday() > 5:
        found.append(Doubt("weekend", day))
    for one in await schedule_queries.bookings(venue_id, [holder] if holder else [], *times, principal):
        if one.staff:
            found.append(Doubt("leads", day, one.slot.starts_at, one.slot.ends_at))
        elif one.venue_id == venue_id:
            found.append(Doubt("room", day, one.slot.starts_at, one.slot.ends_at))
    found.extend(Doubt("room", day, *taken) for taken in await _visits_in(venue_id, times, holder))
    if day > decide_by:
        found.append(Doubt("undecided", decide_by))
    return found


async def visits_among(
    staff: Iterable[int], venue_id: int | None, times: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime, str]]:
    """Study visits at any of these times that one of `staff` holds, or that are in the room: begin, end, and who holds it
    (nobody's name: it is the room that is taken). Each once, in order."""
    rows = await fetch(
        """select distinct v.starts_at, v.ends_at,
                  case when v.staff_id = any($1::int[]) then s.display_name else '' end as who
           from visit_slot v left join staff s on s.id = v.staff_id
           join unnest($3::timestamptz[], $4::timestamptz[]) as t (starts, ends)
             on v.starts_at < t.ends and v.ends_at > t.starts
           where v.cancelled_at is null and (v.staff_id = any($1::int[]) or v.venue_id = $2) order by 1, 2, 3""",
        list(staff),
        venue_id,
        [starts for starts, _ends in times],
        [ends for _starts, ends in times],
    )
    return [(row["starts_at"], row["ends_at"], row["who"]) for row in rows]


async def _visits_in(
    venue_id: int | None, times: tuple[datetime, datetime], but_not: int | None
) -> list[tuple[datetime, datetime]]:
    """Study visits in a room at that time, other than of one who holds visits (of theirs `held_by` tells)."""
    rows = await fetch(
        """select starts_at, ends_at from visit_slot where venue_id = $1 and starts_at < $3 and ends_at > $2
             and cancelled_at is null and staff_id is distinct from $4 order by starts_at, id""",
        venue_id,
        *times,
        but_not,
    )
    return [(row["starts_at"], row["ends_at"]) for row in rows]


async def sent_with(cohort_id: int, once: str) -> bool:
    """Whether the form with this once-number has offered a visit already."""
    return bool(await fetch("select 1 from visit_slot where once_digest = $1", once_digest(cohort_id, once)))


async def needs(cohort_ids: Iterable[int], now: datetime) -> dict[int, VisitNeed]:
    """Who waits for a study visit, of several cohorts (of programmes that ask for one) in one statement."""
    rows = await fetch(
        """select c.id,
                  (select count(*) from enrolment e left join study_visit v on v.enrolment_id = e.id
                   where e.cohort_id = c.id and e.state = 'preliminary'
                     and coalesce(v.state, 'missed') in ('missed', 'cancelled'))::int
                  as without,
                  (select coalesce(sum(greatest(0, s.capacity - taken.n)), 0) from visit_slot s
                   cross join lateral (select count(*) as n from study_visit b where b.slot_id = s.id) taken
                   where s.cohort_id = c.id and s.starts_at > $2 and s.cancelled_at is null)::int as free
           from cohort c where c.id = any($1::int[])""",
        sorted(cohort_ids),
        now,
    )
    return {row["id"]: VisitNeed(row["without"], row["free"]) for row in rows}


async def coming(cohort_id: int, now: datetime) -> int:
    """How many people have a study visit to come."""
    rows = await fetch(
        """select count(*) as n from study_visit v join visit_slot s on s.id = v.slot_id
           where s.cohort_id = $1 and s.starts_at > $2 and s.cancelled_at is null and v.state = 'booked'""",
        cohort_id,
        now,
    )
    return int(rows[0]["n"])


async def to_cancel(cohort_id: int, slot_id: int, now: datetime) -> tuple[Offered, list[UUID]]:
    """A study visit that is to come, and who has booked it. Raises NotFound: gone, over or cancelled already."""
    found = [slot for slot in await offered(cohort_id) if slot.slot_id == slot_id]
    if not found or found[0].cancelled or found[0].starts_at <= now:
        raise NotFound
    rows = await fetch("select enrolment_id from study_visit where slot_id = $1 and state = 'booked' order by id", slot_id)
    return found[0], [row["enrolment_id"] for row in rows]
