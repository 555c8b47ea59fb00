"""A partner's record of its own (2.14): who may see it, when it goes, and that nothing of it reaches anybody else."""

import re
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, fetchval, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.records import consent_services, erasing_services, key_services, partner_services
from programmes.enrolment.records.partner_rules import may_answer, may_keep
from programmes.enrolment.rules import ALIVE
from programmes.people import look_queries, rotation_services
from programmes.people.records import PartnerRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody

PIA = {"namn": "Pia Ekmarker", "kontakt": "070-174 06 05", "saker": "call"}
STATES = [*sorted(ALIVE), "completed", "dropped_out", "withdrawn", "declined", "expired", "transferred", "refused"]


@given(st.booleans(), st.sampled_from(STATES), st.booleans(), st.sampled_from([True, False, None]))
def test_a_partner_is_kept_only_while_everything_holds(asked: bool, state: str, documented: bool, consent: bool) -> None:
    kept = may_keep(asked, state, documented, consent)  # type: ignore[arg-type]
    assert kept == (asked and documented and consent is True and state in ALIVE)
    # Whoever has a partner's record beside theirs can take the consent back.
    assert not kept or may_answer(state, consent)  # type: ignore[arg-type]


async def a_series(client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock) -> tuple[CohortFacts, UUID, str]:
    """Talks with somebody who consents, for a leader who is signed in; the address of the person's page."""
    leader = await a_leader(clock.now())
    cohort = await a_cohort("2.14", clock.now(), leader, minimum=1, maximum=1)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask", "anna@example.invalid")
    await sign_in_as(client, "robin", clock.now())
    return cohort, taken.enrolment_id, f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"


async def partner_ids() -> list[UUID]:
    return await fetchval("select coalesce(array_agg(id), '{}') from partner_record")  # type: ignore[no-any-return]


