"""A class that answers at once, and the box that is closed after it, beside the sealing and opening alone."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import httpx

from programmes.core.clock import local_date
from programmes.core.db import close_pool, open_pool
from programmes.core.principal import Principal
from programmes.evaluation import counting, keys, rules, services
from programmes.settings import Settings

CLASS, CLASSES = 30, 5
_GIVEN = {"participation": 4, "safety": 5, "satisfaction": 4, "respect": 5, "good": "Att få höra andra. " * 20}
_STARTED = """
with made as (
  insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                      last_entry_session, arrivals, created_at, started_at)
  select 'benchballot' || n, (select id from programme where section = '2.1'), 'Klass ' || n, 'started', $1, 5, 200, $2, $2,
         1, $3, $4, $4 from generate_series(1, $5::int) n returning id
), people as (
  insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, confirmed_at, language, only_waited)
  select gen_random_uuid(), made.id, 'confirmed', n, n, $4, $4, 'sv', false from made, generate_series(1, $3::int) n
) select id from made order by id
"""


@dataclass(frozen=True)
class _Class:
    ballot_id: UUID
    codes: Sequence[str]


async def classes(settings: Settings, owner: asyncpg.Connection, now: datetime) -> list[_Class]:
    """Groups of `CLASS` people that have started, with their slips and an open box."""
    venue = await owner.fetchval("insert into venue (name, address) values ('Lådan', 'Mätgatan 2') returning id")
    rows = await owner.fetch(_STARTED, venue, local_date(now), CLASS, now, CLASSES)
    staff_id = await owner.fetchval("select min(id) from staff")
    principal = Principal(staff_id, "Bänk", {"coordinator": frozenset()})
    await open_pool(settings.web_database_url, 2)
    found = []
    for row in rows:
        printed = await services.print_slips(row["id"], principal, now)
        assert isinstance(printed, list)
        ballot_id = await owner.fetchval("select id from ballot where cohort_id = $1", row["id"])
        found.append(_Class(ballot_id, printed))
    await close_pool()
    await open_pool(settings.worker_database_url, 2)
    for one in found:
        await counting.prepare(one.ballot_id, _keys(settings))
    await close_pool()
    return found


def _keys(settings: Settings) -> keys.BallotKeys:
    return keys.BallotKeys(settings.ballot_key_folder, settings.key_folder)


async def measured(settings: Settings, found: Sequence[_Class], port: int, now: datetime) -> list[str]:
    """The lines of a table: the slowest class and the slowest closing, with what the cryptography alone takes."""
    casting = [await _cast_all(one, port) for one in found]
    await open_pool(settings.worker_database_url, 2)
    closing = [await _close(settings, one, now) for one in found]
    await close_pool()
    sealing, opening = _alone(settings, now)
    return [
        "| what | slowest, s | mean, s | the cryptography alone, s |",
        "|---|--:|--:|--:|",
        f"| {CLASS} people answer at once, two requests each | {max(casting):.2f} | {_mean(casting):.2f} | {sealing:.3f} |",
        f"| a box of {CLASS} answers is closed and counted | {max(closing):.2f} | {_mean(closing):.2f} | {opening:.3f} |",
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


async def _cast_all(one: _Class, port: int) -> float:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as browser:

        async def cast(code: str) -> None:
            shown = await browser.post("/u", data={"kod": code})
            assert shown.status_code == 200, shown.status_code
            sent = {"steg": "svar", "kod": code, **{name: str(value) for name, value in _GIVEN.items()}}
            assert (await browser.post("/u", data=sent)).status_code == 303

        start = time.perf_counter()
        await asyncio.gather(*map(cast, one.codes))
        return time.perf_counter() - start


async def _close(settings: Settings, one: _Class, now: datetime) -> float:
    start = time.perf_counter()
    await services.close_ballot(one.ballot_id, "section/2.1", None, now)
    await counting.count(one.ballot_id, _keys(settings), now)
    return time.perf_counter() - start


def _alone(settings: Settings, now: datetime) -> tuple[float, float]:
    """Sealing and opening `CLASS` answers, and nothing else."""
    ballot_id, plain, folder = UUID(int=1), rules.padded(rules.answers(_GIVEN)), _keys(settings)
    folder.create(ballot_id)
    start = time.perf_counter()
    sealed = [keys.seal(settings.key_folder, ballot_id, plain) for _ in range(CLASS)]
    between = time.perf_counter()
    assert all(folder.open(ballot_id, blob) == plain for blob in sealed)
    end = time.perf_counter()
    folder.destroy(ballot_id, "bench", now)
    return between - start, end - between
