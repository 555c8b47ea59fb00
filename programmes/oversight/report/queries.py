"""The reports that have been established."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from programmes.cohorts.rules import UNDECIDED
from programmes.core.clock import at_local, local_date
from programmes.core.db import fetch, fetchrow
from programmes.oversight.report.kept_rules import read, settled
from programmes.oversight.report.rules import Missing, Report, Undecided
from programmes.oversight.statistics import queries as statistics
from programmes.oversight.statistics.rules import year_of
from programmes.oversight.statistics.suppression_rules import Given, Year, given

__all__ = [
    "Established",
    "Given",
    "Missing",
    "begun",
    "editions_until",
    "established",
    "leaving",
    "missing",
    "year",
    "years",
]


@dataclass(frozen=True)
class Established:
    """A report, when it was established and by whom (a member of staff's display name)."""

    report: Report
    at: datetime
    by: str


async def established(year: int) -> Established | None:
    """The report of a year; None while there is only a draft."""
    row = await fetchrow(
        """select r.content, r.established_at, s.display_name from annual_report r
           join staff s on s.id = r.established_by where r.year = $1""",
        year,
    )
    return Established(read(row["content"]), row["established_at"], row["display_name"]) if row else None


async def years() -> frozenset[int]:
    """The years of which there is one."""
    return frozenset(row["year"] for row in await fetch("select year from annual_report"))


async def year(of: int) -> Year:
    """What is known of a year beforehand: as it was established, or stands beside the next, and whether the service was
    there."""
    own, began = await established(of), await begun()
    if own is not None:
        return Year(settled(own.report))
    if began is None or began.year > of:
        return Year(known=False)
    later = await established(of + 1)
    return Year(settled(later.report, 1) if later else {})


async def editions_until(day: date) -> dict[int, tuple[str, date]]:
    """Of every programme of each edition that has been in force by a day: its section, and the last day of it, that day at
    the latest."""
    rows = await fetch(
        """select p.id, p.section, e.valid_from, least($1::date, (
               select min(n.valid_from) from edition n where (n.valid_from, n.id) > (e.valid_from, e.id)) - 1) as until
           from programme p join edition e on e.id = p.edition_id where e.valid_from <= $1 order by p.id""",
        day,
    )
    return {row["id"]: (row["section"], row["until"]) for row in rows if row["until"] >= row["valid_from"]}


async def leaving(of: int, wanted: Collection[str], now: datetime) -> list[Given]:
    """What leaves the house of sections in a year and the one before: as it was established, where it was."""
    this, before = await year(of), await year(of - 1)
    return [given(section, this, before) for section in await statistics.sections(year_of(of), wanted, now)]


async def missing(of: int) -> Missing:
    """What a report of a year that is over would be without, were it established now."""
    within = at_local(date(of, 1, 1), time(0)), at_local(date(of + 1, 1, 1), time(0))
    [found] = await fetch(_MISSING, *within)
    undecided = await fetch(_UNDECIDED, *within, list(UNDECIDED))
    starts = (
        Undecided(row["id"], row["section"], row["name"], local_date(row["starts_at"]))
        for row in undecided
        if row["form"] == "group"
    )
    unbegun = any(row["form"] == "individual" for row in undecided)
    return Missing(found["occasions"], found["groups"], found["series"], tuple(starts), unbegun)


_MISSING = """
with unclosed as (
    select p.form from cohort c join programme p on p.id = c.programme_id and p.form in ('group', 'individual')
    cross join lateral (select max(s.ends_at) as last from cohort_session s
                        where s.cohort_id = c.id and s.state <> 'cancelled') s
    where c.state in ('open', 'started') and s.last >= $1 and s.last < $2)
select (select count(*) from cohort_session s join cohort c on c.id = s.cohort_id
        join programme p on p.id = c.programme_id and p.form = 'drop_in'
        where s.starts_at >= $1 and s.starts_at < $2 and s.state <> 'cancelled' and c.state <> 'cancelled'
          and not exists (select 1 from head_count h where h.session_id = s.id))::int as occasions,
       (select count(*) from unclosed where form = 'group')::int as groups,
       exists (select 1 from unclosed where form = 'individual') as series
"""


# What the statistics count as a start once it is decided, or its first talk is noted, by the day of its first session
# (`statistics.queries`): decided after its year was established it would be in no year's report.
_UNDECIDED = """
select c.id, p.section, p.form, c.name, s.starts_at from cohort_session s
join cohort c on c.id = s.cohort_id and c.state = any($3) and c.ended_how is distinct from 'cancelled'
join programme p on p.id = c.programme_id and p.doc_level = 'individual' and p.form in ('group', 'individual')
where s.number = 1 and s.starts_at >= $1 and s.starts_at < $2 order by s.starts_at, c.id
"""


async def begun() -> date | None:
    """The first day of which there is anything to tell: the guideline was in force and the service in use. None before."""
    [found] = await fetch(
        """select (select min(valid_from) from edition) as edition, (select min(starts_at) from cohort_session) as session,
                  (select min(closed_on) from closed_figures) as closed"""
    )
    used = [day for day in (found["closed"], found["session"] and local_date(found["session"])) if day]
    return max(found["edition"], min(used)) if found["edition"] and used else None
