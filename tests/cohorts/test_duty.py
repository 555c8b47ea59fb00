"""Who stands at which session: it follows from sessions and staff whoever writes them, and nobody stands at two at once."""

import asyncio
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from programmes.cohorts import queries
from programmes.cohorts.office_services import let_in, take_out
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.session_services import cancel_session, move_session
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.piccolo_migrations import programmes_2026_11_28t21_20_01_000001 as migration
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader
from tests.factories import a_cohort

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# What duty has to be, said once more: whoever works at every session until a day, and what was given.
_DUE = """
select s.id, w.staff_id, s.starts_at, s.ends_at, s.state = 'cancelled' as cancelled
from cohort_session s join cohort_staff w on w.cohort_id = s.cohort_id
where (w.until is null or w.until >= (s.starts_at at time zone 'Europe/Stockholm')::date)
  and (w.every_session or exists (
       select from session_duty g where g.session_id = s.id and g.staff_id = w.staff_id and g.given))
order by 1, 2
"""
_DUTY = "select session_id as id, staff_id, starts_at, ends_at, cancelled from session_duty order by 1, 2"


async def in_step(owner: asyncpg.Connection) -> int:
    """Duty is what it has to be; how many rows it has."""
    found = await owner.fetch(_DUTY)
    assert found == await owner.fetch(_DUE)
    return len(found)


async def move(cohort: CohortFacts, number: int, by: timedelta, who: Principal, now: datetime, **more: bool) -> list[str]:
    session = [s for s in await queries.sessions(cohort.cohort_id) if s.number][number - 1]
    starts, ends = session.starts_at + by, session.ends_at + by
    found = await move_session(session.session_id, starts, ends, session.venue_id, who, now, **more)
    return [reason.code for reason in found]


