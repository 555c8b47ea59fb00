"""What is kept about a person is put right by staff, and a wrong address is not for good."""

from uuid import UUID

import httpx
import pytest

from programmes import worker
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.notices.reach_services import way
from programmes.people import records
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody


async def record_of(enrolment_id: UUID, keys: KeyFolder) -> records.PersonRecord:
    facts = await queries.enrolment(enrolment_id)
    assert facts.record is not None
    assert facts.participant_id is not None
    found = records.read(facts.record, facts.participant_id, keys)
    assert found
    return found


async def test_a_wrong_address_is_put_right_and_messages_go_to_the_new_one(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    page = f"{person}/uppgifter"
    assert f'href="{page}"' in (await client.get(person)).text
    assert 'value="Anna Aks"' in (await client.get(page)).text
    right = {"namn": "Anna Ask", "kontakt": "070-174 06 05", "saker": "call", "undvik": "efter 17"}
    assert (await post_form(client, page, right)).status_code == 303
    before = await record_of(taken.enrolment_id, keys)
    assert (before.name, before.contact, before.safe, before.avoid) == ("Anna Ask", "+46701740605", ("call",), "efter 17")
    assert before.birth_date, "what was not put right stays"
    assert way(await queries.enrolment(taken.enrolment_id), keys) == "ring"
    assert await fetchval("select count(*) from audit_entry where action = 'person:correct'") == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [("namn", "", "Skriv personens namn."), ("saker", "", "Kryssa i vad som är säkert"), ("kontakt", "07x", "mobilnummer")],
)
async def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, field: str, typed: str, said: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Ask", "kontakt": "anna@example.invalid", "saker": "email", "undvik": "på natten"}
    answer = await post_form(client, page, {**right, field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="på natten"' in answer.text
    assert (await record_of(taken.enrolment_id, keys)).name == "Anna Aks"


async def test_nobody_else_puts_anything_right_and_where_nobody_is_documented_there_is_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await a_leader(clock.now(), "love")
    cohort, exempt = await a_cohort("2.8", clock.now()), await a_cohort("2.1", clock.now(), sessions=4)
    taken, unknown = await somebody(cohort, keys, clock.now()), await somebody(exempt, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    nothing = f"/personal/grupper/{exempt.cohort_id}/deltagare/{unknown.enrolment_id}/uppgifter"
    assert (await client.get(nothing)).status_code == 404
    await sign_in_as(client, "love", clock.now())
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    assert (await client.get(page)).status_code == 404
    assert (await post_form(client, page, {"namn": "X"}, "/personal/idag")).status_code == 404
