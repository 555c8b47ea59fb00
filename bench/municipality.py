"""A municipality of ten years, or a county of thirty on one database: what is over, what runs tonight, who subscribes."""

import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg

from bench import decade
from bench.calendars import FEEDS, PLACES
from bench.town import OPEN
from programmes.calendar.queries import token_digest
from programmes.calendar.rules import token
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.sealing import KeyFolder
from programmes.people.records import PersonRecord

# Of one municipality: groups of documented people that meet at 18.00, and how many are in each.
EVENINGS, EACH = 40, 8
# Together, however many municipalities there are: who polls a calendar, in groups of eight.
SUBSCRIBED, SESSIONS = 1250, 10
# The rush: so many groups for each time that it is measured, with so few places that most must wait.
RUSHED, PLACES_EACH = 5, 20
# What nobody follows while it is filled in, and is built at once afterwards.
_KEYS_OF_MARKS = """
select conname as name, 'alter table attendance drop constraint ' || conname as away,
       'alter table attendance add constraint ' || conname || ' ' || pg_get_constraintdef(oid) as back
from pg_constraint where conrelid = 'attendance'::regclass and contype = 'u'
union all
select indexname, 'drop index ' || indexname, indexdef from pg_indexes
where tablename = 'attendance' and indexname = 'attendance_by_enrolment'
"""
_QUICKLY = {"maintenance_work_mem": "512MB", "max_wal_size": "16GB", "checkpoint_timeout": "30min"}
# Starts that are open stand on the page of their programme: as many for each group programme.
_SPREAD = """
with groups as (select id, row_number() over (order by id) - 1 as n, count(*) over () as many from programme
                where form = 'group' and edition_id = (select max(edition_id) from programme))
update cohort c set programme_id = g.id from groups g where c.state = 'open' and c.id % g.many = g.n
"""
_TONIGHT = """
with made as (
  insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                      last_entry_session, arrivals, created_at, started_at)
  select 'tonight' || n, $1, 'Kväll ' || n, 'started', $2, 1, 8, $3::date - 60, $3::date - 30, 1, 8, $4, $4
  from generate_series(1, $5::int) n returning id
)
insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at,
                            shares_room)
select id, n, t, t + interval '2 hours', $2, '', case when n < 3 then 'held' else 'planned' end, false, 0, $4, true
from made, generate_series(1, 10) n,
     lateral (select $4::timestamptz - interval '10 minutes' + (n - 3) * interval '7 days' as t) at
"""
_LEADERS = """
with c as (select id, row_number() over (order by id) as n from cohort where public_id like 'tonight%'),
p as (insert into staff (username, display_name, password_hash, active, created_at)
      select 'evening' || n, 'Ledare ' || n, '', true, $1 from c returning id, substr(username, 8)::int as n),
r as (insert into staff_role (staff_id, role, section) select id, 'leader', '' from p)
insert into cohort_staff (cohort_id, staff_id, role) select c.id, p.id, 'leader' from c join p using (n)
"""
_PEOPLE = """
with c as (select id, row_number() over (order by id) - 1 as n from cohort where public_id like 'tonight%'),
given as (select p, sealed, (n - 1) / $4::int as g, ((n - 1) % $4::int)::int + 1 as i
          from unnest($1::uuid[], $2::bytea[]) with ordinality as t (p, sealed, n)),
kept as (insert into participant (id, sealed, protected_identity, created_at) select p, sealed, false, $3 from given
         returning id),
people as (
  insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, applied_at, confirmed_at, language,
                         only_waited, place_since)
  select gen_random_uuid(), c.id, kept.id, 'confirmed', i, i, $3, $3, 'sv', false, $3
  from given join kept on kept.id = given.p join c on c.n = given.g returning id, cohort_id, arrival)
insert into seat (cohort_id, maximum, number, enrolment_id) select cohort_id, 8, arrival, id from people
"""


@dataclass(frozen=True)
class Evening:
    """Tonight's session of one group: whose, and the places of who is in it."""

    session_id: int
    token: str
    people: Sequence[UUID]


@dataclass(frozen=True)
class Place:
    """What was made, and how long that took."""

    page: str
    evenings: list[Evening]
    subscribers: list[str]
    seconds: float


