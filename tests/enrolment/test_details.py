"""What is kept about a person is put right by staff, and a wrong address is not for good."""

from uuid import UUID

import httpx
import pytest

from programmes import worker
from programmes.calendar.services import participant_feed
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, record_services
from programmes.notices.reach_services import way
from programmes.people import records
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody


async def record_of(enrolment_id: UUID, keys: KeyFolder) -> records.PersonRecord:
    facts = await queries.enrolment(enrolment_id)
    found = record_services.record_of(facts, keys, "rule")
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
    assert 'value="19850214"' in (await client.get(page)).text
    right = {"namn": "Anna Ask", "kontakt": "070-174 06 05", "saker": "call", "undvik": "efter 17", "tolk": "so"}
    right["fodd"] = "19900214"
    assert (await post_form(client, page, right)).status_code == 303
    kept = await record_of(taken.enrolment_id, keys)
    assert (kept.name, kept.contact, kept.safe, kept.avoid) == ("Anna Ask", "+46701740605", ("call",), "efter 17")
    assert (kept.birth_date, kept.interpreter) == ("1990-02-14", "so")
    assert "somaliska" in (await client.get(person)).text
    assert way(await queries.enrolment(taken.enrolment_id), keys) == "ring"
    assert await fetchval("select count(*) from audit_entry where action = 'person:correct'") == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("namn", "", "Skriv personens namn."),
        ("saker", "", "Kryssa i vad som är säkert"),
        ("kontakt", "07x", "mobilnummer"),
        ("fodd", "19900230", "Det datumet finns inte."),
        ("pnr", "1234", "stämmer inte med födelsedatumet"),
        ("tolk", "klingonska", "Välj ett av alternativen."),
    ],
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
    right["fodd"] = "19900214"
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


async def test_a_number_and_a_birth_date_put_right_are_judged_anew(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    right = {"namn": "Anna Ask", "fodd": "19900118", "pnr": "9811"}
    assert (await post_form(client, f"{person}/uppgifter", right)).status_code == 303
    assert (await record_of(taken.enrolment_id, keys)).number == "199001189811"
    assert 'value="9811"' in (await client.get(f"{person}/uppgifter")).text
    assert "åldern stämmer inte" not in (await client.get(person)).text
    assert (await post_form(client, f"{person}/uppgifter", {**right, "fodd": "20120118", "pnr": ""})).status_code == 303
    # Nothing happens by itself: staff see it, and decide.
    assert "åldern stämmer inte" in (await client.get(person)).text
    assert (await queries.enrolment(taken.enrolment_id)).state == "preliminary"


async def test_protecting_somebody_erases_the_contact_ends_the_calendar_and_is_the_coordinators_to_change(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask", "anna@example.invalid")
    feed = await participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    right = {"namn": "Anna Ask", "fodd": "19900214", "skydd": "ja"}
    refused = await post_form(client, f"{person}/uppgifter", {**right, "kontakt": "anna@example.invalid"})
    assert refused.status_code == 422
    assert "sparar vi varken telefon eller e-post" in refused.text
    assert (await post_form(client, f"{person}/uppgifter", right)).status_code == 303
    await worker.drain(the_worker)
    record, facts = await record_of(taken.enrolment_id, keys), await queries.enrolment(taken.enrolment_id)
    assert (record.contact, record.safe, facts.protected) == ("", (), True)
    assert await fetchval("select revoked_at is not null from feed where id = $1", feed.feed_id)
    assert await participant_feed(taken.enrolment_id, keys, clock.now()) is None
    shown = (await client.get(person)).text
    assert "Anna Ask" not in shown
    assert "Deltagare 1" in shown
    assert (await client.get(f"{person}/uppgifter")).status_code == 403
    assert (await post_form(client, f"{person}/uppgifter", right, "/personal/idag")).status_code == 403
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"{person}/uppgifter")).status_code == 200