async def test_staff_of_the_cohort_add_correct_and_remove_a_partner_and_each_look_is_its_own(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, enrolment_id, person = await a_series(client, keys, clock)
    page = f"{person}/partner"
    assert f'href="{page}"' in (await client.get(person)).text
    last = await fetchval("select max(id) from record_look")
    assert "Ekmarker" not in (await client.get(page)).text
    assert await fetchval("select max(id) from record_look") == last
    for wrong, said in ({"namn": ""}, "Skriv partnerns namn."), ({"saker": ""}, "vad som är säkert"):
        answer = await post_form(client, page, {**PIA, **wrong})
        assert (answer.status_code, said in answer.text) == (422, True)
    assert (await post_form(client, page, PIA)).status_code == 303
    [first] = await partner_ids()
    shown = (await client.get(page)).text
    assert 'value="Pia Ekmarker"' in shown
    assert "Anna Ask" not in shown
    # The look names the partner's record: among the looks at the participant's own there is none.
    lines = await owner.fetch("select participant_id, page, cohort_id from record_look where id > $1", last)
    assert [tuple(line) for line in lines] == [(first, "partner", cohort.cohort_id)]
    participant = (await queries.enrolment(enrolment_id)).participant_id
    assert participant
    assert not [look for look in await look_queries.looks_at(participant) if look.page == "partner"]
    assert (await post_form(client, page, {**PIA, "namn": "Pia Ek"})).status_code == 303
    [second] = await partner_ids()
    assert not keys.exists("person", first)
    assert keys.exists("person", second)
    assert 'value="Pia Ek"' in (await client.get(page)).text
    assert (await post_form(client, f"{page}/ta-bort", {}, page)).status_code == 303
    assert await partner_ids() == []
    assert not keys.exists("person", second)
    gone = {receipt["key"]: receipt["why"] for receipt in keys.receipts()}
    assert gone[str(first)] == gone[str(second)] == "partner: removed by staff"
    assert keys.exists("person", participant)


async def test_nothing_of_a_partner_reaches_another_page_a_message_or_the_participant(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, enrolment_id, person = await a_series(client, keys, clock)
    await a_coordinator(clock.now())
    before = await owner.fetch("select id, kind, state from notice order by id")
    jobs = await fetchval("select count(*) from pgqueuer")
    assert (await post_form(client, f"{person}/partner", PIA)).status_code == 303
    group = f"/personal/grupper/{cohort.cohort_id}"
    pages = (person, group, f"{group}/utskrifter", f"{group}/ring", f"{group}/ko", "/personal/idag", f"{person}/uppgifter")
    for address in pages:
        text = (await client.get(address)).text
        assert "Ekmarker" not in text, address
        assert "1740605" not in text.replace(" ", "").replace("-", ""), address
    await sign_in_as(client, "kim", clock.now())
    for typed in ("Pia Ekmarker", "+46701740605"):
        assert "Anna Ask" not in (await post_form(client, "/personal/sok", {"vem": typed})).text
    code = place_services.unseal(await queries.enrolment(enrolment_id), keys).code
    await post_form(client, "/min-plats", {"kod": code})
    forbidden = {"/min-plats": ("ekmarker", "partner", "relation", "samtyck")}
    forbidden["/min-plats/samtycke"] = (*forbidden["/min-plats"][:3], "våld", "2.14")
    for address, words in forbidden.items():
        text = (await client.get(address)).text.lower().replace("/min-plats/samtycke", "")
        assert not [word for word in words if word in text], address
    assert await owner.fetch("select id, kind, state from notice order by id") == before
    assert await fetchval("select count(*) from pgqueuer") == jobs


async def test_taking_the_consent_back_is_silent_erases_the_partner_and_can_be_undone(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, enrolment_id, person = await a_series(client, keys, clock)
    await post_form(client, f"{person}/partner", PIA)
    [partner] = await partner_ids()
    idag = "Samtycke tillbakataget"
    assert idag not in (await client.get("/personal/idag")).text
    code = place_services.unseal(await queries.enrolment(enrolment_id), keys).code
    await post_form(client, "/min-plats", {"kod": code})
    place = "/min-plats/samtycke"
    shown = await client.get("/min-plats")
    assert place in shown.text
    told = await owner.fetchrow("select (select count(*) from notice) as notices, (select count(*) from pgqueuer) as jobs")
    answer = await post_form(client, place, {"svar": "nej"})
    assert answer.headers["location"] == "/min-plats"
    # Nothing is left of the partner, and the key has gone with a receipt.
    assert await partner_ids() == []
    assert not keys.exists("person", partner)
    assert str(partner) in {receipt["key"] for receipt in keys.receipts()}
    # Nobody is written to, and Min plats looks as before.
    now = await owner.fetchrow("select (select count(*) from notice) as notices, (select count(*) from pgqueuer) as jobs")
    assert now == told
    strip = lambda text: [line for line in text.splitlines() if "csrf" not in line]  # noqa: E731
    assert strip((await client.get("/min-plats")).text) == strip(shown.text)
    assert "nej" in (await client.get(place)).text
    # Whoever leads sees it, on Idag without a name, in the group with one.
    today = (await client.get("/personal/idag")).text
    assert idag in today
    assert "Anna Ask" not in today
    assert "Kontakta inte partnern" in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert (await client.get(f"{person}/partner")).status_code == 409
    assert (await post_form(client, f"{person}/partner", PIA, person)).status_code == 409
    assert await partner_ids() == []
    assert await fetchval("select count(*) from condition_met where condition = 'partner_contact'") == 0
    await post_form(client, f"{person}/samtycke", {"samtycke": "sett"}, person)
    assert idag not in (await client.get("/personal/idag")).text
    assert "Kontakta inte partnern" in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    # Given again by either; what was erased does not come back.
    await post_form(client, place, {"svar": "ja"})
    assert await fetchval("select partner_consent from enrolment") is True
    assert await fetchval("select count(*) from condition_met where condition = 'partner_contact'") == 1
    assert 'value="Pia' not in (await client.get(f"{person}/partner")).text
    await post_form(client, f"{person}/samtycke", {"samtycke": "nej"}, person)
    assert idag in (await client.get("/personal/idag")).text
    await post_form(client, f"{person}/samtycke", {"samtycke": "ja"}, person)
    assert idag not in (await client.get("/personal/idag")).text
    noted = await owner.fetch(
        "select action, staff_id is null as own from audit_entry where action like 'consent:%' order by id"
    )
    assert [tuple(row) for row in noted] == [
        ("consent:withdraw", True), ("consent:seen", False), ("consent:give", True), ("consent:withdraw", False),
        ("consent:give", False),
    ]  # fmt: skip


async def test_who_had_the_contact_before_a_move_reads_that_the_consent_was_taken_back(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, enrolment_id, person = await a_series(client, keys, clock)
    love = await a_leader(clock.now(), "love")
    await a_coordinator(clock.now())
    later = await a_cohort("2.14", clock.now(), love, minimum=1, maximum=1, first_in=timedelta(days=60))
    plan = await transfer_services.plan(enrolment_id, later.cohort_id, keys, clock.now())
    moved = await transfer_services.transfer(enrolment_id, later.cohort_id, plan.seen, 1, keys, clock.now(), plan.asked)
    assert moved
    shown = (await client.get(person)).text
    assert "har sagt ja" not in shown
    assert "Kontakta inte partnern härifrån." in shown
    assert "anna@example.invalid" not in shown
    assert f"{person}/uppgifter" not in shown
    assert await fetchval("select partner_consent from enrolment where id = $1", moved) is True
    await consent_services.withdraw_partner_consent(moved, None, keys, clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "Samtycke tillbakataget" in (await client.get("/personal/idag")).text
    assert "Flyttad härifrån." in (await client.get(group)).text
    assert "Personen har tagit tillbaka sitt ja. Kontakta inte partnern." in (await client.get(person)).text
    await post_form(client, f"{person}/samtycke", {"samtycke": "sett"}, person)
    assert "Samtycke tillbakataget" not in (await client.get("/personal/idag")).text
    await sign_in_as(client, "love", clock.now())
    assert "Samtycke tillbakataget" in (await client.get("/personal/idag")).text


async def test_a_partner_is_not_removed_from_where_the_person_was_moved_from_and_that_is_said(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, enrolment_id, person = await a_series(client, keys, clock)
    await post_form(client, f"{person}/partner", PIA)
    [partner] = await partner_ids()
    love = await a_leader(clock.now(), "love")
    later = await a_cohort("2.14", clock.now(), love, minimum=1, maximum=1, first_in=timedelta(days=60))
    plan = await transfer_services.plan(enrolment_id, later.cohort_id, keys, clock.now())
    moved = await transfer_services.transfer(enrolment_id, later.cohort_id, plan.seen, 1, keys, clock.now(), plan.asked)
    answer = await post_form(client, f"{person}/partner/ta-bort", {}, person)
    assert (answer.status_code, await partner_ids()) == (409, [partner])
    assert "Personen har flyttats till en annan start" in answer.text
    assert "Inget är raderat" in answer.text
    assert "Ekmarker" not in answer.text
    # The same is said when nothing is kept: who led the old start does not learn what the new one keeps.
    await sign_in_as(client, "love", clock.now())
    theirs = f"/personal/grupper/{later.cohort_id}/deltagare/{moved}/partner"
    assert (await post_form(client, f"{theirs}/ta-bort", {}, theirs)).status_code == 303
    assert (await partner_ids(), keys.exists("person", partner)) == ([], False)
    await sign_in_as(client, "robin", clock.now())
    again = await post_form(client, f"{person}/partner/ta-bort", {}, person)
    assert (again.status_code, again.text == answer.text) == (409, True)


async def test_who_was_not_asked_and_other_programmes_have_no_such_page(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, enrolment_id, person = await a_series(client, keys, clock)
    await execute_now("update enrolment set partner_consent = null where id = $1", enrolment_id)
    assert (await client.get(f"{person}/partner")).status_code == 409
    assert "/samtycke" not in (await client.get(person)).text
    code = place_services.unseal(await queries.enrolment(enrolment_id), keys).code
    await post_form(client, "/min-plats", {"kod": code})
    assert "/min-plats/samtycke" not in (await client.get("/min-plats")).text
    assert (await client.get("/min-plats/samtycke")).headers["location"] == "/min-plats"
    assert (await post_form(client, "/min-plats/samtycke", {"svar": "ja"}, "/min-plats")).status_code == 303
    assert await fetchval("select partner_consent from enrolment") is None
    other = await a_cohort("2.8", clock.now(), await a_leader(clock.now(), "love"))
    taken = await somebody(other, keys, clock.now(), "Bo Alm")
    await sign_in_as(client, "love", clock.now())
    theirs = f"/personal/grupper/{other.cohort_id}/deltagare/{taken.enrolment_id}"
    assert (await client.get(f"{theirs}/partner")).status_code == 404
    assert (await post_form(client, f"{theirs}/partner", PIA, theirs)).status_code == 404
    assert (await client.get(f"{person}/partner")).status_code == 404


async def execute_now(statement: str, *arguments: object) -> None:
    async with transaction():
        await execute(statement, *arguments)


@pytest.mark.parametrize(
    "ending", ["completed", "ran_out", "no_consent", "deleted", "erased", "left", "undocumented", "swept", "restored"]
)
async def test_a_partner_goes_when_the_place_has_ended_whatever_ended_it(
    ending: str, db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    leader = await a_leader(clock.now())
    cohort = await a_cohort("2.14", clock.now(), leader, minimum=1, maximum=1)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    kept = PartnerRecord("Pia Ekmarker", "pia@example.invalid", ("email",))
    await partner_services.keep(taken.enrolment_id, kept, leader.staff_id, keys, clock.now())
    [partner] = await partner_ids()
    await partner_services.erase_over(keys, clock.now())
    assert await partner_ids() == [partner]
    if ending == "completed":
        await owner.execute("update enrolment set state = 'completed', ended_at = $1", clock.now())
    elif ending == "ran_out":
        # The person reads it for a day, and nobody undoes it.
        await services.end(taken.enrolment_id, "expired", keys, clock.now(), ALIVE)
        assert (await queries.enrolment(taken.enrolment_id)).undo_until
    elif ending == "erased":
        person_id = (await queries.enrolment(taken.enrolment_id)).participant_id
        assert person_id
        assert ("person", partner) in await erasing_services.keys_of(person_id)
        await owner.execute("delete from enrolment")
        await owner.execute("delete from participant")
    elif ending == "restored":
        keys.destroy("person", partner, "partner: removed by staff", clock.now())
        await consent_services.erase_restored(keys, clock.now())
        assert await partner_ids() == []
    elif ending == "no_consent":
        await owner.execute("update enrolment set partner_consent = false")
    elif ending == "deleted":
        await owner.execute("delete from enrolment")
    elif ending == "left":
        assert await leaving_services.leave(taken.enrolment_id, keys, clock.now())
        await partner_services.erase_over(keys, clock.now())
        assert await partner_ids() == [partner], "as long as leaving can be undone it stays"
        clock.advance(hours=2)
        await leaving_services.forget_left(keys, clock.now())
    elif ending == "undocumented":
        await owner.execute("update enrolment set participant_id = null, proof_checked_at = null, proof_checked_by = null")
    else:
        # The sweep of keys without rows knows this row.
        assert await key_services._known("person", [partner]) == {partner}
        assert keys.exists("person", partner)
        return
    await partner_services.erase_over(keys, clock.now())
    await partner_services.erase_over(keys, clock.now())
    assert await partner_ids() == []
    assert not keys.exists("person", partner)
    assert str(partner) in {receipt["key"] for receipt in keys.receipts()}


async def test_a_consent_whose_partner_was_erased_is_no_yes_again_after_a_restore(
    client: httpx.AsyncClient, the_worker: worker.Worker, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = the_worker.keys
    cohort, enrolment_id, person = await a_series(client, keys, clock)
    await post_form(client, f"{person}/partner", PIA)
    kept = await owner.fetchrow("select id, sealed, kept_at from partner_record")
    assert kept is not None
    await consent_services.withdraw_partner_consent(enrolment_id, None, keys, clock.now())
    # What was before comes back.
    await owner.execute("update enrolment set partner_consent = true, consent_withdrawn_at = null")
    insert = "insert into partner_record (id, enrolment_id, sealed, kept_at) values ($1, $2, $3, $4)"
    await owner.execute(insert, kept["id"], enrolment_id, kept["sealed"], kept["kept_at"])
    await owner.execute(
        "insert into condition_met (enrolment_id, condition, met_at) values ($1, 'partner_contact', $2)",
        enrolment_id,
        clock.now(),
    )
    idag = "Samtycke tillbakataget"
    assert idag not in (await client.get("/personal/idag")).text
    for _ in range(2):
        await worker.start_up(the_worker)
        await sign_in_as(client, "robin", clock.now())
        assert await partner_ids() == []
        assert (await queries.enrolment(enrolment_id)).partner_consent is False
        assert await fetchval("select count(*) from condition_met where condition = 'partner_contact'") == 0
        assert idag in (await client.get("/personal/idag")).text
        shown = (await client.get(person)).text
        assert "Personen har sagt ja till att ni kontaktar partnern" not in shown
        assert "Kontakta inte partnern" in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert await fetchval("select count(*) from audit_entry where action = 'consent:restored'") == 1
    # Somebody has asked: it is a yes again, and a worker that is started anew leaves it so.
    await consent_services.give_partner_consent(enrolment_id, None, clock.now())
    await worker.start_up(the_worker)
    assert (await queries.enrolment(enrolment_id)).partner_consent is True


async def test_a_partners_key_is_rotated_like_any_persons_and_the_look_still_opens_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, _enrolment_id, person = await a_series(client, keys, clock)
    await post_form(client, f"{person}/partner", PIA)
    [partner] = await partner_ids()
    path = keys._path("person", partner).path
    before, sealed = path.read_bytes(), await fetchval("select sealed from partner_record")

    async def at_once(_: float) -> None:
        """Nobody is in the middle of anything."""

    assert await rotation_services.persons(keys, clock, clock.now() + timedelta(days=9999), pause=at_once) == 2
    assert path.read_bytes() != before
    assert await fetchval("select sealed from partner_record") != sealed
    await consent_services.erase_restored(keys, clock.now())
    assert 'value="Pia Ekmarker"' in (await client.get(f"{person}/partner")).text


def opened(page: httpx.Response) -> dict[str, str]:
    """What a page that lies open sends beside what is typed."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


async def test_a_form_that_was_opened_before_another_contact_was_saved_changes_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, _enrolment_id, person = await a_series(client, keys, clock)
    page = f"{person}/partner"
    await post_form(client, page, PIA)
    mika = opened(await client.get(page))
    clock.advance(minutes=1)
    kim = {**opened(await client.get(page)), **PIA, "kontakt": "070-174 06 22"}
    assert (await client.post(page, data=kim)).status_code == 303
    [newer] = await partner_ids()
    answer = await client.post(page, data={**mika, **PIA, "namn": "Pia Ekmarker-Lind"})
    assert (answer.status_code, await partner_ids()) == (409, [newer])
    assert "Någon annan har ändrat" in answer.text
    assert "<title>Fel:" in answer.text
    # As it is now, what was typed beside it, and from there it can be saved.
    assert 'value="+46701740622"' in answer.text
    assert "Du hade skrivit: Pia Ekmarker-Lind, 070-174 06 05." in answer.text
    again = {**opened(answer), **PIA, "namn": "Pia Ekmarker-Lind", "kontakt": "070-174 06 22"}
    assert (await client.post(page, data=again)).status_code == 303
    # Sent twice, it is said twice, and nobody else has changed anything.
    [saved] = await partner_ids()
    assert (await client.post(page, data=again)).status_code == 303
    assert await partner_ids() == [saved]
    # What can't be kept is shown again with what was seen then, not with what is there by now.
    shown = await client.post(page, data={**mika, **PIA, "namn": ""})
    assert (shown.status_code, opened(shown)["sedd"]) == (422, mika["sedd"])


async def test_a_form_that_was_opened_before_the_partner_was_removed_brings_nothing_back(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, enrolment_id, person = await a_series(client, keys, clock)
    page = f"{person}/partner"
    unkept = opened(await client.get(page))
    await post_form(client, page, PIA)
    mika = opened(await client.get(page))
    assert (await client.post(f"{page}/ta-bort", data=mika)).status_code == 303
    answer = await client.post(page, data={**mika, **PIA})
    assert (answer.status_code, await partner_ids()) == (409, [])
    assert "Någon annan har tagit bort uppgifterna" in answer.text
    # What has been erased is not shown once more.
    for typed in ("Ekmarker", "06 05", "+46701740605"):
        assert typed not in answer.text
    # Nor does a form from before a consent that was taken back count for the one that was given later.
    for before in (unkept, opened(answer)):
        clock.advance(minutes=1)
        await consent_services.withdraw_partner_consent(enrolment_id, None, keys, clock.now())
        assert (await client.post(page, data={**before, **PIA})).status_code == 409
        clock.advance(minutes=1)
        await consent_services.give_partner_consent(enrolment_id, None, clock.now())
        late = await client.post(page, data={**before, **PIA})
        assert (late.status_code, await partner_ids(), "Ekmarker" in late.text) == (409, [], False)
        assert "samtycke" in late.text
    assert (await client.post(page, data={**opened(late), **PIA})).status_code == 303
    # What was typed under one consent is not said under the next, though something is kept again.
    late = await client.post(page, data={**before, **PIA, "namn": "Pia Ek"})
    assert (late.status_code, "Pia Ek<" in late.text, "Du hade skrivit" in late.text) == (409, False, False)


async def test_a_form_of_the_release_before_is_taken_and_removing_needs_nothing_seen(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    _cohort, _enrolment_id, person = await a_series(client, keys, clock)
    page = f"{person}/partner"
    assert (await post_form(client, page, PIA)).status_code == 303
    assert (await post_form(client, page, {**PIA, "namn": "Pia Ek"})).status_code == 303
    mika = opened(await client.get(page))
    await post_form(client, page, {**PIA, "namn": "Pia Ekmark"})
    assert (await client.post(f"{page}/ta-bort", data=mika)).status_code == 303
    assert await partner_ids() == []
