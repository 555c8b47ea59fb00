"""A series of talks starts with one button or with its first talk; what ends early is cancelled at once, told once."""

import re
from dataclasses import replace

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing_services
from programmes.desk.closing.kept_pages import what_happens
from programmes.desk.place.pages import state_of
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, an_application, post_form, sign_in_as, somebody


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.headers.get("location")
    return re.sub(r"\s+", " ", answer.text)


async def test_the_talks_of_a_series_are_started_by_its_leader_when_somebody_holds_the_place(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1, sessions=12)
    address = f"/personal/grupper/{cohort.cohort_id}"
    assert "Starta samtalen" not in await look(client, address)
    nobody = await post_form(client, f"{address}/starta-samtal", {}, address)
    assert nobody.status_code == 409
    # Whoever is signed in is where they were: with the menu of staff, not that of the public.
    assert "Logga ut" in nobody.text
    assert "Lämna sidan snabbt" not in nobody.text
    await somebody(cohort, keys, clock.now())
    assert f'href="{address}/starta-samtal"' in await look(client, address)
    assert "Det går inte att ångra." in await look(client, f"{address}/starta-samtal")
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"
    for _ in range(2):
        assert (await post_form(client, f"{address}/starta-samtal", {}, address)).status_code == 303
    assert (await client.get(f"{address}/starta-samtal")).headers["location"] == address
    assert (await cohorts.by_id(cohort.cohort_id)).state == "started"
    assert "Pågår" in await look(client, address)
    assert await owner.fetchval("select count(*) from audit_entry where action = 'cohort:begin'") == 1
    group = await a_cohort("2.1", clock.now(), robin)
    assert (await post_form(client, f"/personal/grupper/{group.cohort_id}/starta-samtal", {}, address)).status_code == 404