async def test_duty_follows_every_change_of_sessions_and_of_who_works_there(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim, robin, love = await a_coordinator(clock.now()), await a_leader(clock.now()), await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.8", clock.now(), robin, state="started")
    sessions = await queries.sessions(cohort.cohort_id)
    assert await in_step(owner) == 10
    third = local_date(sessions[2].starts_at)
    assert await let_in(cohort.cohort_id, love.staff_id, third, kim, clock.now()) == []
    assert await in_step(owner) == 13
    # A session that moves beyond a substitute's last day is no longer theirs, and one that moves before it is.
    assert await move(cohort, 3, DAY, robin, clock.now()) == []
    assert await in_step(owner) == 12
    assert await move(cohort, 4, -8 * DAY, robin, clock.now(), meant=True) == []
    assert await in_step(owner) == 13
    assert await cancel_session(sessions[5].session_id, True, robin, clock.now()) == []
    assert (await in_step(owner), await owner.fetchval("select count(*) from session_duty where cancelled")) == (14, 1)
    assert await let_in(cohort.cohort_id, love.staff_id, None, kim, clock.now()) == []
    assert await in_step(owner) == 22
    assert await take_out(cohort.cohort_id, robin.staff_id, kim, clock.now()) == []
    assert await in_step(owner) == 11
    # Also when nobody asks a service: sessions that change places with each other in one statement do not clash.
    one, two = sessions[0], sessions[1]
    await owner.execute(
        """update cohort_session s set starts_at = o.starts_at, ends_at = o.ends_at from cohort_session o
           where s.id = any($1::int[]) and o.id = any($1::int[]) and o.id <> s.id""",
        [one.session_id, two.session_id],
    )
    assert await in_step(owner) == 11
    # Without the trigger it drifts.
    await owner.execute("alter table cohort_session disable trigger settle_duty_update")
    try:
        await owner.execute("update cohort_session set ends_at = ends_at + interval '1 hour'")
        with pytest.raises(AssertionError):
            await in_step(owner)
    finally:
        await owner.execute("alter table cohort_session enable trigger settle_duty_update")


async def test_one_session_only_and_one_that_somebody_does_not_come_to(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.8", clock.now(), robin, state="started")
    ill, day = (await queries.sessions(cohort.cohort_id))[1], timedelta(days=1)
    async with owner.transaction():
        await owner.execute(
            """insert into cohort_staff (cohort_id, staff_id, role, until, every_session)
               values ($1, $2, 'substitute', $3, false)""",
            cohort.cohort_id,
            love.staff_id,
            local_date(ill.starts_at),
        )
        await owner.execute(
            """insert into session_duty (session_id, staff_id, starts_at, ends_at, given)
               values ($1, $2, $3, $4, true)""",
            ill.session_id,
            love.staff_id,
            ill.starts_at,
            ill.ends_at,
        )
        await owner.execute("update session_duty set away = true where session_id = $1 and staff_id = $2",
                            ill.session_id, robin.staff_id)  # fmt: skip
    await owner.execute(
        """insert into substitute_request (session_id, absent_id, asked_id, asked_by, asked_at, answer_by, for_start, state,
               ended_at) values ($1, $2, $3, $2, $4, $4, $5, 'yes', $4)""",
        *(ill.session_id, robin.staff_id, love.staff_id, clock.now(), ill.starts_at),
    )
    assert await in_step(owner) == 11
    today = local_date(clock.now())

    async def shown(who: Principal) -> set[int]:
        found = await queries.sessions_between(who, today, clock.now(), clock.now() + 52 * WEEK)
        return {session.session_id for _cohort, session in found}

    assert (await shown(love), ill.session_id in await shown(robin), len(await shown(robin))) == ({ill.session_id}, False, 9)
    # Who does not come can be elsewhere, and is asked again about another day; who stands in is asked about that day only.
    elsewhere = await a_cohort("2.7", clock.now(), love, sessions=1, first_in=timedelta(days=60), state="started")
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", elsewhere.cohort_id, robin.staff_id
    )
    by = ill.starts_at - (await queries.sessions(elsewhere.cohort_id))[0].starts_at
    assert await move(elsewhere, 1, by, love, clock.now()) == ["leader_taken"]
    assert await move(elsewhere, 1, by + timedelta(hours=3), love, clock.now()) == []
    assert await move(cohort, 2, timedelta(hours=1), robin, clock.now()) == []
    assert ill.session_id in await shown(love)
    assert await move(cohort, 2, day, robin, clock.now()) == []
    assert ill.session_id in await shown(robin)
    assert await shown(love) == {(await queries.sessions(elsewhere.cohort_id))[0].session_id}
    await in_step(owner)


async def test_two_who_take_a_leader_at_once_do_not_both_get_them(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    one = await a_cohort("2.8", clock.now(), robin, state="started")
    other = await a_cohort("2.7", clock.now(), robin, state="started", first_in=timedelta(days=29))
    onto = timedelta(days=2)
    meet = """select count(*) from session_duty a join session_duty b on b.staff_id = a.staff_id and b.id > a.id
              and a.starts_at < b.ends_at and b.starts_at < a.ends_at and not a.cancelled and not b.cancelled"""
    before = await owner.fetch("select id, starts_at, ends_at from cohort_session")

    async def both() -> list[object]:
        moves = (move(one, 1, onto, kim, clock.now()), move(other, 1, onto - DAY, kim, clock.now()))
        found: list[object] = list(await asyncio.gather(*moves, return_exceptions=True))
        return found

    async def back() -> None:
        await owner.executemany(
            "update cohort_session set starts_at = $2, ends_at = $3 where id = $1", [tuple(row) for row in before]
        )

    said: list[str] = []
    for _ in range(5):
        found = await both()
        assert await owner.fetchval(meet) == 0, found
        said += [answer.code if isinstance(answer, Conflict) else str(answer) for answer in found]
        await back()
    assert said.count("[]") == 5
    assert set(said) <= {"[]", "leader_taken", "['leader_taken']"}
    # The control: without the constraint both are told that it is done.
    definition = await owner.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'one_place_at_a_time'"
    )
    # A constraint of the same name that refuses nothing, since services speak of it by name.
    await owner.execute("alter table session_duty drop constraint one_place_at_a_time")
    await owner.execute(
        "alter table session_duty add constraint one_place_at_a_time unique (id, session_id) deferrable initially immediate"
    )
    try:
        doubled = 0
        for _ in range(20):
            await both()
            doubled = max(doubled, await owner.fetchval(meet))
            await back()
        assert doubled == 1
    finally:
        await owner.execute("alter table session_duty drop constraint one_place_at_a_time")
        await owner.execute(f"alter table session_duty add constraint one_place_at_a_time {definition}")


async def test_what_was_doubled_before_the_migration_stands_as_meant(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    first = await a_cohort("2.8", clock.now(), robin)
    second = await a_cohort("2.7", clock.now(), robin)
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', $3)",
        first.cohort_id,
        love.staff_id,
        date(2026, 10, 14),
    )
    before = await owner.fetch("select session_id, staff_id, starts_at, ends_at, cancelled from session_duty order by 1, 2")
    doubled = [session.starts_at for session in await queries.sessions(second.cohort_id)]
    transaction = owner.transaction()
    await transaction.start()
    try:
        # Of a later migration, which goes back before this one.
        await owner.execute("alter table session_duty disable trigger kept_duty")
        for statement in (*migration.BACKWARDS, *migration.FORWARDS):
            await owner.execute(statement)
        again = await owner.fetch(
            "select session_id, staff_id, starts_at, ends_at, cancelled from session_duty order by 1, 2"
        )
        assert (again, len(again)) == (before, 23)
        # One of each two, whichever comes first.
        meant = await owner.fetch("select starts_at from session_duty where meant order by 1")
        assert [row["starts_at"] for row in meant] == doubled
    finally:
        await transaction.rollback()


async def test_who_is_to_stand_there_by_their_place_in_the_group_can_not_be_deleted_from_a_session(
    db: None, clock: FrozenClock
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    one = await a_cohort("2.8", clock.now(), robin, state="started")
    other = await a_cohort("2.7", clock.now(), robin, state="started", first_in=timedelta(days=29))
    mine = (await queries.sessions(one.cohort_id))[0]
    async with transaction():
        await execute("delete from session_duty where session_id = $1", mine.session_id)
    assert await fetchval("select count(*) from session_duty where session_id = $1", mine.session_id) == 1
    assert await move(other, 1, -DAY, kim, clock.now()) == ["leader_taken"]


async def test_of_two_with_one_name_only_the_one_who_is_elsewhere_may_be_at_two_places(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim, robin = await a_coordinator(clock.now()), await a_leader(clock.now())
    namesake = await a_leader(clock.now(), "robin2")
    await owner.execute("update staff set display_name = 'Robin' where username = 'robin2'")
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=2)
    assert await let_in(cohort.cohort_id, namesake.staff_id, None, kim, clock.now()) == []
    await a_cohort("2.6", clock.now(), robin, sessions=1, first_in=timedelta(days=30))
    assert await move(cohort, 1, 2 * DAY, kim, clock.now()) == ["leader_taken"]
    assert await move(cohort, 1, 2 * DAY, kim, clock.now(), meant=True) == []
    rows = await owner.fetch(
        """select d.staff_id from session_duty d join cohort_session s on s.id = d.session_id
           where s.cohort_id = $1 and d.meant""",
        cohort.cohort_id,
    )
    assert [row["staff_id"] for row in rows] == [robin.staff_id]
