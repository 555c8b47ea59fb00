"""People whose groups ended years ago."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx

from programmes.attendance import queries as attendance
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.oversight.retention import queries
from programmes.oversight.retention import services as retention
from programmes.people import records as records_of
from programmes.people.records import PersonRecord
from programmes.retention_commands import Hands
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, an_application
from tests.pools import as_worker

PLAIN = {"Anna Ask": "1985-02-14", "Bo Ek": "1990-07-02"}
# A quarter past two in the night, in summer time.
NIGHT = datetime(2031, 9, 20, 0, 15, tzinfo=UTC)

BORN = {"Anna Ask": "1985-02-15", "Bo Ek": "1990-07-02", "Cia Al": "1990-01-01"}


@dataclass(frozen=True)
class Past:
    """A closed group of documented people: ids of enrolments and of records, in the order of the names."""

    cohort: CohortFacts
    ways: tuple[UUID, ...]
    records: tuple[UUID, ...]


async def a_past(
    owner: asyncpg.Connection,
    keys: KeyFolder,
    now: datetime,
    born: dict[str, str],
    leader: Principal | None = None,
    section: str = "2.8",
) -> Past:
    """A group that is closed, with everybody marked at its first session; by name and birth date (ISO, or empty)."""
    cohort = await a_cohort(section, now, leader)
    ways, records = [], []
    programme = await catalogue.programme(cohort.programme_id)
    for name, day in born.items():
        application = await an_application(cohort, name)
        taken = await enrolment.apply(application, programme, keys, now)
        assert isinstance(taken, enrolment.Taken), taken
        facts = await enrolments.enrolment(taken.enrolment_id)
        assert facts.participant_id
        # A record of an earlier release may be without a birth date.
        async with transaction():
            await records_of.change(PersonRecord(name, day, "", "", ()), False, keys, facts.participant_id, None)
        ways.append(taken.enrolment_id)
        records.append(facts.participant_id)
    session = await owner.fetchval("select min(id) from cohort_session where cohort_id = $1", cohort.cohort_id)
    for number, way in enumerate(ways):
        await owner.execute(
            "insert into attendance (session_id, enrolment_id, mark, marked_at) values ($1, $2, $3, $4)",
            session,
            way,
            "present" if number % 2 == 0 else "excused",
            now,
        )
    await owner.execute(
        "update enrolment set state = 'completed', confirmed_at = $2, ended_at = $2 where cohort_id = $1",
        cohort.cohort_id,
        now,
    )
    await owner.execute("delete from seat where cohort_id = $1", cohort.cohort_id)
    await owner.execute("update cohort set state = 'closed', closed_at = $2 where id = $1", cohort.cohort_id, now)
    return Past(cohort, tuple(ways), tuple(records))


async def alive(owner: asyncpg.Connection) -> set[UUID]:
    """The records that are there."""
    return {row["id"] for row in await owner.fetch("select id from participant")}


async def figures_of(cohort_id: int) -> list[attendance.Figure]:
    return await attendance.figures(cohort_id)


def run_at(hands: Worker, clock: FrozenClock, moment: datetime) -> "asyncio.Future[None]":
    clock.set(moment)
    return asyncio.ensure_future(retention.nightly(hands))


async def last(owner: asyncpg.Connection) -> queries.Run:
    return (await queries.last_runs(1))[0]


async def wake(owner: asyncpg.Connection, at: datetime) -> None:
    """The run of the night before has been, so that the clock is believed."""
    await owner.execute(
        """insert into retention_run (night, by_hand, state, started_at, finished_at) values ($1, true, 'done', $2, $2)""",
        (at - timedelta(days=1)).date(),
        at - timedelta(days=1),
    )


async def text_of(client: httpx.AsyncClient, address: str) -> str:
    """What stands on a page, without its markup."""
    answer = await client.get(address)
    assert answer.status_code == 200, address
    shown = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


async def erase(settings: Settings, keys: KeyFolder, clock: FrozenClock) -> queries.Run:
    """What is due now, as the worker does it."""
    async with as_worker(settings):
        return await retention.run_now(Hands(settings, clock, keys))
