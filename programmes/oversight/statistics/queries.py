"""Reads for statistics: all that is counted in a period and the one a year before, in one statement whatever the number of
cohorts. Rows of documented people are never read, only what cohorts came to as they closed."""

from collections.abc import Collection
from datetime import datetime, time, timedelta

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts.year_queries import COMES_OFF
from programmes.core.clock import at_local
from programmes.core.db import fetch
from programmes.oversight.statistics.rules import (
    Counted,
    Period,
    Section,
    gathered,
    known_since,
    listed,
    why_not_period,
    year_of,
)

__all__ = [
    "STATISTICS", "Period", "Section", "arguments", "known_since", "left_open", "listed", "of_period", "sections",
    "why_not_period", "year_of",
]  # fmt: skip

# $1 and $2: the first days and the last of the periods; $3 and $4: the moments they begin at and have ended by, the second
# never later than now; $5 and $6: half-years, and which period each is of; $7: sections, or none for all.
_WINDOWS = """
with windows as materialized (
    select (n - 1)::int as i, first, last, begins, ends
    from unnest($1::date[], $2::date[], $3::timestamptz[], $4::timestamptz[])
        with ordinality as t (first, last, begins, ends, n)),
wanted as materialized (
    select p.id, p.section, p.form, p.doc_level from programme p where cardinality($7::text[]) = 0 or p.section = any($7)),
"""
# Documented cohorts, by the day they were closed.
_DOCUMENTED = """
select p.id as programme_id, '' as place, w.i, what.figure, sum(what.n)::int as n
from windows w join closed_figures f on f.closed_on between w.first and w.last
join cohort c on c.id = f.cohort_id join wanted p on p.id = c.programme_id
cross join lateral (values ('held', f.held), ('cancelled_sessions', f.cancelled_sessions), ('people', f.people),
    ('women', f.women), ('men', f.men), ('other', f.other), ('visits', f.visits), ('no_shows', f.no_shows),
    ('completed', f.completed), ('dropped_out', f.dropped_out), ('waited', f.waited), ('waited_days', f.waited_days),
    ('study_visits', f.study_visits), ('led_on', f.led_on),
    ('most_visits', case p.form when 'group' then f.people * f.held end)) as what (figure, n)
where p.doc_level = 'individual' and what.n is not null group by p.id, w.i, what.figure
"""
# Starts by the day of the first session, where there was anything to take part in; cancelled ones by the day of the
# decision, and those of which nothing was held by the day of closing.
_STARTS = f"""
select p.id, '', w.i, 'starts', count(*)::int
from windows w join cohort_session s on s.starts_at >= w.begins and s.starts_at < w.ends and s.number = 1
join cohort c on c.id = s.cohort_id and c.state in ('started', 'closed') and {COMES_OFF}
join wanted p on p.id = c.programme_id and p.doc_level = 'individual' group by p.id, w.i
"""
_CANCELLED = """
select p.id, '', w.i, 'cancelled_starts', count(*)::int
from windows w join cohort c on c.closed_at >= w.begins and c.closed_at < w.ends
  and (c.state = 'cancelled' or c.state = 'closed' and c.ended_how = 'cancelled')
join wanted p on p.id = c.programme_id and p.doc_level = 'individual' group by p.id, w.i
"""
# Groups where nobody is documented, by the day they were closed: what was noted of the sessions and at closing.
_GROUPS = """
select p.id, '', w.i, what.figure, sum(what.n)::int
from windows w join cohort c on c.closed_at >= w.begins and c.closed_at < w.ends and c.state = 'closed'
join wanted p on p.id = c.programme_id and p.doc_level = 'operational' and p.form = 'group'
left join unique_participants u on u.cohort_id = c.id
cross join lateral (
    select count(*) filter (where s.state = 'held') as talks, sum(h.women) as women, sum(h.men) as men, sum(h.other) as other
    from cohort_session s left join head_count h on h.session_id = s.id and s.state <> 'cancelled'
    where s.cohort_id = c.id) s
cross join lateral (values ('form', 1), ('talks', s.talks), ('people', u.women + u.men + u.other), ('women', u.women),
    ('men', u.men), ('other', u.other), ('visits', s.women + s.men + s.other), ('visits_women', s.women),
    ('visits_men', s.men), ('visits_other', s.other), ('most_visits', (u.women + u.men + u.other) * s.talks),
    (case c.ended_how when 'ended_early' then 'ended_early' else 'ended_' || c.ended_how end, 1)) as what (figure, n)
where what.figure is not null and what.n is not null group by p.id, w.i, what.figure
"""
# Open places, day by day, and by the venue where it was.
_OCCASIONS = """
select p.id, v.name, w.i, what.figure, sum(what.n)::int
from windows w join cohort_session s on s.starts_at >= w.begins and s.starts_at < w.ends and s.state = 'held'
join cohort c on c.id = s.cohort_id join wanted p on p.id = c.programme_id and p.form = 'drop_in'
join venue v on v.id = s.venue_id left join head_count h on h.session_id = s.id
cross join lateral (values ('occasions', 1), ('visits', h.women + h.men + h.other), ('visits_women', h.women),
    ('visits_men', h.men), ('visits_other', h.other)) as what (figure, n)
where what.n is not null group by p.id, v.name, w.i, what.figure
"""
# SQL: the programme of the edition in force on a day. What is kept by section only is read as the edition of its day has it.
_IN_FORCE = """(select p.id from wanted p join programme q on q.id = p.id join edition e on e.id = q.edition_id
                where p.section = {section} order by e.valid_from <= {day} desc,
                case when e.valid_from <= {day} then e.valid_from end desc nulls last, e.valid_from limit 1)"""
