"""Staff see how unclear points are read; a coordinator changes them for the programmes that are theirs."""

from dataclasses import replace
from datetime import date

import asyncpg
import httpx
import pytest

from programmes.catalogue import queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolment
from programmes.enrolment.services import Taken, apply
from programmes.people.records import PersonRecord
from tests.catalogue.test_programme_pages import words_of
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, an_application, post_form, sign_in_as, somebody

PAGE = "/personal/tolkningar"
OVER_18 = f"{PAGE}/2.8/lower_age_included"


async def test_the_page_is_for_staff(client: httpx.AsyncClient) -> None:
    for address in (PAGE, OVER_18):
        answer = await client.get(address)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/logga-in")


async def test_a_leader_reads_everything_and_changes_nothing(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    page = (await client.get(f"{PAGE}?visa=alla")).text
    assert "Vid starten. Sedan varnar tjänsten, men ingen grupp stängs av sig själv." in words_of(page)
    assert f'href="{OVER_18}"' not in page
    assert (await client.get(OVER_18)).status_code == 403


async def test_missing_board_decisions_are_warned_of_until_they_are_entered(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert "12 undantag saknar nämndbeslut" in words_of((await client.get(PAGE)).text)
    answer = await post_form(client, f"{PAGE}/2.1/board_decision", {"val": " OAN § 12,  7 maj 2026 "})
    assert answer.status_code == 303
    page = words_of((await client.get(PAGE)).text)
    assert "11 undantag saknar nämndbeslut" in page
    assert "OAN § 12, 7 maj 2026" in page


async def test_a_change_reaches_the_rules_and_the_public_page(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now(), section="2.8")
    await sign_in_as(client, "kim", clock.now())
    assert "Du har fyllt 18 år när gruppen börjar." in (await client.get("/insatser/aterfallsprevention")).text
    assert (await post_form(client, OVER_18, {"val": "false"})).status_code == 303
    assert "Du har fyllt 19 år när gruppen börjar." in (await client.get("/insatser/aterfallsprevention")).text
    _, programme = await queries.by_section("2.8", local_date(clock.now()))
    assert programme.age is not None
    assert programme.age.youngest == 19
    assert "Nej Ändrad" in words_of((await client.get(PAGE)).text)


async def test_a_coordinator_of_another_programme_may_not_change_it(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now(), section="2.1")
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(OVER_18)).status_code == 403
    page = await client.get(f"{PAGE}/2.1/board_decision")
    token = page.text.split('name="_csrf_token" value="')[1].split('"')[0]
    assert (await client.post(OVER_18, data={"val": "false", "_csrf_token": token})).status_code == 403
    _, programme = await queries.by_section("2.8", local_date(clock.now()))
    assert programme.reading("lower_age_included") is True


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        (OVER_18, "1"),
        (OVER_18, ""),
        (OVER_18, '"off"'),
        (f"{PAGE}/2.1/board_decision", "§" * 201),
        *((f"{PAGE}/2.1/board_decision", typed) for typed in ("../..", "9999-12-31", "0", "OAN", "§")),
    ],
)
async def test_what_cannot_be_chosen_is_said_beside_the_field(
    client: httpx.AsyncClient, clock: FrozenClock, address: str, typed: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    answer = await post_form(client, address, {"val": typed})
    assert answer.status_code == 422
    assert "<title>Fel: " in answer.text
    assert 'href="#val"' in answer.text


@pytest.mark.parametrize("address", [f"{PAGE}/2.8/minimum_counts", f"{PAGE}/2.1/evaluation", f"{PAGE}/9.9/x"])
async def test_what_is_built_into_the_rules_cannot_be_changed(
    client: httpx.AsyncClient, clock: FrozenClock, address: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(address)).status_code == 404


async def test_the_page_names_the_groups_and_how_many_are_in_them_and_a_change_leaves_them_in(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now(), section="2.8")
    await sign_in_as(client, "kim", clock.now())
    assert "Inget är planerat eller pågår för den här insatsen just nu." in words_of((await client.get(OVER_18)).text)
    cohort = await a_cohort("2.8", clock.now(), maximum=5)
    others = await a_cohort("2.1", clock.now())
    taken = [await somebody(cohort, keys, clock.now(), f"Person {n}") for n in range(6)]
    page = (await client.get(OVER_18)).text
    assert f'<a href="/personal/grupper/{cohort.cohort_id}">' in page
    assert "5 har plats. 1 står i kö." in words_of(page)
    assert f"/personal/grupper/{others.cohort_id}" not in page
    assert "Den som redan har en plats eller står i kö prövas som förut, också om starten flyttas." in page
    assert (await post_form(client, OVER_18, {"val": "false"})).status_code == 303
    states = [(await enrolment.enrolment(one.enrolment_id)).state for one in taken]
    assert states == ["preliminary"] * 5 + ["queued"]
    assert "Nya anmälningar" not in (await client.get(f"{PAGE}/2.8/board_decision")).text


async def test_from_what_age_is_answered_in_ages(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now(), section="2.19")
    await sign_in_as(client, "kim", clock.now())
    address = f"{PAGE}/2.19/adult_included"
    shown = words_of((await client.get(address)).text)
    assert "Från 18 år: 18-åringar räknas med" in shown
    assert "Från 19 år: 18-åringar räknas inte med" in shown
    assert not {"Ja", "Nej"} & set(shown.split())
    assert (await post_form(client, address, {"val": "false"})).status_code == 303
    assert "Från 19 år: 18-åringar räknas inte med" in words_of((await client.get(PAGE)).text)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x" * 5000, "Skriv högst 200 tecken."),
        ("OAN\x00§ 12", "Det finns tecken som inte går att använda."),
        ("OAN § 12, Anna 850214-1234", "Skriv vilket beslut eller avtal det är."),
        ("OAN § 12, ring 070-174 06 05", "Skriv vilket beslut eller avtal det är."),
    ],
)
async def test_a_board_decision_that_will_not_do_is_said_as_what_it_is(
    client: httpx.AsyncClient, clock: FrozenClock, typed: str, said: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    answer = await post_form(client, f"{PAGE}/2.1/board_decision", {"val": typed})
    assert answer.status_code == 422
    assert said in words_of(answer.text)
    assert (said == "Skriv högst 200 tecken.") == ("Skriv högst 200 tecken." in words_of(answer.text))


async def a_person(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, name: str, born: date) -> Taken:
    """Somebody documented, born that day."""
    applied = await an_application(cohort, name)
    answers, record = replace(applied.answers, birth_date=born), PersonRecord(name, born.isoformat(), "", "")
    programme = await queries.programme(cohort.programme_id)
    found = await apply(replace(applied, answers=answers, record=record), programme, keys, clock.now())
    assert isinstance(found, Taken), found
    return found


async def test_who_would_be_left_out_is_named_to_those_who_work_with_them_and_the_look_is_noted(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now(), section="2.8")
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    await a_cohort("2.8", clock.now())
    others = await a_cohort("2.18", clock.now(), minimum=1, maximum=1)
    first = local_date(cohort.first_start) if cohort.first_start else date.max
    just_18 = await a_person(cohort, keys, clock, "Siv Nyss", first.replace(year=first.year - 18))
    await a_person(cohort, keys, clock, "Ove Vuxen", first.replace(year=first.year - 19))
    await a_person(others, keys, clock, "Ulf Annan", first.replace(year=first.year - 18))
    page = (await client.get(OVER_18)).text
    assert f'<a href="/personal/grupper/{cohort.cohort_id}/deltagare/{just_18.enrolment_id}">Siv Nyss</a>' in page
    assert "Ove Vuxen" not in page
    assert "Ulf Annan" not in page
    assert "Personen blir kvar: tidigare beslut står fast." in words_of(page)
    looks = await owner.fetch("select page, cohort_id, staff_id, participant_id from record_look")
    shown = (await enrolment.enrolment(just_18.enrolment_id)).participant_id
    assert [tuple(row) for row in looks] == [("readings", cohort.cohort_id, kim.staff_id, shown)]
    assert (await post_form(client, OVER_18, {"val": "false"})).status_code == 303
    assert (await enrolment.enrolment(just_18.enrolment_id)).state == "preliminary"
    # Back to the wider reading nobody is left out.
    assert "skulle falla bort" in words_of((await client.get(OVER_18)).text)


async def test_where_no_age_is_kept_only_the_ticks_are_counted(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.15", clock.now())
    for name in ("Blå", "Röd"):
        await somebody(cohort, keys, clock.now(), name)
    page = words_of((await client.get(f"{PAGE}/2.15/guardian_consent_under")).text)
    assert "Här sparas ingen ålder, så det går inte att se vem som berörs. 2 personer har kryssat i" in page
    assert "Blå" not in page
    assert await owner.fetchval("select count(*) from record_look") == 0
