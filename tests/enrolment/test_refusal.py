"""Staff turn down somebody who was let in: by the programme's own conditions, told in its own words, and undone if wrong."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.refusal_rules import refusable, unmet
from programmes.catalogue.wording import refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.enrolment.leaving import refusal_queries, refusal_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving.refusal_rules import has_been_read
from programmes.enrolment.services import Taken
from tests.clock import FrozenClock
from tests.conftest import START
from tests.desk.cast import everything, holding
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, post_form, sign_in_as, somebody
from tests.notices.mail import Mail


@pytest.fixture
def mail(the_worker: worker.Worker, tmp_path: Path) -> Mail:
    folder = tmp_path / "mail"
    return Mail(replace(the_worker, settings=replace(the_worker.settings, mail_url=f"folder://{folder}")), folder)


async def full(clock: FrozenClock, section: str) -> CohortFacts:
    return await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=4)


async def state_of(taken: Taken) -> tuple[str, int | None]:
    facts = await queries.enrolment(taken.enrolment_id)
    return facts.state, facts.seat


async def refuse(cohort: CohortFacts, taken: Taken, clock: FrozenClock, *conditions: str) -> None:
    programme = await catalogue.programme(cohort.programme_id)
    await refusal_services.refuse(taken.enrolment_id, conditions, programme, 1, clock.now())


async def test_every_condition_that_can_be_unmet_has_its_sentence_and_its_section(db: None) -> None:
    programmes = [programme for _id, programme in await catalogue.in_force(START.date())]
    assert len(programmes) == 25
    for programme in programmes:
        keys = refusable(programme)
        assert "residency" in keys
        assert ("proof" in keys) == (programme.proof_kind != "nothing"), programme.section
        for outcome in unmet(programme, keys):
            said = refusal_text(outcome, programme, "sv", "Karlshamns kommun")
            assert said.sentence
            assert programme.section in said.source
            assert "Du svarade" not in said.sentence, "it was staff who found it"
        assert "no_more_extensive_need" not in keys, "nobody else says how much support somebody needs"
        assert [o.condition for o in unmet(programme, [*keys, "gone"])] == list(keys)


@pytest.mark.parametrize("section", ["2.8", "2.15"])
async def test_the_place_goes_on_at_once_and_the_person_reads_why(
    section: str, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await full(clock, section)
    taken, waits = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert f'href="{person}/villkor"' in (await client.get(person)).text
    nothing = await post_form(client, f"{person}/villkor", {"villkor": ["hittepa"]})
    assert nothing.status_code == 422
    assert "Kryssa i det villkor" in nothing.text
    assert await state_of(taken) != ("refused", None)
    sent = await post_form(client, f"{person}/villkor", {"villkor": ["residency", "proof", "fri text"]})
    assert sent.status_code == 303
    assert await state_of(taken) == ("refused", None)
    assert await state_of(waits) == ("offered", 1)
    shown = await look(client, person)
    assert "Uppfyller inte villkoren" in shown
    assert "Det blev fel: ångra" in shown
    client.cookies.set("place", taken.token)
    mine = await look(client, "/min-plats")
    assert "Två villkor stämmer inte" in mine
    assert f"Riktlinjen {section}" in mine
    assert "hos socialtjänsten där du är folkbokförd" in mine
    programme = await catalogue.programme(cohort.programme_id)
    for outcome in unmet(programme, ["residency", "proof"]):
        assert refusal_text(outcome, programme, "sv", "Karlshamns kommun").sentence in mine
    # Of documented people the trail names the conditions; of others only that somebody was turned down.
    trail = [row["action"] for row in await owner.fetch("select action from audit_entry where action like '%refused%'")]
    assert sorted(trail) == ["enrolment:refused", *(["refused:proof", "refused:residency"] if section == "2.8" else [])]


async def test_of_somebody_nobody_knows_nothing_is_left_a_day_after_they_were_told(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    the_worker = mail.worker
    cohort = await full(clock, "2.15")
    taken = await somebody(cohort, keys, clock.now(), "Björken", "bjork@example.invalid")
    key_id = (await queries.enrolment(taken.enrolment_id)).key_id
    assert key_id
    await refuse(cohort, taken, clock, "age")
    assert keys.exists("entry", key_id)
    await worker.drain(the_worker)
    body = mail.to("bjork@example.invalid")[-1]
    assert "min-plats#" in body
    assert "Din plats är avslutad" in body
    assert not re.search("ålder|villkor|grupp", body)
    await worker.tick(the_worker)
    clock.advance(hours=23, minutes=59)
    await worker.tick(the_worker)
    assert keys.exists("entry", key_id)
    clock.advance(minutes=2)
    await worker.tick(the_worker)
    assert not keys.exists("entry", key_id)
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.sealed, facts.undo_until, facts.declared_for) == ("refused", None, None, None)
    assert await owner.fetchval("select count(*) from condition_unmet") == 0
    assert await owner.fetchval("select count(*) from notice") == 0
    assert await owner.fetchval("select count(*) from audit_entry where action like '%:age'") == 0
    found = await everything(owner)
    assert holding(found, "bjork@example") == set()


async def test_who_could_not_be_reached_has_a_week_and_can_end_it_themselves(
    the_worker: worker.Worker, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), sessions=4)
    first, second = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    codes = [place_services.unseal(await queries.enrolment(t.enrolment_id), keys).code for t in (first, second)]
    for taken in (first, second):
        await refuse(cohort, taken, clock, "residency")
    await worker.drain(the_worker)
    clock.advance(days=6, hours=23)
    await worker.tick(the_worker)
    tokens = [await place_services.open_by_code(code, clock.now()) for code in codes]
    assert all(tokens)
    client.cookies.set("place", tokens[0] or "")
    assert "Radera direkt" in await look(client, "/min-plats")
    assert (await post_form(client, "/min-plats/radera", {}, "/min-plats")).status_code == 303
    assert (await queries.enrolment(first.enrolment_id)).key_id is None
    # What staff decided the person cannot undo, nor does leaving change anything.
    client.cookies.set("place", tokens[1] or "")
    assert (await post_form(client, "/min-plats/angra", {}, "/min-plats")).status_code == 409
    assert (await post_form(client, "/min-plats/lamna", {}, "/min-plats")).status_code == 303
    assert await state_of(second) == ("refused", None)
    clock.advance(hours=1)
    assert await place_services.open_by_code(codes[1], clock.now()) is None
    await worker.tick(the_worker)
    assert (await queries.enrolment(second.enrolment_id)).key_id is None


async def test_of_documented_people_the_conditions_stay(
    the_worker: worker.Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full(clock, "2.8")
    taken = await somebody(cohort, keys, clock.now())
    await refuse(cohort, taken, clock, "proof", "residency")
    await worker.drain(the_worker)
    clock.advance(days=8)
    await worker.tick(the_worker)
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.key_id) == ("refused", None)
    assert facts.record is not None
    assert await refusal_queries.conditions(taken.enrolment_id) == {"proof", "residency"}


@pytest.mark.parametrize(("was", "back"), [("confirmed", "confirmed"), ("offered", "queued"), ("queued", "queued")])
async def test_staff_take_it_back_and_the_person_is_told(
    was: str, back: str, mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await full(clock, "2.15")
    first = await somebody(cohort, keys, clock.now(), "Al", "al@example.invalid")
    taken = first if was == "confirmed" else await somebody(cohort, keys, clock.now(), "Bok", "bok@example.invalid")
    name = "al" if was == "confirmed" else "bok"
    if was == "offered":
        await refuse(cohort, first, clock, "age")
    assert (await state_of(taken))[0] == was
    await refuse(cohort, taken, clock, "age")
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert (await post_form(client, f"{person}/villkor/angra", {}, person)).status_code == 303
    assert (await post_form(client, f"{person}/villkor/angra", {}, person)).status_code == 303
    expected = "offered" if was == "offered" else back
    assert (await state_of(taken))[0] == expected, "who had an offer waits again, and here the place is still free"
    assert await refusal_queries.conditions(taken.enrolment_id) == frozenset()
    await mail.work()
    assert sum("Vi gjorde fel" in body for body in mail.to(f"{name}@example.invalid")) == 1


async def test_somebody_who_came_meanwhile_keeps_the_seat(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await full(clock, "2.15")
    taken, waits = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await refuse(cohort, taken, clock, "age")
    assert await refusal_services.take_back(taken.enrolment_id, 1, clock.now()) == "queue"
    assert (await state_of(waits), await state_of(taken)) == (("offered", 1), ("queued", None))
    await refuse(cohort, taken, clock, "age")
    clock.advance(days=7)
    with pytest.raises(Conflict, match="undo_over"):
        await refusal_services.take_back(taken.enrolment_id, 1, clock.now())


async def test_refused_by_two_at_once_it_is_done_and_told_once(
    the_worker: worker.Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full(clock, "2.8")
    taken, waits = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await confirm(taken.enrolment_id, clock.now())
    await asyncio.gather(*(refuse(cohort, taken, clock, one) for one in ("age", "residency")))
    assert await state_of(waits) == ("offered", 1)
    assert len(await refusal_queries.conditions(taken.enrolment_id)) == 1
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from notice where kind = 'place_refused'") == 1
    assert await owner.fetchval("select count(*) from queue_event where kind = 'refused'") == 1


async def test_only_conditions_of_the_programme_and_only_while_there_is_something_to_refuse(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full(clock, "2.15")
    taken = await somebody(cohort, keys, clock.now())
    for wrong in ((), ("age", "debts")):
        with pytest.raises(ValueError, match="own"):
            await refuse(cohort, taken, clock, *wrong)
    await owner.execute("update cohort set state = 'cancelled'")
    with pytest.raises(Conflict, match="cohort_over"):
        await refuse(cohort, taken, clock, "age")
    await owner.execute("update cohort set state = 'open'")
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    with pytest.raises(Conflict, match="enrolment_over"):
        await refuse(cohort, taken, clock, "age")


async def test_who_only_has_a_telephone_is_rung(
    the_worker: worker.Worker, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.15", clock.now(), robin, sessions=4)
    taken = await somebody(cohort, keys, clock.now(), "Al", "+46700000001")
    await refuse(cohort, taken, clock, "age")
    await worker.drain(the_worker)
    await sign_in_as(client, "robin", clock.now())
    assert "Uppfyller inte villkoren, så platsen är avslutad" in await look(
        client, f"/personal/grupper/{cohort.cohort_id}/ring"
    )
    assert "Ring 1 person" in await look(client, "/personal/idag")
    clock.advance(days=7)
    await worker.tick(the_worker)
    await sign_in_as(client, "robin", clock.now())
    assert "Ring 1 person" not in await look(client, "/personal/idag")


def test_a_day_to_read_is_a_day() -> None:
    assert not has_been_read(None, START)
    assert not has_been_read(START, START + timedelta(hours=23, minutes=59))
    assert has_been_read(START, START + timedelta(days=1))


async def test_nobody_is_turned_down_for_what_the_record_says_that_they_meet(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await full(clock, "2.8")
    taken = await somebody(cohort, keys, clock.now(), "Al")
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    shown = await look(client, f"{person}/villkor")
    assert 'value="age"' not in shown
    assert 'value="proof"' in shown
    assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
    assert 'value="proof"' not in await look(client, f"{person}/villkor")
    for condition in ("age", "proof"):
        refused = await post_form(client, f"{person}/villkor", {"villkor": [condition]})
        assert refused.status_code == 422
    assert await state_of(taken) == ("preliminary", 1)
    # A moved start makes the age one that isn't met.
    await owner.execute("update cohort_session set starts_at = '2001-01-01', ends_at = '2001-01-02' where number = 1")
    assert 'value="age"' in await look(client, f"{person}/villkor")