async def test_an_age_that_must_be_shown_comes_before_the_talks_start_and_the_start_says_so(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.10", clock.now(), robin, minimum=1, maximum=1, sessions=4)
    programme = await catalogue.programme(cohort.programme_id)
    alone = await an_application(cohort, today=clock.now().date())
    alone = replace(alone, answers=replace(alone.answers, age_band="12_17", guardian_consent=None))
    taken = await enrolment.apply(alone, programme, keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    address = f"/personal/grupper/{cohort.cohort_id}"
    person = f"{address}/deltagare/{taken.enrolment_id}"
    shown = await look(client, address)
    assert "Kontrollera åldern" in shown
    assert f'href="{address}/starta-samtal"' not in shown
    assert "Åldern är inte visad än" in await look(client, f"{address}/starta-samtal")
    assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
    assert f'href="{address}/starta-samtal"' in await look(client, address)
    assert "Åldern är inte visad än" not in await look(client, f"{address}/starta-samtal")


async def test_noting_the_first_talk_starts_the_series(robin: Principal, clock: FrozenClock, keys: KeyFolder) -> None:
    cohort = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1, sessions=12)
    taken = await somebody(cohort, keys, clock.now())
    assert cohort.first_start
    clock.set(cohort.first_start)
    first = (await session_ids(cohort))[0]
    await attendance.mark(first, {taken.enrolment_id: "present"}, robin, clock.now())
    assert (await cohorts.by_id(cohort.cohort_id)).state == "started"


async def test_asking_to_decide_upon_what_is_not_decided_leads_to_its_page(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    series = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1)
    running, _ = await a_running("2.1", clock, keys, robin)
    await sign_in_as(client, "kim", clock.now())
    for cohort in (series, running):
        answer = await client.get(f"/personal/starter/{cohort.cohort_id}/starta")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/personal/grupper/{cohort.cohort_id}"


async def test_what_is_left_of_a_series_is_cancelled_with_one_confirmation_and_told_once(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, people = await a_running("2.18", clock, keys, robin, ("Al",), sessions=12)
    first = (await session_ids(cohort))[0]
    await attendance.mark(first, dict.fromkeys(people, "present"), robin, clock.now())
    clock.advance(hours=3)
    await sign_in_as(client, "robin", clock.now())
    closing = f"/personal/grupper/{cohort.cohort_id}/avsluta"
    assert f'href="{closing}/i-fortid"' in await look(client, closing)
    page = await look(client, f"{closing}/i-fortid")
    assert "11 samtal ställs in på en gång. 1 ser det bara på Min plats. Det går inte att ångra." in page
    assert "Ställ in 11 samtal" in page
    stale = await post_form(client, f"{closing}/i-fortid", {"sett": "3"})
    assert stale.status_code == 409
    assert (await post_form(client, f"{closing}/i-fortid", {"sett": "11"})).status_code == 303
    counted = await owner.fetch("select state, count(*) as n from cohort_session group by state order by state")
    assert [(row["state"], row["n"]) for row in counted] == [("cancelled", 11), ("held", 1)]
    assert await owner.fetchval("select count(*) from pgqueuer where entrypoint like '%cancelled'") == 1
    assert await owner.fetchval("select ended_how from cohort") == "ended_early"
    assert (await client.get(f"{closing}/i-fortid")).status_code == 303
    assert "tillfällen är kvar" not in await look(client, closing)


async def test_a_group_that_has_not_started_is_decided_upon_and_not_ended(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    group = await a_cohort("2.1", clock.now(), robin)
    address = f"/personal/grupper/{group.cohort_id}/avsluta"
    assert f'href="{address}/i-fortid"' not in await look(client, address)
    assert (await client.get(f"{address}/i-fortid")).status_code == 303
    refused = await post_form(client, f"{address}/i-fortid", {"sett": "10"}, f"/personal/grupper/{group.cohort_id}/traffar")
    assert refused.status_code == 409


async def test_an_open_meeting_place_ends_early_at_once_too(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("3.1", clock.now(), robin, sessions=4)
    address = f"/personal/grupper/{cohort.cohort_id}/avsluta/i-fortid"
    assert "Ställ in 4 öppettillfällen" in await look(client, address)
    assert (await post_form(client, address, {"sett": "4"})).status_code == 303
    assert await owner.fetchval("select count(*) from cohort_session where state = 'cancelled'") == 4


async def test_a_series_is_spoken_of_as_talks_and_only_what_there_is_is_kept(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.14", clock, keys, robin, ("Al",), sessions=5)
    await sign_in_as(client, "robin", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    page = await look(client, f"{group}/avsluta")
    for words in ("När samtalen är avslutade", "Närvaro per samtal"):
        assert words in page
    for words in ("När gruppen är avslutad", "Summor från utvärderingen", "Närvaro per träff"):
        assert words not in page
    overview = await look(client, group)
    assert "Ändra samtal" in overview
    _first, _second, third, *_rest = await session_ids(cohort)
    at = (await cohorts.sessions(cohort.cohort_id))[1].starts_at
    move = {"dag": at.date().isoformat(), "fran": "10:30", "till": "11:30", "lokal": str(cohort.venue_id), "sedd": "0"}
    clash = await post_form(client, f"/personal/traffar/{third}/flytta", dict(move))
    assert "Det finns redan ett samtal då." in clash.text


async def test_a_start_that_never_took_place_keeps_no_attendance_and_abc_has_no_study_visits() -> None:
    assert "Studiebesök och godkännanden" not in what_happens("count", "group").gone
    for kind in ("names", "count", "held"):
        kept = " ".join(what_happens(kind, "group", held=False).kept)
        assert "Närvaro" not in kept
        assert "Antal" not in kept
        assert "utvärdering" not in kept


async def test_a_series_that_ended_before_its_first_talk_is_led_to_its_closing_and_erased_in_time(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.10", clock.now(), robin, minimum=1, maximum=1, sessions=3)
    taken = await somebody(cohort, keys, clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    await owner.execute("update cohort set state = 'started'")
    assert (
        await post_form(client, f"{group}/avsluta/i-fortid", {"sett": "3"}, f"{group}/avsluta/i-fortid")
    ).status_code == 303
    listed = await look(client, f"{group}/traffar")
    assert [f"Skulle ha varit samtal {n}" in listed for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert "Alla tillfällen är inställda." in await look(client, group)
    paper = await look(client, f"{group}/utskrifter")
    assert "Inga samtal är kvar." in paper
    assert "skulle säga mer" not in paper
    assert "Blev inte av" in await look(client, f"{group}/avsluta")
    await worker.drain(the_worker)
    checklist = await look(client, f"{group}/avsluta?steg=ending")
    assert "även om inget görs" in checklist
    assert 'value="ended_early"' in checklist
    assert 'value="completed"' not in checklist, "no talk was held as planned"
    sent = await post_form(client, f"{group}/avsluta", {"steg": "ending", "slut": "completed"})
    assert sent.status_code == 409
    assert await owner.fetchval("select ended_how from cohort") == "cancelled"
    facts, now = await enrolments.enrolment(taken.enrolment_id), await cohorts.by_id(cohort.cohort_id)
    assert state_of(facts, now, clock.now()) == "cancelled", "Min plats does not say that there is a place"
    await worker.drain(the_worker)
    clock.advance(days=29)
    await closing_services.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from enrolment") == 1
    clock.advance(days=2)
    await closing_services.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from enrolment") == 0


async def test_nobody_is_ended_one_by_one_in_a_start_that_was_cancelled(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.17", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Avsluta för den här personen" in await look(client, person)
    await owner.execute("update cohort_session set state = 'cancelled', number = null, cancelled_at = revised_at")
    await owner.execute("update cohort set state = 'cancelled'")
    assert "Avsluta för den här personen" not in await look(client, person)
    assert (await post_form(client, f"{person}/avsluta", {"slut": "declined"}, person)).status_code == 409
    assert (await enrolments.enrolment(taken.enrolment_id)).state in {"preliminary", "confirmed"}
