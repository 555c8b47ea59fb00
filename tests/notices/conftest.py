"""A mail server, a folder for mail and a group for the tests of messages."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from tests.clock import FrozenClock
from tests.factories import a_cohort
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail
from tests.notices.peer import Peer


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A real SMTP peer on a free port."""
    found = Peer()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A real gateway for text messages on a free port."""
    found = Gateway()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
def mail(the_worker: worker.Worker, tmp_path: Path) -> Mail:
    folder = tmp_path / "mail"
    return Mail(replace(the_worker, settings=replace(the_worker.settings, mail_url=f"folder://{folder}")), folder)


@pytest.fixture
async def cohort(db: None, clock: FrozenClock) -> CohortFacts:
    return await a_cohort("2.1", clock.now(), minimum=1, maximum=2, sessions=3)