_SERIES = f"""
select programme_id, '', i, figure, sum(n)::int from (
    select {_IN_FORCE.format(section="t.section", day="t.last")} as programme_id, t.i, what.figure, what.n
    from (select t.*, h.i, make_date(left(t.half_year, 4)::int, case right(t.half_year, 1) when '1' then 6 else 12 end, 30)
                 as last
          from unnest($5::text[], $6::int[]) as h (half_year, i) join period_total t on t.half_year = h.half_year) t
    cross join lateral (values ('form', t.series), ('talks', t.talks),
        (case t.ended_how when 'ended_early' then 'ended_early' else 'ended_' || t.ended_how end, t.series))
        as what (figure, n)) as s
where programme_id is not null group by programme_id, i, figure
"""
_ANSWERS = f"""
select programme_id, '', i, figure, sum(n)::int from (
    select {_IN_FORCE.format(section="r.section", day="r.released_on")} as programme_id, w.i, what.figure, what.n
    from windows w join release r on r.released_on between w.first and w.last
    cross join lateral (values ('answers', r.answers), ('slips', r.slips)) as what (figure, n)) as s
where programme_id is not null group by programme_id, i, figure
"""
STATISTICS = f"""{_WINDOWS} counted as (
{"union all".join((_DOCUMENTED, _STARTS, _CANCELLED, _GROUPS, _OCCASIONS, _SERIES, _ANSWERS))})
select programme_id, place, i, figure, n from counted
"""


def arguments(period: Period, sections: Collection[str], now: datetime) -> tuple[object, ...]:
    """What `STATISTICS` is asked with. Nothing that is still to come is counted."""
    windows = (period, period.year_before)
    halves = [(half, i) for i, window in enumerate(windows) for half in window.half_years]
    return (
        [window.first for window in windows],
        [window.last for window in windows],
        [at_local(window.first, time(0)) for window in windows],
        [min(now, at_local(window.last + timedelta(days=1), time(0))) for window in windows],
        [half for half, _i in halves],
        [i for _half, i in halves],
        sorted(sections),
    )


async def sections(period: Period, wanted: Collection[str], now: datetime) -> tuple[Section, ...]:
    """The figures of sections (none: of all) in a period and a year before, in the guideline's order; of each only what it
    lists. Every report and file is made from these."""
    counted = [Counted(*row) for row in await fetch(STATISTICS, *arguments(period, wanted, now))]
    rows, used = await fetch(_PROGRAMMES, sorted(wanted), period.last), {row.programme_id for row in counted}
    # What an edition lists that came later is nothing to this period, unless something was counted by it.
    in_time = {row["section"] for row in rows if not row["later"]}
    ids = [row["id"] for row in rows if not row["later"] or row["id"] in used or row["section"] not in in_time]
    programmes = await catalogue.programmes(ids)
    return gathered(programmes, counted, period)


# By the order of the edition that was newest at the end of the period; what it hasn't comes last. Of each section its newest
# by then is the last.
_PROGRAMMES = """
select p.id, p.section, e.valid_from > $2 as later from programme p join edition e on e.id = p.edition_id
join (select distinct on (q.section) q.section, q.position, f.valid_from
      from programme q join edition f on f.id = q.edition_id
      order by q.section, f.valid_from > $2, f.valid_from desc, f.id desc) newest on newest.section = p.section
where cardinality($1::text[]) = 0 or p.section = any($1)
order by newest.valid_from > $2, newest.valid_from desc, newest.position, e.valid_from <= $2, e.valid_from, e.id
"""


async def of_period(period: Period) -> dict[str, Programme]:
    """The programmes that there are figures of, by section in the guideline's order, as the newest edition of the period has
    each. Also what was left out meanwhile: of the editions that were in force in the period, the one a year before or in the
    year before that, as groups go on under the edition that they were opened under."""
    rows = await fetch(_OF_PERIOD, period.year_before.year_before.first, period.last)
    found = await catalogue.programmes([row["id"] for row in rows])
    told: dict[str, Programme] = {}
    for programme in found.values():
        told.setdefault(programme.section, programme)
    counted = {programme.section for programme in found.values() if listed(programme)}
    return {section: programme for section, programme in told.items() if section in counted}


_OF_PERIOD = """
select p.id from programme p join edition e on e.id = p.edition_id
where e.valid_from <= $2
  and not exists (select 1 from edition n where n.valid_from <= $1 and (n.valid_from, n.id) > (e.valid_from, e.id))
order by e.valid_from desc, e.id desc, p.position
"""


async def left_open(period: Period, sections: Collection[str], now: datetime) -> dict[str, int]:
    """By section, how many groups whose last session was in a period are not closed, and so not counted yet. Not of open
    places, which are counted day by day, nor of series where nobody is documented: there it would be a number of people."""
    begins, ends = at_local(period.first, time(0)), at_local(period.last + timedelta(days=1), time(0))
    rows = await fetch(
        """select p.section, count(*)::int as n from cohort c join programme p on p.id = c.programme_id
           cross join lateral (select max(s.ends_at) as last from cohort_session s
                               where s.cohort_id = c.id and s.state <> 'cancelled') s
           where c.state in ('open', 'started')
             and (p.form = 'group' or p.form = 'individual' and p.doc_level = 'individual') and s.last >= $1 and s.last < $2
             and (cardinality($3::text[]) = 0 or p.section = any($3)) group by p.section""",
        begins,
        min(ends, now),
        sorted(sections),
    )
    return {row["section"]: row["n"] for row in rows}
