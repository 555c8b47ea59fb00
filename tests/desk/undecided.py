"""A group of which something was held though nobody has decided about it, its people, and what they read."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from programmes.attendance import services as attendance
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import series_services
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.people.records import PersonRecord
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.factories import ADULT, a_cohort, a_coordinator, a_leader, an_application, confirm, post_form


@dataclass
class Group:
    """A group of 2.8 with Robin, a session noted and nobody's decision."""

    cohort: CohortFacts
    ready: list[UUID]
    preliminary: list[UUID]
    queued: list[UUID]
    kim: Principal
    robin: Principal

    @property
    def number(self) -> int:
        return self.cohort.cohort_id

    @property
    def closing(self) -> str:
        return f"/personal/grupper/{self.number}/avsluta"

    @property
    def everybody(self) -> list[UUID]:
        return [*self.ready, *self.preliminary, *self.queued]

    async def end(self, now: datetime) -> None:
        """Its coordinator decides that it ends: what is left of it is cancelled."""
        await series_services.cancel_rest(self.number, str(self.cohort.sessions - 1), self.kim, now)


async def a_group(
    clock: FrozenClock, keys: KeyFolder, ready: int, preliminary: int, queued: int, sessions: int = 4
) -> Group:
    """Its maximum is what is taken, so that the others wait; each has an address. The first session has been noted."""
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    most = ready + preliminary
    cohort = await a_cohort("2.8", clock.now(), robin, minimum=min(5, most), maximum=most, sessions=sessions)
    taken = [await with_address(cohort, n, clock, keys) for n in range(ready + preliminary + queued)]
    for one in taken[:ready]:
        await confirm(one, clock.now())
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(hours=3))
    first = (await session_ids(cohort))[0]
    await attendance.mark(first, dict.fromkeys(taken[:ready], "present"), robin, clock.now())
    return Group(cohort, taken[:ready], taken[ready : ready + preliminary], taken[ready + preliminary :], kim, robin)


async def with_address(cohort: CohortFacts, n: int, clock: FrozenClock, keys: KeyFolder) -> UUID:
    record = PersonRecord(f"P{n}", ADULT.isoformat(), "", f"p{n}@example.invalid", ("email",))
    application = replace(await an_application(cohort, f"P{n}", today=local_date(clock.now())), record=record)
    taken = await enrolment.apply(application, await catalogue.programme(cohort.programme_id), keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    return taken.enrolment_id


async def words(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, (address, answer.headers.get("location"))
    return re.sub(r"\s+", " ", answer.text)


async def min_plats(client: httpx.AsyncClient, one: UUID, keys: KeyFolder) -> str:
    code = place_services.unseal(await enrolments.enrolment(one), keys).code
    await post_form(client, "/min-plats", {"kod": code}, "/min-plats?byt")
    return await words(client, "/min-plats")


async def state_of(one: UUID) -> str:
    return (await enrolments.enrolment(one)).state
