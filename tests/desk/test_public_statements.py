"""The public pages ask the database as often for one start as for many."""

import httpx

from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort


async def test_a_programmes_page_needs_no_more_statements_for_more_starts(
    client: httpx.AsyncClient, clock: FrozenClock, queries_log: QueryLog
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"/insatser/{cohort.slug}"
    await client.get(address)
    queries_log.clear()
    await client.get(address)
    one = len(queries_log.statements)
    for _ in range(4):
        await a_cohort("2.8", clock.now())
        await a_cohort("2.1", clock.now())
    queries_log.clear()
    page = await client.get(address)
    assert page.text.count("platser kvar") >= 5
    assert len(queries_log.statements) == one
