"""Reads for the cockpit, one statement each: every undecided start with its places, and the starts of a year."""

from datetime import date, time

from programmes.cohorts.queries import MINE, access
from programmes.core.clock import at_local
from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.oversight.rules import Start as Start
from programmes.oversight.rules import YearStart

# The columns stand in the order of the fields of `Start`: a thousand rows by name take twice as long.
UNDECIDED_STARTS = f"""
with mine as materialized (
    select c.id, c.programme_id, c.name, p.section, p.form, p.doc_level, c.state, c.minimum, c.maximum, p.participants_min,
           c.decide_by
    from cohort c join programme p on p.id = c.programme_id
    where c.state in ('planned', 'open', 'postponed') and p.form = 'group' and {MINE}),
first as materialized (
    select cohort_id, min(starts_at) as first_start, count(*) as sessions from cohort_session
    where state <> 'cancelled' and cohort_id in (select id from mine) group by cohort_id)
select m.id as cohort_id, m.programme_id, m.name, m.section, m.form, m.doc_level = 'operational' as exempt, m.state,
       m.minimum, m.maximum, m.participants_min as required, m.decide_by, s.first_start, coalesce(s.sessions, 0) as sessions,
       coalesce(e.confirmed, 0) as confirmed, coalesce(e.preliminary, 0) as preliminary,
       coalesce(e.offered, 0) as offered, coalesce(e.queued, 0) as queued, coalesce(e.other_day, 0) as other_day
from mine m
left join first s on s.cohort_id = m.id
left join (select e.cohort_id, count(*) filter (where state = 'confirmed') as confirmed,
                  count(*) filter (where state = 'preliminary') as preliminary,
                  count(*) filter (where state = 'offered') as offered, count(*) filter (where state = 'queued') as queued,
                  count(*) filter (where state in ('confirmed', 'preliminary', 'offered')
                    and declared_for <> (first.first_start at time zone 'Europe/Stockholm')::date) as other_day
           from enrolment e left join first on first.cohort_id = e.cohort_id
           where e.cohort_id in (select id from mine) group by e.cohort_id) e on e.cohort_id = m.id
order by m.decide_by, s.first_start nulls last, m.id
"""


async def undecided(principal: Principal, today: date) -> list[Start]:
    """Every group start that waits for a decision and that this person works with, the nearest decision first."""
    return [Start(*row) for row in await fetch(UNDECIDED_STARTS, *access(principal, today))]


async def starts_in(year: int, principal: Principal, today: date) -> list[YearStart]:
    """Group starts with their first session in a year, of the programmes this person coordinates, in order."""
    rows = await fetch(
        f"""select c.id as cohort_id, p.section, c.state in ('started', 'closed') as done,
                  extract(month from s.starts_at at time zone 'Europe/Stockholm')::int as month
           from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where s.number = 1 and s.starts_at >= $4 and s.starts_at < $5
             and p.form = 'group' and c.state <> 'cancelled' and {MINE}
           order by s.starts_at, c.id""",
        *access(principal, today),
        at_local(date(year, 1, 1), time(0)),
        at_local(date(year + 1, 1, 1), time(0)),
    )
    return [YearStart(**dict(row)) for row in rows if principal.coordinates(row["section"])]
