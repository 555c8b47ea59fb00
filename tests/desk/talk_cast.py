"""A series of talks that is booked as it goes on, its leader, and how its pages are read and its forms filled in."""

import re
from datetime import date, time
from html import unescape

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries, talk_services
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.schedule_rules import Pattern
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.enrolment import place_services
from programmes.enrolment import services as enrolment
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader, sign_in_as
from tests.factories import a_cohort


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    """A leader, signed in, who also coordinates in the tests that ask for it."""
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def a_series(
    section: str, clock: FrozenClock, leader: Principal, sessions: int = 0, state: str = "open"
) -> CohortFacts:
    """A series that is booked one talk at a time, with weekly talks to begin with from four weeks ahead."""
    return await a_cohort(
        section, clock.now(), leader, minimum=1, maximum=1, sessions=sessions, state=state, one_at_a_time=True
    )


def said(answer: httpx.Response) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


async def look(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address)
    assert answer.status_code == status, (address, answer.headers.get("location"), answer.text[-600:])
    return said(answer)


def booking(cohort: CohortFacts, **changes: str) -> dict[str, object]:
    """The form for one talk, filled in."""
    usual = {"dag": "2026-10-05", "fran": "13.00", "till": "14.00", "lokal": str(cohort.venue_id)}
    return {**usual, **changes}


async def open_place(taken: enrolment.Taken, clock: FrozenClock) -> str:
    """The token of Min plats, opened anew."""
    token = new_token()
    async with transaction():
        await place_services.open_session(taken.enrolment_id, token, clock.now())
    return token


async def days_of(cohort: CohortFacts) -> list[tuple[int | None, date, str]]:
    return [(s.number, local_date(s.starts_at), s.state) for s in await queries.sessions(cohort.cohort_id)]


async def numbers(owner: asyncpg.Connection, sql: str, *args: object) -> int:
    return int(await owner.fetchval(sql, *args))


async def fill(cohort: CohortFacts, count: int, robin: Principal, clock: FrozenClock) -> None:
    pattern = Pattern(date(2026, 10, 5), frozenset({0}), time(13), time(14))
    planned = await talk_services.plan_talks(cohort, pattern, count, cohort.venue_id, robin, clock.now())
    assert await talk_services.book_talks(
        cohort.cohort_id, pattern, count, cohort.venue_id, planned.digest, robin, clock.now()
    ) == []  # fmt: skip
