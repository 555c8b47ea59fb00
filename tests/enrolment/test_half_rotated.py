"""While the key of the hashes is rotated one person's records lie under two keys, and are one person's all the same."""

from uuid import UUID

import httpx
import pytest

from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.records import details_services
from programmes.people import records
from programmes.people.rotation_services import search
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody

NUMBER = "199001189811"


class Killed(Exception):
    """The command is broken off."""


async def broken_off(_: float) -> None:
    raise Killed


@pytest.mark.parametrize("moved", [(), (0,), (1,)], ids=["in its first minute", "the first is moved", "the second is moved"])
async def test_protection_and_an_extract_reach_every_record_of_a_person(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, moved: tuple[int, ...]
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    groups = [await a_cohort(section, clock.now()) for section in ("2.8", "2.7", "2.8")]
    people = [(await somebody(cohort, keys, clock.now(), "Anna Ask")).enrolment_id for cohort in groups]

    async def correct(which: int, number: str, protected: bool = False) -> None:
        right = records.PersonRecord("Anna Ask", "1990-01-18", number, "anna@example.invalid", ("email",))
        await details_services.correct(people[which], right, protected, kim.staff_id, keys, clock.now())

    async def facts(which: int) -> queries.EnrolmentFacts:
        return await queries.enrolment(people[which])

    async def person(which: int) -> UUID:
        found = (await facts(which)).participant_id
        assert found
        return found

    for one in (0, 1):
        await correct(one, NUMBER)
    with pytest.raises(Killed):
        await search(keys, clock, pause=broken_off)
    for one in moved:
        async with transaction():
            await records.index_anew(await person(one), keys)
    pages = [f"/personal/grupper/{c.cohort_id}/deltagare/{e}/utdrag" for c, e in zip(groups, people, strict=True)]
    page = pages[0]
    for one in pages[:2]:
        await post_form(client, one, {"hur": "shown", "nummer": NUMBER})
    assert len((await client.get(f"{page}.json")).json()["records"]) == 2, "whole or not at all"
    # Whoever is protected in one group is in the other.
    await correct(0, NUMBER, protected=True)
    assert (await facts(1)).protected
    assert not await records.protected_elsewhere(await person(2), keys)
    # Who gives the number to another one, and so a hash under the coming key, learns nothing; protected, it is one of them.
    await correct(2, NUMBER)
    assert not (await facts(2)).protected
    await correct(2, NUMBER, protected=True)
    assert await records.protected_elsewhere(await person(2), keys)