@asynccontextmanager
async def _at_once(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Rows that are known to be right, without keys and triggers looking at each: thirty million would take an hour."""
    for name, value in _QUICKLY.items():
        await owner.execute(f"alter system set {name} = '{value}'")
    await owner.execute("select pg_reload_conf()")
    found = await owner.fetch(_KEYS_OF_MARKS)
    for row in found:
        await owner.execute(row["away"])
    await owner.execute("set session_replication_role = replica")
    yield
    await owner.execute("reset session_replication_role")
    for row in found:
        await owner.execute(row["back"])
    await owner.execute("alter system reset all")
    await owner.execute("select pg_reload_conf()")


async def build(owner: asyncpg.Connection, keys: KeyFolder, now: datetime, many: int, size: float) -> Place:
    """So many municipalities, each with a share `size` of its rows."""
    began = time.perf_counter()
    starts = max(4, round(decade.STARTS * many * size))
    async with _at_once(owner):
        await decade.build(owner, now, max(60, round(decade.COHORTS * many * size)), starts)
        await owner.execute(_SPREAD)
    ids = {row["section"]: row["id"] for row in await owner.fetch("select id, section from programme")}
    venue = await owner.fetchval("select id from venue limit 1")
    evenings = await _evenings(owner, keys, now, ids["2.8"], venue, max(2, round(EVENINGS * many * size)))
    subscribers = await _subscribers(owner, keys, now, ids["2.1"], venue, max(3, round(SUBSCRIBED * min(1, size))))
    await owner.execute("vacuum analyze")
    await owner.execute("checkpoint")
    return Place("/insatser/aterfallsprevention", evenings, subscribers, time.perf_counter() - began)


async def _evenings(
    owner: asyncpg.Connection, keys: KeyFolder, now: datetime, programme_id: int, venue: int, groups: int
) -> list[Evening]:
    await owner.execute(_TONIGHT, programme_id, venue, local_date(now), now, groups)
    await owner.execute(_LEADERS, now)
    people = [keys.create("person") for _ in range(groups * EACH)]
    sealed = [keys.seal("person", one, _record(n)) for n, one in enumerate(people)]
    await owner.execute(_PEOPLE, people, sealed, now, EACH)
    rows = await owner.fetch(
        """select s.id, cs.staff_id, array_agg(e.id order by e.arrival) as people
           from cohort c join cohort_session s on s.cohort_id = c.id and s.number = 3
           join cohort_staff cs on cs.cohort_id = c.id join enrolment e on e.cohort_id = c.id
           where c.public_id like 'tonight%' group by s.id, cs.staff_id order by s.id"""
    )
    made = [Evening(row["id"], new_token(), row["people"]) for row in rows]
    await owner.executemany(
        "insert into staff_session (id, staff_id, created_at, seen_at) values ($1, $2, $3, $3)",
        [(sha256(one.token.encode()).digest(), row["staff_id"], now) for one, row in zip(made, rows, strict=True)],
    )
    # Nobody comes in the order of ids.
    random.Random(1).shuffle(made)
    return made


def _record(number: int) -> str:
    return json.dumps(asdict(PersonRecord(f"Person {number}", "1980-01-01", contact="070-000 00 00", safe=("sms",))))


async def _subscribers(
    owner: asyncpg.Connection, keys: KeyFolder, now: datetime, programme_id: int, venue: int, groups: int
) -> list[str]:
    today = local_date(now)
    await owner.execute(OPEN, "c", programme_id, venue, EACH, today, today, now, groups, SESSIONS)
    cohorts = [row["id"] for row in await owner.fetch("select id from cohort where public_id like 'benchc%'")]
    await owner.execute("update cohort set state = 'started', started_at = $2 where id = any($1::int[])", cohorts, now)
    places = [row["id"] for row in await owner.fetch(PLACES, now, EACH, cohorts)]
    feeds = [uuid4() for _ in places]
    tokens = [token(feed, 1, keys.service_key("feed")) for feed in feeds]
    await owner.execute(FEEDS, feeds, places, [token_digest(one) for one in tokens], now)
    return tokens


async def rushed(owner: asyncpg.Connection, mark: str, now: datetime) -> list[int]:
    """A few groups with few places each, that open now."""
    venue = await owner.fetchval("select id from venue limit 1")
    programme_id = await owner.fetchval("select max(id) from programme where section = '2.1'")
    today = local_date(now)
    await owner.execute(OPEN, mark, programme_id, venue, PLACES_EACH, today, today, now, RUSHED, 4)
    found = await owner.fetch("select id from cohort where public_id like $1 order by id", f"bench{mark}%")
    return [row["id"] for row in found]


async def sizes(owner: asyncpg.Connection) -> list[str]:
    """What the rows take on disk, with their indexes, as lines of a table."""
    await owner.execute("analyze")
    rows = await owner.fetch(
        """select relname, reltuples::bigint as rows, pg_table_size(oid) as heap, pg_indexes_size(oid) as indexes
           from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples >= 300
           order by pg_total_relation_size(oid) desc limit 12"""
    )
    lines = ["| table | rows | MB | bytes a row | with indexes |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| `{row['relname']}` | {row['rows']:,} | {(row['heap'] + row['indexes']) / 2**20:,.0f} | "
        f"{row['heap'] / row['rows']:.0f} | {(row['heap'] + row['indexes']) / row['rows']:.0f} |"
        for row in rows
    ]
    whole = await owner.fetchval("select pg_database_size(current_database())")
    return [*lines, "", f"bench: the whole database: {whole / 2**20:,.0f} MB"]
