"""A list that is erased while its people are being told: one comes after the other, and nothing of it stays in the queue."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, transaction
from programmes.core.jobs import put
from programmes.core.sealing import KeyFolder
from programmes.enrolment.leaving.closing_services import erase_cohort
from programmes.enrolment.queries import EnrolmentFacts
from programmes.notices import services
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody


@pytest.fixture
async def people(db: None, clock: FrozenClock, keys: KeyFolder) -> tuple[CohortFacts, list[UUID]]:
    """Six with seats in another order than that of their rows."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=10, sessions=3)
    made = [(await somebody(cohort, keys, clock.now(), contact="a@example.invalid")).enrolment_id for _ in range(6)]
    async with transaction():
        for number in (1, 2, 3, 4):
            await execute(
                "update seat set number = 11 - number where cohort_id = $1 and number = $2", cohort.cohort_id, number
            )
        await execute("delete from pgqueuer")
    return cohort, made


async def erase(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> None:
    async with transaction():
        await cohorts.locked(cohort.cohort_id)
        await erase_cohort(cohort.cohort_id, keys, "closed", clock.now())


async def test_telling_and_erasing_at_once_do_not_lock_each_other_out(
    people: tuple[CohortFacts, list[UUID]],
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort, _ = people
    note, begun = services.note, asyncio.Event()

    async def slowly(event: services.Event, facts: EnrolmentFacts, keys: KeyFolder, now: object) -> bool:
        made = await note(event, facts, keys, clock.now())
        begun.set()
        await asyncio.sleep(0.03)
        return made

    async def erase_meanwhile() -> None:
        await begun.wait()
        await erase(cohort, keys, clock)

    monkeypatch.setattr(services, "note", slowly)
    await asyncio.gather(services.tell_cohort("cohort_cancelled", cohort.cohort_id, keys, clock.now()), erase_meanwhile())
    assert await owner.fetchval("select count(*) from enrolment") == 0
    assert await owner.fetchval("select count(*) from notice") == 0


async def test_whoever_was_erased_first_is_told_nothing_and_leaves_no_id(
    people: tuple[CohortFacts, list[UUID]],
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort, made = people
    session = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    async with transaction():
        for enrolment_id in made:
            await put("place_confirmed", {"enrolment": str(enrolment_id)})
        await put("session_moved", {"session": session})
        await put("cohort_cancelled", {"cohort": cohort.cohort_id})
    await erase(cohort, keys, clock)
    await owner.execute("delete from cohort where id = $1", cohort.cohort_id)
    await worker.drain(the_worker)
    for table in ("pgqueuer", "pgqueuer_log", "pgqueuer_statistics", "notice"):
        assert await owner.fetchval(f"select count(*) from {table}") == 0, table


async def test_the_audience_is_read_after_whoever_erases_has_finished(
    people: tuple[CohortFacts, list[UUID]], keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, made = people
    locked = asyncio.Event()

    async def erase_slowly() -> None:
        async with transaction():
            await cohorts.locked(cohort.cohort_id)
            await erase_cohort(cohort.cohort_id, keys, "closed", clock.now())
            locked.set()
            await asyncio.sleep(0.1)

    async def tell() -> None:
        await locked.wait()
        await asyncio.gather(
            services.tell_cohort("cohort_started", cohort.cohort_id, keys, clock.now()),
            services.tell_one("place_held", made[0], keys, clock.now()),
        )

    await asyncio.gather(erase_slowly(), tell())
    assert await owner.fetchval("select count(*) from notice") == 0
