"""Ten years of a municipality, and a tenth of them: whether a year's statistics and the cockpit take longer for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from bench.client import Figures, get, measure
from bench.record import PASSWORD, STAFF
from programmes.attendance.figure_services import keep_figures
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.oversight.queries import UNDECIDED_STARTS, all_starts
from programmes.oversight.statistics.queries import STATISTICS, Period, arguments, year_of
from programmes.people.services import SignedIn, sign_in

COHORTS, SESSIONS, PEOPLE = 3000, 40, 10
# What waits for a decision is as many in a small town as in a large one.
STARTS = 40
ADDRESSES = {"the year's statistics": "/personal/statistik", "the cockpit": "/personal/starter"}

# A group's sessions are planned at once and lie together.
# Five of six are of documented people (2.8), the others of 2.1; they end evenly over ten years.
_COHORTS = """
insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                    last_entry_session, arrivals, created_at, started_at, closed_at, ended_how)
select 'decade' || n, case when n % 6 = 0 then $2::int else $1 end, 'Grupp ' || n,
       case when n <= $6 then 'open' else 'closed' end, $3, 1, 20, $4::date, $4::date + 30, 1, 10, $5, $5,
       case when n > $6 then $5::timestamptz - n * interval '3650 days' / $7::int end, case when n > $6 then 'completed' end
from generate_series(1, $7::int) n
"""
_SESSIONS = """
insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at,
                            shares_room)
select c.id, n, coalesce(c.closed_at, $1::timestamptz + interval '400 days') - (41 - n) * interval '7 days',
       coalesce(c.closed_at, $1::timestamptz + interval '400 days') - (41 - n) * interval '7 days' + interval '2 hours',
       c.venue_id, '', case when c.closed_at is null then 'planned' else 'held' end, false, 0, $1, true
from cohort c, generate_series(1, $2::int) n order by c.id, n
"""
_DOCUMENTED = "select id from cohort where closed_at is not null and programme_id = $1"
_PEOPLE = f"""
with people as (
    insert into participant (id, sealed, protected_identity, created_at)
    select gen_random_uuid(), decode(repeat('ab', 200), 'hex'), false, $2
    from generate_series(1, (select count(*)::int from ({_DOCUMENTED}) c) * $3::int) returning id),
numbered as (select id, row_number() over () - 1 as n from people),
cohorts as (select id, row_number() over () - 1 as n from ({_DOCUMENTED}) c)
insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, applied_at, confirmed_at, ended_at, language,
                       only_waited)
select gen_random_uuid(), c.id, p.id, 'completed', 1 + p.n % $3, 1 + p.n % $3, $2, $2, $2, 'sv', false
from numbered p join cohorts c on c.n = p.n / $3
"""
_MARKS = """
insert into attendance (session_id, enrolment_id, mark, marked_at)
select s.id, e.id, case when e.arrival % 5 = 0 then 'no_show' else 'present' end, $1
from enrolment e join cohort_session s on s.cohort_id = e.cohort_id
"""
_HEADS = """
insert into head_count (session_id, women, men, other, counted_at)
select s.id, 5, 4, 1, $2 from cohort_session s join cohort c on c.id = s.cohort_id
where c.programme_id = $1 and s.state = 'held' order by s.id
"""
# Every group has had somebody to lead it, nobody two at once, and, where the guideline asks for them, study visits.
_LEADERS = """
with leaders as (
    insert into staff (username, display_name, password_hash, active, created_at)
    select 'leder' || n, 'Ledare ' || n, '', true, $1 from generate_series(0, $2::int - 1) n returning id, username)
insert into cohort_staff (cohort_id, staff_id, role)
select c.id, l.id, 'leader' from cohort c join leaders l on l.username = 'leder' || (substr(c.public_id, 7)::int % $2)
"""
_VISITS = """
with slots as (
    insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity, free_since)
    select c.id, f.first - interval '10 days', f.first - interval '10 days' + interval '1 hour', c.venue_id, 20, $2
    from cohort c join lateral (select min(starts_at) as first from cohort_session s where s.cohort_id = c.id) f on true
    where c.programme_id = $1 returning id, cohort_id)
insert into study_visit (slot_id, enrolment_id, state, person_goes_on, staff_goes_on, booked_at, marked_at)
select s.id, e.id, case when e.state = 'preliminary' then 'booked' else 'attended' end,
       case when e.state <> 'preliminary' then true end, case when e.state <> 'preliminary' then true end, $2,
       case when e.state <> 'preliminary' then $2 end
