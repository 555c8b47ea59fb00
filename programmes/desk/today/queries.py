"""Reads for Idag that no single feature has: study visits to come or to mark."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from programmes.cohorts.queries import LEADS, MY_DUTY, access
from programmes.cohorts.rules import UNDECIDED
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.principal import Principal


@dataclass(frozen=True)
class VisitTime:
    """A study visit with somebody booked, or missed by somebody who still holds a place, or after which one side said no."""

    cohort_id: int
    starts_at: datetime
    booked: int
    missed: int
    unwilling: int


async def visits(cohort_ids: Iterable[int], until: datetime) -> list[VisitTime]:
    """Study visits before a moment that somebody is booked to, missed and has not booked anew, or said no after; by time."""
    rows = await fetch(
        """select v.cohort_id, v.starts_at, count(*) filter (where y.state = 'booked') as booked,
                  count(*) filter (where y.state = 'missed') as missed,
                  count(*) filter (where y.state = 'attended') as unwilling
           from visit_slot v join study_visit y on y.slot_id = v.id join enrolment e on e.id = y.enrolment_id
           where v.cohort_id = any($1::int[]) and v.starts_at < $2 and (y.state in ('booked', 'missed')
                  or y.state = 'attended' and (y.person_goes_on is false or y.staff_goes_on is false))
             and e.state in ('preliminary', 'queued', 'offered')
           group by v.id order by v.starts_at, v.id""",
        sorted(cohort_ids),
        until,
    )
    return [VisitTime(row["cohort_id"], row["starts_at"], row["booked"], row["missed"], row["unwilling"]) for row in rows]


@dataclass(frozen=True)
class LogState:
    """What of the access log needs a manager: months that are not signed off, the oldest first, and where the chain is
    broken. `not_erased`: the last run of retention could not erase everything that was due, or is of a day to come."""

    months: tuple[date, ...] = ()
    broken_at: int | None = None
    not_erased: bool = False


async def log_state(now: datetime) -> LogState:
    """What waits for managers."""
    row = await fetchrow(
        """select array(select r.month from look_review r where not exists (
                      select from look_review_signed s where s.month = r.month) order by r.month) as months,
                  (select min(broken_at) from chain_check) as broken_at,
                  coalesce((select failed > 0 or state not in ('running', 'done')
                                   or started_at > $1::timestamptz + interval '5 minutes' from retention_run
                            order by id desc limit 1), false) as not_erased""",
        now,
    )
    return LogState(tuple(row["months"]), row["broken_at"], row["not_erased"]) if row else LogState()


@dataclass(frozen=True)
class LateDecision:
    """A start whose decision date has passed without a decision."""

    cohort_id: int
    name: str
    section: str
    decide_by: date


async def late_decisions(today: date) -> list[LateDecision]:
    """Of all programmes, the longest ago first: managers hear of them too. The same starts as on the cockpit: one that was
    never opened for applications has a decision date too."""
    rows = await fetch(
        """select c.id as cohort_id, c.name, p.section, c.decide_by from cohort c join programme p on p.id = c.programme_id
           where c.state = any($2::text[]) and p.form = 'group' and c.decide_by < $1 order by c.decide_by, c.id""",
        today,
        sorted(UNDECIDED),
    )
    return [LateDecision(**dict(row)) for row in rows]


async def leaderless(cohort_ids: Iterable[int], today: date) -> frozenset[int]:
    """Which of these cohorts nobody leads, now or later, who still has an account and the role for it."""
    rows = await fetch(
        f"""select c.id from cohort c join programme p on p.id = c.programme_id
            where c.id = any($1::int[]) and not exists (
                select 1 from cohort_staff cs join staff s on s.id = cs.staff_id
                where cs.cohort_id = c.id and cs.role = 'leader' and s.active and {LEADS}
                  and (cs.until is null or cs.until >= $2))""",
        sorted(cohort_ids),
        today,
    )
    return frozenset(row["id"] for row in rows)


async def instead_of(session_ids: Collection[int]) -> dict[int, datetime]:
    """Of these cancelled sessions those for which one was added, with when that is. Of none without a statement."""
    if not session_ids:
        return {}
    rows = await fetch(
        """select makes_up_for as off, max(starts_at) as starts_at from cohort_session
           where makes_up_for = any($1::int[]) and state in ('planned', 'moved') group by makes_up_for""",
        sorted(session_ids),
    )
    return {row["off"]: row["starts_at"] for row in rows}


async def next_session(cohort_ids: Iterable[int], principal: Principal, today: date, after: datetime) -> datetime | None:
    """When the next session of these cohorts after a moment begins at which this person stands, or whose programme they
    coordinate."""
    found: datetime | None = await fetchval(
        f"""select min(s.starts_at) from cohort_session s join cohort c on c.id = s.cohort_id
            join programme p on p.id = c.programme_id
            where {MY_DUTY} and s.cohort_id = any($4::int[]) and s.starts_at > $5 and s.state in ('planned', 'moved')""",
        *access(principal, today),
        sorted(cohort_ids),
        after,
    )
    return found
