"""The worker with its own rights, for what it does in the night."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_coordinator, a_leader, a_staff_member
from tests.oversight.retention_cast import BORN, NIGHT, Past, a_past, as_worker


@pytest.fixture
async def hands(the_worker: Worker, settings: Settings) -> AsyncIterator[Worker]:
    """The worker with its own rights in the database."""
    async with as_worker(settings):
        yield the_worker


@pytest.fixture
async def past(client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> Past:
    """A group of five years ago, the night in which its records are due, and everybody who has to do with them."""
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await a_coordinator(clock.now(), "mia", "2.7")
    await a_staff_member("sasha", "manager", clock.now())
    found = await a_past(owner, keys, clock.now(), BORN, robin)
    clock.set(NIGHT)
    await owner.execute("insert into audit_entry (at, action, subject) values ($1, 'cohort:open', 'cohort/1')", NIGHT)
    return found