from slots s join enrolment e on e.cohort_id = s.cohort_id where e.state <> 'queued'
"""
# Of those that are to start: five have a place, three have steps left, and two wait.
_APPLIED = """
with people as (
    insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, confirmed_at, key_id, language, only_waited)
    select gen_random_uuid(), c.id,
           case when n <= 5 then 'confirmed' when n <= 8 then 'preliminary' else 'queued' end, n, n, $1,
           case when n <= 5 then $1::timestamptz end, gen_random_uuid(), 'sv', n > 8
    from cohort c, generate_series(1, $2::int) n where c.closed_at is null returning id, cohort_id, arrival, state)
insert into seat (cohort_id, maximum, number, enrolment_id)
select cohort_id, 20, arrival, id from people where state <> 'queued'
"""


@dataclass(frozen=True)
class Measured:
    """A decade: how much there is, how long keeping its figures took (s), the statement (ms), and both pages."""

    cohorts: int
    people: int
    marks: int
    kept: float
    statement: float
    pages: dict[str, Figures]
    plan: Sequence[str]

    @property
    def line(self) -> str:
        pages = " | ".join(f"{figures.p50:.1f}" for figures in self.pages.values())
        return f"| {self.cohorts:,} | {self.people:,} | {self.marks:,} | {self.kept:.2f} | {self.statement:.1f} | {pages} |"


async def build(owner: asyncpg.Connection, now: datetime, cohorts: int, starts: int = STARTS) -> None:
    """So many cohorts with their sessions, people and marks, straight into the tables; so many of them are yet to start."""
    ids = {row["section"]: row["id"] for row in await owner.fetch("select id, section from programme")}
    venue = await owner.fetchval("insert into venue (name, address) values ('Bänken', 'Mätgatan 1') returning id")
    await owner.execute(_COHORTS, ids["2.8"], ids["2.1"], venue, local_date(now), now, starts, cohorts)
    await owner.execute(_SESSIONS, now, SESSIONS)
    await owner.execute(_PEOPLE, ids["2.8"], now, PEOPLE)
    await owner.execute(_MARKS, now)
    await owner.execute(_APPLIED, now, PEOPLE)
    await owner.execute(_LEADERS, now, starts)
    await owner.execute(_VISITS, ids["2.8"], now)
    await owner.execute(_HEADS, ids["2.1"], now)
    await owner.execute(
        """insert into unique_participants (cohort_id, women, men, other)
           select id, 6, 5, 1 from cohort where programme_id = $1""",
        ids["2.1"],
    )
    await owner.execute("analyze")


async def keep(owner: asyncpg.Connection) -> float:
    """Write down what all of them came to, as the worker does after an upgrade; how many seconds it takes."""
    ids = [row["id"] for row in await owner.fetch("select id from cohort where state = 'closed'")]
    began = time.perf_counter()
    async with transaction():
        await keep_figures(ids)
    took = time.perf_counter() - began
    await owner.execute("analyze")
    return took


async def measured(owner: asyncpg.Connection, port: int, kept: float, seconds: float, now: datetime) -> Measured:
    """Ask for both pages, one after the other, and for the statement alone."""
    answer = await sign_in(STAFF, PASSWORD, b"k" * 32, now)
    assert isinstance(answer, SignedIn)
    pages = {}
    for name, address in ADDRESSES.items():
        request = get(address, Cookie=f"staff={answer.token}")
        pages[name] = await measure(port, lambda request=request: request, 200, seconds, 1)  # type: ignore[misc]
    period: Period = year_of(local_date(now).year - 1)
    given = arguments(period, (), now)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        await owner.fetch(STATISTICS, *given)
        times.append(time.perf_counter() - began)
    coordinator = Principal(await owner.fetchval("select min(id) from staff"), STAFF, {"coordinator": frozenset()})
    plan = []
    for name, statement, arguments_of in (
        ("the year's statistics", STATISTICS, given),
        ("the cockpit", UNDECIDED_STARTS, all_starts(coordinator, now)),
    ):
        rows = await owner.fetch(f"explain (analyze, costs off, timing off, summary on) {statement}", *arguments_of)
        plan += ["", f"bench: plan of {name}", *(row[0] for row in rows)]
    cohorts, people, marks = [
        await owner.fetchval(f"select count(*) from {table}") for table in ("cohort", "enrolment", "attendance")
    ]
    return Measured(cohorts, people, marks, kept, 1000 * sorted(times)[10], pages, plan)
