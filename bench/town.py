"""A thousand cohorts, straight into the tables: made for measuring, not to be believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from programmes.core.clock import local_date

COHORTS = 1000
# How many wait, and over how many groups the applications are spread: half of them are the service's, half the floor's.
WAITING, SPREAD = (0, 10, 500, 5000), 40
OPEN = """
with made as (
  insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                      last_entry_session, arrivals, created_at)
  select 'bench' || $1::text || n, $2, 'Grupp ' || n, 'open', $3, 5, $4, $5, $6::date + n % 60, 1, 0, $7
  from generate_series(1, $8::int) n returning id, name
)
insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at,
                            shares_room)
select id, week, day, day + interval '2 hours', $3, '', 'planned', false, 0, $7, true
from (select id, $7::timestamptz + (20 + substr(name, 7)::int % 60) * interval '1 day' as start from made) m,
     generate_series(1, $9::int) week, lateral (select start + week * interval '7 days' as day) d
"""


@dataclass(frozen=True)
class Town:
    """Ids of what was made: a group of 2.8 with a page and a feed, and groups of 2.1 with 200 places each."""

    shown: int
    wide: list[int]
    staff_id: int


# Who waits, straight into the table. The digests are what makes the indexes as large as they would be.
_WAITING = """
insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, key_id, sealed, code_digest, once_digest, language,
                       only_waited)
select gen_random_uuid(), c.id, 'queued', n, n, $2, gen_random_uuid(), decode(repeat('ab', 80), 'hex'),
       sha256(('code' || c.id || '/' || n)::bytea), sha256(('once' || c.id || '/' || n)::bytea), 'sv', true
from unnest($1::int[]) c (id), generate_series(1, $3::int) n
"""


async def wait_in(owner: asyncpg.Connection, cohorts: list[int], now: datetime, many: int) -> None:
    """So many people wait for each of these groups, which nobody has applied to yet."""
    await owner.execute(_WAITING, cohorts, now, many)
    await owner.execute("update cohort set arrivals = $2 where id = any($1::int[])", cohorts, many)


async def build_queues(owner: asyncpg.Connection, now: datetime) -> dict[int, list[int]]:
    """Groups of 2.1 by how many wait for each before the measuring begins: 200 free places where nobody does.

    Applications are spread over so many groups that a measure adds but a few to each.
    """
    venue = await owner.fetchval("insert into venue (name, address) values ('Bänken', 'Mätgatan 1') returning id")
    programme_id = await owner.fetchval("select id from programme where section = '2.1'")
    today, soon = local_date(now), local_date(now) + timedelta(days=10)
    found = {}
    for length in WAITING:
        mark = f"q{length}x"
        await owner.execute(OPEN, mark, programme_id, venue, 200, today, soon, now, SPREAD, 4)
        rows = await owner.fetch("select id from cohort where public_id like $1 order by id", f"bench{mark}%")
        found[length] = [row["id"] for row in rows]
        await wait_in(owner, found[length], now, length)
    await owner.execute("analyze")
    return found


async def build(owner: asyncpg.Connection, staff_id: int, now: datetime) -> Town:
    """Three starts of 2.8, and 2.1 in sixty groups of 200 places and as many small ones as make a thousand."""
    venue = await owner.fetchval("insert into venue (name, address) values ('Bänken', 'Mätgatan 1') returning id")
    ids = {r["section"]: r["id"] for r in await owner.fetch("select id, section from programme")}
    today = local_date(now)
    soon = today + timedelta(days=10)
    await owner.execute(OPEN, "a", ids["2.8"], venue, 8, today, soon, now, 3, 10)
    await owner.execute(OPEN, "w", ids["2.1"], venue, 200, today, soon, now, 120, 4)
    await owner.execute(OPEN, "r", ids["2.12"], venue, 10, today, soon, now, COHORTS - 123, 9)
    # At no session by duty: nobody can stand at two at once.
    await owner.execute(
        """insert into cohort_staff (cohort_id, staff_id, role, every_session) select id, $1, 'leader', false from cohort""",
        staff_id,
    )
    await owner.execute("analyze")
    shown = await owner.fetchval("select id from cohort where public_id = 'bencha1'")
    wide = [r["id"] for r in await owner.fetch("select id from cohort where public_id like 'benchw%' order by id")]
    return Town(shown, wide, staff_id)
