"""The worker with its own rights, for what it does in the night."""

from collections.abc import AsyncIterator

import pytest

from programmes.settings import Settings
from programmes.worker import Worker
from tests.oversight.retention_cast import as_worker


@pytest.fixture
async def hands(the_worker: Worker, settings: Settings) -> AsyncIterator[Worker]:
    """The worker with its own rights in the database."""
    async with as_worker(settings):
        yield the_worker
