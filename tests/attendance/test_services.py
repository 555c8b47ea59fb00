"""Noting attendance on a real database: once is enough, again changes nothing, and only what the section allows."""

import asyncio
import uuid

import asyncpg
import pytest

from programmes.attendance import queries, services
from programmes.attendance.rules import Count, Mark, Refused
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import a_coordinator, a_leader


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


def present(people: list[uuid.UUID]) -> dict[uuid.UUID, Mark]:
    return dict.fromkeys(people, "present")


async def trail(owner: asyncpg.Connection) -> list[str]:
    rows = await owner.fetch("select action from audit_entry where action like 'attendance:%' order by id")
    return [row["action"] for row in rows]


async def test_marks_are_kept_and_the_session_becomes_held(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    marks = present(people) | {people[2]: "excused", people[4]: "no_show"}
    assert await services.mark(first, marks, robin, clock.now()) is None
    assert {entry.enrolment_id: entry.mark for entry in await queries.roll(first)} == marks
    assert await owner.fetchval("select state from cohort_session where id = $1", first) == "held"
    assert (await queries.noted([first]))[first] == queries.Noted(marked=6, missing=0)
    assert await trail(owner) == ["attendance:note"]


async def test_sent_again_nothing_is_doubled_and_nothing_is_touched(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    await services.mark(first, present(people), robin, clock.now())
    before = await owner.fetch("select * from attendance order by id")
    clock.advance(minutes=3)
    await asyncio.gather(*(services.mark(first, present(people), robin, clock.now()) for _ in range(4)))
    assert await owner.fetch("select * from attendance order by id") == before
    assert await trail(owner) == ["attendance:note"]


async def test_the_last_of_two_tabs_counts_person_by_person(robin: Principal, clock: FrozenClock, keys: KeyFolder) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    await services.mark(first, present(people[:3]), robin, clock.now())
    await services.mark(first, {people[0]: "no_show", people[3]: "excused"}, robin, clock.now())
    found = {entry.enrolment_id: entry.mark for entry in await queries.roll(first)}
    assert [found[person] for person in people] == ["no_show", "present", "present", "excused", None, None]
    assert (await queries.noted([first]))[first] == queries.Noted(marked=4, missing=2)


async def test_a_session_of_another_cohort_does_not_exist(robin: Principal, clock: FrozenClock, keys: KeyFolder) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    stranger = await a_leader(clock.now(), "love")
    with pytest.raises(NotFound):
        await services.mark(first, present(people), stranger, clock.now())
    elsewhere = await a_coordinator(clock.now(), "sam", section="2.8")
    with pytest.raises(NotFound):
        await services.mark(first, present(people), elsewhere, clock.now())
    assert await services.mark(first, present(people), await a_coordinator(clock.now()), clock.now()) is None


async def test_somebody_of_another_cohort_among_the_marks_stops_everything(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    _, theirs = await a_running("2.8", clock, keys, robin, ("Lind",))
    clock.advance(days=1)
    first, *_ = await session_ids(cohort)
    with pytest.raises(NotFound):
        await services.mark(first, present([*people, *theirs]), robin, clock.now())
    with pytest.raises(NotFound):
        await services.mark(first, present([uuid.uuid4()]), robin, clock.now())
    assert await fetchval("select count(*) from attendance") == 0


async def test_who_left_before_the_session_is_passed_over_and_who_left_after_it_stays_on_the_roll(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, second, *_ = await session_ids(cohort)
    clock.advance(days=3)
    async with transaction():
        await execute("update enrolment set state = 'dropped_out', ended_at = $2 where id = $1", people[0], clock.now())
    clock.advance(days=4)
    assert await services.mark(first, present(people), robin, clock.now()) is None
    assert await services.mark(second, present(people), robin, clock.now()) is None
    assert people[0] in {entry.enrolment_id for entry in await queries.roll(first)}
    assert people[0] not in {entry.enrolment_id for entry in await queries.roll(second)}
    assert await fetchval("select count(*) from attendance where enrolment_id = $1", people[0]) == 1


async def test_who_came_later_is_not_missing_from_what_was_before(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.17", clock, keys, robin)
    first, second, *_ = await session_ids(cohort)
    clock.advance(days=7)
    async with transaction():
        await execute("update enrolment set confirmed_at = $2 where id = $1", people[5], clock.now())
    for session in (first, second):
        await services.mark(session, present(people[:5]), robin, clock.now())
    assert (await queries.noted([first]))[first].missing == 0
    assert (await queries.noted([second]))[second].missing == 1


async def test_a_future_a_cancelled_and_a_closed_session_are_refused(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, second, *_ = await session_ids(cohort)
    assert await services.mark(second, present(people), robin, clock.now()) == Refused(("future",))
    async with transaction():
        await execute("update cohort_session set state = 'cancelled', number = null where id = $1", first)
    assert await services.mark(first, present(people), robin, clock.now()) == Refused(("cancelled",))
    async with transaction():
        await execute("update cohort set state = 'closed' where id = $1", cohort.cohort_id)
    assert await services.mark(first, present(people), robin, clock.now()) == Refused(("closed", "cancelled"))
    assert await fetchval("select count(*) from attendance") == 0


async def test_heads_are_counted_once_and_can_be_corrected(robin: Principal, clock: FrozenClock, keys: KeyFolder) -> None:
    cohort, _ = await a_running("2.12", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    for counted in (Count(6, 3, 0), Count(6, 3, 0), Count(6, 4, 1)):
        assert await services.count(first, counted, robin, clock.now()) is None
    assert [entry.count for entry in await queries.counts(cohort.cohort_id)] == [Count(6, 4, 1)]


async def test_a_childrens_group_leaves_no_count_anywhere(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people = await a_running("2.16", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    assert await services.held(first, robin, clock.now()) is None
    assert await services.held(first, robin, clock.now()) is None
    assert await services.count(first, Count(3, 3, 0), robin, clock.now()) == Refused(("other_kind",))
    assert await services.mark(first, present(people), robin, clock.now()) == Refused(("other_kind",))
    assert await owner.fetchval("select state from cohort_session where id = $1", first) == "held"
    assert await owner.fetchval("select count(*) from attendance") == 0
    assert await owner.fetchval("select count(*) from head_count") == 0
    assert await trail(owner) == ["attendance:note"]
    assert await owner.fetchval("select subject from audit_entry where action = 'attendance:note'") == f"session/{first}"


async def test_a_head_count_is_refused_where_people_are_documented(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    assert await services.count(first, Count(3, 3, 0), robin, clock.now()) == Refused(("other_kind",))


async def test_different_people_are_within_the_bounds_of_the_sessions(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.1", clock, keys, robin)
    first, second, *_ = await session_ids(cohort)
    clock.advance(days=8)
    await services.count(first, Count(5, 3, 0), robin, clock.now())
    await services.count(second, Count(4, 1, 0), robin, clock.now())
    too_few = await services.count_unique(cohort.cohort_id, Count(4, 3, 0), robin, clock.now())
    too_many = await services.count_unique(cohort.cohort_id, Count(9, 5, 0), robin, clock.now())
    assert too_few
    assert too_many
    assert too_few.bounds == too_many.bounds
    assert (too_few.bounds.least, too_few.bounds.most) == (8, 13)
    assert too_few.broken[0] == too_many.broken[0] == "total"
    assert await services.count_unique(cohort.cohort_id, Count(6, 3, 0), robin, clock.now()) is None
    assert await services.count_unique(cohort.cohort_id, Count(5, 3, 0), robin, clock.now()) is None
    assert await queries.unique_participants(cohort.cohort_id) == Count(5, 3, 0)


async def test_only_a_cohort_whose_heads_are_counted_has_different_people(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.16", clock, keys, robin)
    with pytest.raises(NotFound):
        await services.count_unique(cohort.cohort_id, Count(0, 0, 0), robin, clock.now())


async def test_a_preliminary_place_can_be_marked_but_is_not_waited_for(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin, ("Al", "Bok"))
    first, *_ = await session_ids(cohort)
    async with transaction():
        await execute("update enrolment set state = 'preliminary', confirmed_at = null where id = $1", people[1])
    assert await services.mark(first, present(people[:1]), robin, clock.now()) is None
    assert (await queries.noted([first]))[first] == queries.Noted(marked=1, missing=0)
    assert await services.mark(first, present(people), robin, clock.now()) is None
    assert (await queries.noted([first]))[first] == queries.Noted(marked=2, missing=0)
