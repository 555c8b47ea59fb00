"""Closures: days on which nothing is scheduled. What lies there already stays until somebody moves it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from programmes.cohorts import queries
from programmes.cohorts.closure_rules import Days, Entered, Lying, closed_already, to_be_meant, why_not_close
from programmes.cohorts.meant_rules import Meant, not_meant
from programmes.cohorts.queries import access
from programmes.cohorts.rules import Reason
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.errors import Forbidden, NotFound
from programmes.core.principal import Principal

__all__ = ["Days", "Entered", "Lying", "close", "closures", "lying_in", "reopen"]


async def closures(today: date) -> list[Entered]:
    """Every closure that is not over, in order."""
    rows = await fetch(
        """select x.id, x.first_day, x.last_day, x.venue_id, x.reason, coalesce(v.name, '') as venue
           from closure x left join venue v on v.id = x.venue_id where x.last_day >= $1 order by x.first_day, x.id""",
        today,
    )
    return [Entered(r["id"], Days(r["first_day"], r["last_day"], r["venue_id"]), r["reason"], r["venue"]) for r in rows]


async def lying_in(days: Mapping[int, Days], principal: Principal, now: datetime) -> Mapping[int, list[Lying]]:
    """Which sessions to come of the asker's cohorts lie in each of these all the same, in order; in one statement."""
    keys = list(days)
    rows = await fetch(
        f"""select x.key, s.id as session_id, c.id as cohort_id, c.name as cohort, p.form, s.number, s.starts_at, s.ends_at
            from unnest($4::int[], $5::timestamptz[], $6::timestamptz[], $7::int[]) as x (key, opens, ends, venue_id)
            join cohort_session s on s.starts_at >= x.opens and s.starts_at < x.ends
              and (x.venue_id is null or s.venue_id = x.venue_id)
            join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
            where s.state in ('planned', 'moved') and s.starts_at > $8 and c.state not in ('closed', 'cancelled')
              and ({queries.MINE}) order by s.starts_at, s.id""",
        *access(principal, local_date(now)),
        keys,
        [days[key].moments[0] for key in keys],
        [days[key].moments[1] for key in keys],
        [days[key].venue_id for key in keys],
        now,
    )
    found: dict[int, list[Lying]] = defaultdict(list)
    for row in rows:
        found[row["key"]].append(Lying(**{name: value for name, value in row.items() if name != "key"}))
    return found


async def close(days: Days, reason: str, principal: Principal, now: datetime, *, meant: Meant = False) -> list[Reason]:
    """Enter a closure; returns why not, or nothing when it is done. Sessions stay where they are, so which lie in it is
    asked first, and whether other closures have some of the days, until it is `meant`.

    Raises:
        Forbidden: they coordinate nothing.
    """
    if not principal.has("coordinator"):
        raise Forbidden
    if found := why_not_close(days, reason, local_date(now)):
        return found
    async with transaction():
        await execute("select pg_advisory_xact_lock(hashtext('closure'))")
        entered = await closures(local_date(now))
        lying = (await lying_in({0: days}, principal, now)).get(0, [])
        if found := closed_already(days, entered) or not_meant(to_be_meant(days, entered, lying), meant):
            return found
        closure_id = await fetchval(
            """insert into closure (venue_id, first_day, last_day, reason) values ($1, $2, $3, $4) returning id""",
            days.venue_id,
            days.first,
            days.last,
            reason,
        )
        await audit.note("closure:add", f"closure/{closure_id}", principal.staff_id, now)
    return []


async def reopen(closure_id: int, principal: Principal, now: datetime) -> None:
    """Take a closure away.

    Raises:
        Forbidden: they coordinate nothing.
        NotFound: there is none.
    """
    if not principal.has("coordinator"):
        raise Forbidden
    async with transaction():
        if not await execute("delete from closure where id = $1 returning 1", closure_id):
            raise NotFound
        await audit.note("closure:remove", f"closure/{closure_id}", principal.staff_id, now)
