"""Groups with their slips in their hands."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.evaluation import services
from programmes.evaluation.keys import BallotKeys
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, confirm, somebody

GLAD: Mapping[str, object] = {"participation": 4, "safety": 5, "satisfaction": 5, "respect": 5, "good": "Att få höra andra"}


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


@pytest.fixture
def ballot_keys(settings: Settings) -> BallotKeys:
    return BallotKeys(settings.ballot_key_folder, settings.key_folder)


class Groups:
    """Makes groups of people who have started, with their slips in their hands."""

    def __init__(self, keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker, leader: Principal) -> None:
        self.keys, self.clock, self.worker, self.leader = keys, clock, the_worker, leader

    async def started(self, people: int, section: str = "2.1", sessions: int = 10) -> CohortFacts:
        now = self.clock.now()
        cohort = await a_cohort(section, now, self.leader, minimum=1, maximum=12, sessions=sessions)
        for number in range(people):
            taken = await somebody(cohort, self.keys, now, f"Deltagare {number}")
            await confirm(taken.enrolment_id, now)
        async with transaction():
            await execute("update cohort set state = 'started' where id = $1", cohort.cohort_id)
        return cohort

    async def talks(self, places: int, section: str, now: datetime | None = None) -> None:
        """Something of an individual form, with so many places this half-year."""
        await a_cohort(section, now or self.clock.now(), self.leader, minimum=1, maximum=places, sessions=2)

    async def with_slips(self, people: int, section: str = "2.1", sessions: int = 10) -> tuple[CohortFacts, list[str]]:
        cohort = await self.started(people, section, sessions)
        slips = await services.print_slips(cohort.cohort_id, self.leader, self.clock.now())
        assert isinstance(slips, list)
        await worker.drain(self.worker)
        return cohort, slips

    async def closed(
        self,
        answers: int,
        people: int | None = None,
        section: str = "2.1",
        given: Mapping[str, object] = GLAD,
        words: str = "",
    ) -> CohortFacts:
        cohort, slips = await self.with_slips(people or answers, section)
        for code in slips[:answers]:
            assert await services.cast(code, given, self.worker.settings.key_folder)
        if words:
            assert await services.own_words(cohort.cohort_id, words, self.leader, self.clock.now()) is None
        await services.close(cohort.cohort_id, self.leader, self.clock.now())
        await worker.drain(self.worker)
        return cohort


@pytest.fixture
def groups(keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker, robin: Principal) -> Groups:
    return Groups(keys, clock, the_worker, robin)
