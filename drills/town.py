"""What the load writes to: groups with a queue, groups that have begun, and slips."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from programmes.core.clock import local_date
from programmes.core.db import close_pool, open_pool
from programmes.core.principal import Principal
from programmes.evaluation import counting, keys, services
from programmes.people.services import add_staff
from programmes.settings import Settings

STAFF, PASSWORD = "drill", "drill-a-long-password-of-nobody"
# 2.1 is documented at operational level only, 2.8 by person; both are open on the web.
EXEMPT, DOCUMENTED = "2.1", "2.8"
PLACES, CLASS, NAMED = 8, 30, 6
_COHORTS = """
with made as (
  insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                      last_entry_session, arrivals, created_at, started_at)
  select 'drill' || $1::text || n, (select id from programme where section = $2), 'Grupp ' || n, $3, $4, 5, $5, $6::date,
         $6::date, 1, $7, $8, case when $3 = 'started' then $8::timestamptz end
  from generate_series(1, $9::int) n returning id, public_id
), sessions as (
  insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at,
                              shares_room)
  select id, week, at, at + interval '2 hours', $4, '', 'planned', false, 0, $8, true
  from made, generate_series(1, 6) week, lateral (select $10::timestamptz + week * interval '7 days' as at) a
), people as (
  insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, confirmed_at, language, only_waited)
  select gen_random_uuid(), made.id, 'confirmed', n, n, $8, $8, 'sv', false from made, generate_series(1, $7::int) n
  returning id, cohort_id, arrival
), seats as (
  insert into seat (cohort_id, maximum, number, enrolment_id) select cohort_id, $5, arrival, id from people
)
select id, public_id from made order by id
"""


@dataclass(frozen=True)
class Town:
    """Addresses of open groups, sessions whose roll can be called, and codes of slips by their box."""

    exempt: Sequence[tuple[int, str]]
    documented: Sequence[tuple[int, str]]
    counted: Sequence[int]
    named: Sequence[int]
    slips: Sequence[tuple[UUID, str]]


async def build(settings: Settings, owner: asyncpg.Connection, now: datetime, size: int) -> Town:
    """A town for about `size` writes."""
    staff_id = await _staff(settings, now)
    venue = await owner.fetchval("insert into venue (name, address) values ('Linden', 'Hamngatan 4') returning id")
    soon, begun = now + timedelta(days=20), now - timedelta(days=25)

    async def cohorts(
        mark: str, section: str, state: str, maximum: int, people: int, first: datetime, many: int
    ) -> list[int]:
        since = local_date(now - timedelta(days=40))
        rows = await owner.fetch(_COHORTS, mark, section, state, venue, maximum, since, people, now, many, first)
        return [row["id"] for row in rows]

    exempt = await cohorts("a", EXEMPT, "open", PLACES, 0, soon, size // 40)
    documented = await cohorts("b", DOCUMENTED, "open", PLACES, 0, soon, size // 80)
    classes = await cohorts("c", EXEMPT, "started", CLASS, CLASS, begun, size // 60)
    named = await cohorts("d", DOCUMENTED, "started", PLACES, NAMED, begun, 8)
    await owner.execute("analyze")
    sessions = "select id from cohort_session where cohort_id = any($1::int[]) and starts_at < $2 order by id"
    return Town(
        await _addresses(owner, exempt),
        await _addresses(owner, documented),
        [row["id"] for row in await owner.fetch(sessions, classes[:40], now)],
        [row["id"] for row in await owner.fetch(sessions, named, now)],
        await _slips(settings, owner, classes, staff_id, now),
    )


async def _staff(settings: Settings, now: datetime) -> int:
    await open_pool(settings.database_url, 1)
    try:
        return await add_staff(STAFF, "Övning", PASSWORD, [("coordinator", "")], now)
    finally:
        await close_pool()


async def _addresses(owner: asyncpg.Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = await owner.fetch("select id, public_id from cohort where id = any($1::int[]) order by id", list(ids))
    return [(row["id"], row["public_id"]) for row in rows]


async def _slips(
    settings: Settings, owner: asyncpg.Connection, classes: Sequence[int], staff_id: int, now: datetime
) -> list[tuple[UUID, str]]:
    """A slip for each of every class, and open boxes: as a leader prints them and the worker makes their keys."""
    principal, found = Principal(staff_id, "Övning", {"coordinator": frozenset()}), []
    await open_pool(settings.web_database_url, 2)
    for cohort_id in classes:
        printed = await services.print_slips(cohort_id, principal, now)
        assert isinstance(printed, list), printed
        box = await owner.fetchval("select id from ballot where cohort_id = $1", cohort_id)
        found += [(box, code) for code in printed]
    await close_pool()
    await open_pool(settings.worker_database_url, 2)
    for box in {box for box, _ in found}:
        await counting.prepare(box, keys.BallotKeys(settings.ballot_key_folder, settings.key_folder))
    await close_pool()
    return found
