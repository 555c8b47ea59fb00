"""Reads for the cockpit, one statement each: every undecided start with its places, and the starts of a year."""

import json
from dataclasses import fields
from datetime import date, datetime, time
from typing import Any

from programmes.cohorts.queries import MINE, access
from programmes.cohorts.year_queries import COMES_OFF
from programmes.core.clock import at_local, local_date
from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.enrolment.kept_queries import HAS_FIRST_RIGHT, leads_somewhere
from programmes.oversight.rules import Filter as Filter
from programmes.oversight.rules import Start as Start
from programmes.oversight.rules import YearStart

_LEADERS = [field.name for field in fields(Start)].index("leaders")

# The columns stand in the order of the fields of `Start`: a thousand rows by name take twice as long.
UNDECIDED_STARTS = f"""
with mine as materialized (
    select c.id, c.programme_id, c.name, p.section, p.form, p.doc_level, c.state, c.minimum, c.maximum, p.participants_min,
           c.decide_by, c.last_entry_session, v.name as venue, p.data ->> 'short_name' as programme,
           coalesce((p.data ->> 'study_visit')::boolean, false) as study_visit
    from cohort c join programme p on p.id = c.programme_id join venue v on v.id = c.venue_id
    where c.state in ('planned', 'open', 'postponed') and p.form = 'group' and {MINE}),
first as materialized (
    select cohort_id, min(starts_at) as first_start, count(*) as sessions, max(ends_at) as last_end,
           count(*) filter (where starts_at <= $4) as begun, count(*) filter (where state = 'held') as noted
    from cohort_session
    where state <> 'cancelled' and cohort_id in (select id from mine) group by cohort_id),
postponed as materialized (
    select cohort_id, max(decided_at) as at from start_decision
    where decision = 'postpone' and undone_at is null and cohort_id in (select id from mine where state = 'postponed')
    group by cohort_id)
select m.id as cohort_id, m.programme_id, m.name, m.section, m.form, m.doc_level = 'operational' as exempt, m.state,
       m.minimum, m.maximum, m.participants_min as required, m.decide_by, s.first_start, coalesce(s.sessions, 0) as sessions,
       coalesce(e.confirmed, 0) as confirmed, coalesce(e.preliminary, 0) as preliminary,
       coalesce(e.offered, 0) as offered, coalesce(e.queued, 0) as queued, coalesce(e.other_day, 0) as other_day,
       coalesce(y.visits, 0) as visits, m.venue, coalesce(l.leaders, '[]') as leaders,
       coalesce(a.can_not, 0) as can_not, coalesce(a.silent, 0) as silent,
       m.programme, coalesce(s.begun, 0) as begun,
       coalesce(s.begun >= least(m.last_entry_session, s.sessions), false) as entry_over, s.last_end,
       coalesce(s.noted, 0) as noted, coalesce(k.kept, 0) as kept
from mine m
left join first s on s.cohort_id = m.id
left join (select e.cohort_id, count(*) filter (where state = 'confirmed') as confirmed,
                  count(*) filter (where state = 'preliminary') as preliminary,
                  count(*) filter (where state = 'offered') as offered, count(*) filter (where state = 'queued') as queued,
                  count(*) filter (where state in ('confirmed', 'preliminary', 'offered')
                    and declared_for <> (first.first_start at time zone 'Europe/Stockholm')::date) as other_day
           from enrolment e left join first on first.cohort_id = e.cohort_id
           where e.cohort_id in (select id from mine) group by e.cohort_id) e on e.cohort_id = m.id
left join (select x.cohort_id, count(*) as visits from enrolment x join mine on mine.id = x.cohort_id and mine.study_visit
           where x.state = 'preliminary'
             and not exists (select from study_visit b where b.enrolment_id = x.id and b.state = 'attended')
           group by x.cohort_id) y on y.cohort_id = m.id
left join (select w.cohort_id, jsonb_agg(jsonb_build_array(w.staff_id, p.display_name) order by p.display_name)::text
                  as leaders
           from cohort_staff w join staff p on p.id = w.staff_id
           where w.cohort_id in (select id from mine) and w.role = 'leader' and (w.until is null or w.until >= $2)
           group by w.cohort_id) l on l.cohort_id = m.id
left join (select d.cohort_id, count(*) filter (where not n.can) as can_not, count(*) filter (where n.can is null) as silent
           from postponed d join enrolment x on x.cohort_id = d.cohort_id and x.applied_at < d.at
             and x.state in ('preliminary', 'confirmed', 'queued', 'offered')
           left join can_then n on n.enrolment_id = x.id and n.asked_at = d.at group by d.cohort_id) a on a.cohort_id = m.id
left join (select r.cohort_id, count(*) as kept from first_right r join enrolment k on k.cohort_id = r.from_cohort_id
             and {HAS_FIRST_RIGHT}
           where r.until > $4 and {leads_somewhere("$4")} and r.cohort_id in (select id from mine)
           group by r.cohort_id) k on k.cohort_id = m.id
order by m.decide_by, s.first_start nulls last, m.id
"""


def all_starts(principal: Principal, now: datetime) -> tuple[int, date, list[str] | None, datetime]:
    """The arguments of `UNDECIDED_STARTS`."""
    return *_whose(principal, local_date(now)), now


def _whose(principal: Principal, today: date) -> tuple[int, date, list[str] | None]:
    """As `access`; but managers see how every start stands, though they work with none of them."""
    staff_id, today, sections = access(principal, today)
    return staff_id, today, [] if principal.has("manager") else sections


async def undecided(principal: Principal, now: datetime) -> list[Start]:
    """Every group start that waits for a decision and that this person works with, or manages; the nearest first."""
    rows = await fetch(UNDECIDED_STARTS, *all_starts(principal, now))
    return [_start(list(row)) for row in rows]


def _start(values: list[Any]) -> Start:
    values[_LEADERS] = tuple((number, name) for number, name in json.loads(values[_LEADERS]))
    return Start(*values)


async def starts_in(year: int, principal: Principal, now: datetime) -> list[YearStart]:
    """Group starts with their first session in a year, of the programmes this person coordinates or, for who manages, of
    all; in order."""
    rows = await fetch(
        f"""select c.id as cohort_id, p.section, c.state in ('started', 'closed') as done,
                  c.state not in ('started', 'closed') and s.starts_at <= $6 as late,
                  extract(month from s.starts_at at time zone 'Europe/Stockholm')::int as month
           from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where s.number = 1 and s.starts_at >= $4 and s.starts_at < $5
             and p.form = 'group' and {COMES_OFF} and {MINE}
           order by s.starts_at, c.id""",
        *_whose(principal, local_date(now)),
        at_local(date(year, 1, 1), time(0)),
        at_local(date(year + 1, 1, 1), time(0)),
        now,
    )
    return [YearStart(**dict(row)) for row in rows if principal.has("manager") or principal.coordinates(row["section"])]
