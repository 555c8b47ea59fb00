"""How many starts a year the office wants, and how many there are."""

from collections.abc import Mapping
from datetime import date, time

from programmes.core.clock import at_local
from programmes.core.db import fetch

# SQL: whether the start of the cohort `c` came off, or still is to. One that was closed without anything held did not.
COMES_OFF = "(c.state <> 'cancelled' and c.ended_how is distinct from 'cancelled')"


async def by_office() -> dict[str, int]:
    """The numbers that the office has set, by section."""
    return {
        row["section"]: row["number"] for row in await fetch("select section, number from yearly_starts order by section")
    }


async def lacking(required: Mapping[str, int], year: int) -> dict[str, range]:
    """Of sections that are to have so many starts a year at least, or as many as the office wants, those that have fewer in
    a year, with the numbers of the starts that are not planned. One statement."""
    rows = await fetch(
        f"""select w.section, t.n + 1 as next, greatest(w.least, coalesce(y.number, 0)) as least
           from unnest($1::text[], $2::int[]) as w (section, least)
           left join yearly_starts y on y.section = w.section
           cross join lateral (
               select count(*)::int as n from cohort_session s join cohort c on c.id = s.cohort_id
               join programme p on p.id = c.programme_id
               where s.number = 1 and s.starts_at >= $3 and s.starts_at < $4 and p.form = 'group' and {COMES_OFF}
                 and p.section = w.section) t
           where t.n < greatest(w.least, coalesce(y.number, 0)) order by w.section""",
        list(required),
        list(required.values()),
        at_local(date(year, 1, 1), time(0)),
        at_local(date(year + 1, 1, 1), time(0)),
    )
    return {row["section"]: range(row["next"], row["least"] + 1) for row in rows}
