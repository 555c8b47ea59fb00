"""What an application costs the database, from the button to the answer."""

import httpx
import pytest

from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.enrolment.test_tabs import tab, taken
from tests.factories import a_cohort, somebody

MOST = 12


@pytest.mark.parametrize("held", [True, False], ids=["held", "queued"])
@pytest.mark.parametrize("section", ["2.1", "2.3", "2.8", "2.17"])
async def test_an_application_over_http_is_at_most_twelve_statements(
    db: None,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    queries_log: QueryLog,
    section: str,
    held: bool,
) -> None:
    cohort = await a_cohort(section, clock.now(), maximum=5, sessions=4)
    for number in range(0 if held else 5):
        await somebody(cohort, keys, clock.now(), f"P{number}")
    address = f"/anmalan/{cohort.public_id}"
    form = await tab(client, address)
    queries_log.clear()
    assert (await client.post(address, data=form)).status_code == 303
    assert len(queries_log.statements) <= MOST, queries_log.statements
    assert await taken(cohort, clock) == (1 if held else 5)
