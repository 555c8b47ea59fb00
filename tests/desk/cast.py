"""Groups with a past, and everything that a database holds about them."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.calendar.services import participant_feed
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.enrolment import services as enrolment
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock


async def everything(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    tables = await owner.fetch("select table_name from information_schema.tables where table_schema = 'public'")
    found = {}
    for table in tables:
        name = table["table_name"]
        found[name] = [row[0] for row in await owner.fetch(f'select t::text from "{name}" t')]
    return found


def holding(tables: dict[str, list[str]], needle: str) -> set[str]:
    return {name for name, rows in tables.items() if any(needle in row for row in rows)}


async def rows_about(owner: asyncpg.Connection, column: str, values: list[object]) -> dict[str, int]:
    """How many rows of each table have one of the values in a column of this name, or in one that refers to it."""
    columns = await owner.fetch(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'public' and column_name = $1""",
        column,
    )
    found = {}
    for entry in columns:
        name = entry["table_name"]
        n = await owner.fetchval(
            f'select count(*) from "{name}" where {column}::text = any($1::text[])', [str(v) for v in values]
        )
        if n:
            found[name] = n
    return found


async def with_a_past(
    section: str, clock: FrozenClock, keys: KeyFolder, robin: Principal, owner: asyncpg.Connection, sessions: int = 2
) -> tuple[CohortFacts, list[UUID], list[UUID]]:
    """A running cohort whose people have left all kinds of traces, after its last session; people and their keys."""
    cohort, people = await a_running(section, clock, keys, robin, sessions=sessions)
    now = clock.now()
    for person in people[:3]:
        async with transaction():
            await participant_feed(person, keys, now)
    await owner.execute(
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at)
           select gen_random_uuid(), e.id, s.id, 'session_moved', 'sent', $2 from enrolment e
           join cohort_session s on s.cohort_id = e.cohort_id where e.cohort_id = $1""",
        cohort.cohort_id,
        now,
    )
    await owner.execute("insert into notice_attempt (notice_id, failed_at, error) select id, $1, 'Timeout' from notice", now)
    await owner.execute(
        "insert into condition_met (enrolment_id, condition, met_at) select id, 'extra', $1 from enrolment", now
    )
    await owner.execute(
        """with slot as (insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
                         select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5 from cohort where id = $1
                         returning id)
           insert into study_visit (slot_id, enrolment_id, state, booked_at) select slot.id, $3, 'attended', $2 from slot""",
        cohort.cohort_id,
        now,
        people[0],
    )
    await owner.execute(
        "insert into start_decision (cohort_id, decision, confirmed, staff_id, decided_at) values ($1, 'start', 6, $2, $3)",
        cohort.cohort_id,
        robin.staff_id,
        now,
    )
    await enrolment.leave(people[5], keys, now)
    held = [row["key_id"] for row in await owner.fetch("select key_id from enrolment where key_id is not null")]
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    return await cohorts.by_id(cohort.cohort_id), people, held


async def do_everything_first(
    cohort: CohortFacts, section: str, robin: Principal, now: datetime, owner: asyncpg.Connection
) -> None:
    """Every step of the checklist."""
    for session in await session_ids(cohort):
        if section in {"2.1", "2.12"}:
            await attendance.count(session, Count(3, 2, 0), robin, now)
        elif section in {"2.7", "2.8"}:
            people = [
                r["id"] for r in await owner.fetch("select id from enrolment where state = 'confirmed' order by arrival")
            ]
            await attendance.mark(session, dict.fromkeys(people[:4], "present") | {people[4]: "no_show"}, robin, now)
        else:
            await attendance.held(session, robin, now)
    await closing.set_ending(cohort.cohort_id, "completed", robin, now)
    if section in {"2.1", "2.12"}:
        assert await attendance.count_unique(cohort.cohort_id, Count(4, 2, 0), robin, now) is None
    if not cohort.exempt:
        await closing.confirm_transfer(cohort.cohort_id, robin, now)
    if cohort.form == "group":
        await owner.execute(
            """insert into ballot (id, section, cohort_id, state, slips, created_on, closed_on, own_words)
               values (gen_random_uuid(), $2, $1, 'waiting', 5, $3, $3, 'Vi lärde oss mycket.')
               on conflict (cohort_id) do update set state = 'waiting', slips = 5""",
            cohort.cohort_id,
            section,
            now.date(),
        )
