"""Groups that are running, with people who have their places."""

from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.factories import a_cohort, confirm, somebody

NAMES = ("Al", "Bok", "En", "Oxel", "Hägg", "Pil")


async def a_running(
    section: str, clock: FrozenClock, keys: KeyFolder, leader: Principal, names: tuple[str, ...] = NAMES, sessions: int = 4
) -> tuple[CohortFacts, list[UUID]]:
    """A started cohort with confirmed people, who were told. Its first session begins, on the clock, just now."""
    cohort = await a_cohort(section, clock.now(), leader, minimum=1, sessions=sessions)
    people = []
    for name in names:
        taken = await somebody(cohort, keys, clock.now(), name)
        await confirm(taken.enrolment_id, clock.now())
        people.append(taken.enrolment_id)
    async with transaction():
        await execute("update cohort set state = 'started', started_at = $2 where id = $1", cohort.cohort_id, clock.now())
        await execute("delete from pgqueuer")
    assert cohort.first_start
    clock.set(cohort.first_start)
    return await cohorts.by_id(cohort.cohort_id), people


async def session_ids(cohort: CohortFacts) -> list[int]:
    """The sessions of a cohort in order."""
    return [session.session_id for session in await cohorts.sessions(cohort.cohort_id)]
