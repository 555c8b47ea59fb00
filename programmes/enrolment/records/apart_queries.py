"""Where two people who must not meet would meet. Answers are days; whose they are is nobody's to read off them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from programmes.core.db import fetch
from programmes.enrolment.rules import ALIVE as ALIVE

# Who comes as the other one leaves meets them at the door.
APART = timedelta(minutes=30)
_DAY = "(x.starts at time zone 'Europe/Stockholm')::date"
# $1 from when, $2 to when, $3 in which room, $4 how near, $5 states in which somebody comes.
_MEETS = """
from unnest($1::timestamptz[], $2::timestamptz[], $3::int[]) as x (starts, ends, venue)
join cohort_session s on s.venue_id = x.venue and s.state <> 'cancelled'
  and s.starts_at < x.ends + $4::interval and s.ends_at > x.starts - $4::interval
join enrolment o on o.cohort_id = s.cohort_id and o.state = any($5::text[])
join kept_apart k on k.other_id = o.id join enrolment e on e.id = k.enrolment_id and e.state = any($5::text[])
"""
Time = tuple[datetime, datetime, int]


def _args(times: Sequence[Time]) -> tuple[object, ...]:
    return [t[0] for t in times], [t[1] for t in times], [t[2] for t in times], APART, sorted(ALIVE)


async def days_apart(cohort_id: int, times: Sequence[Time]) -> list[date]:
    """On which days of these (from, to, room) somebody of a cohort would meet, in another one, whom they must not: in the
    same room at once, or one after the other. Two in the same cohort meet whenever it is; that is said when they are
    kept apart."""
    rows = await fetch(
        f"select distinct {_DAY} as day {_MEETS} where e.cohort_id = $6 and o.cohort_id <> $6 order by day",
        *_args(times),
        cohort_id,
    )
    return [row["day"] for row in rows]


async def days_of(enrolment_id: UUID, cohort_id: int) -> list[date]:
    """On which days somebody would meet, at the sessions of a cohort, whom they must not."""
    sessions = await fetch(
        "select starts_at, ends_at, venue_id from cohort_session where cohort_id = $1 and state in ('planned', 'moved')",
        cohort_id,
    )
    times = [(row["starts_at"], row["ends_at"], row["venue_id"]) for row in sessions]
    rows = await fetch(f"select distinct {_DAY} as day {_MEETS} where e.id = $6 order by day", *_args(times), enrolment_id)
    return [row["day"] for row in rows]


@dataclass(frozen=True)
class Apart:
    """Somebody whom a person is kept apart from: in which group, and nothing of who they are."""

    apart_id: int
    cohort_id: int
    group: str


async def of(enrolment_id: UUID) -> list[Apart]:
    """Whom somebody is kept apart from, in the order in which it was said."""
    rows = await fetch(
        """select k.id as apart_id, c.id as cohort_id, c.name as group from kept_apart k
           join enrolment o on o.id = k.other_id join cohort c on c.id = o.cohort_id
           where k.enrolment_id = $1 order by k.id""",
        enrolment_id,
    )
    return [Apart(**dict(row)) for row in rows]
