"""Who has no e-mail is rung: the offer by name, changes as a list to work through; and their yes is noted."""

import re
from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import services, session_services
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.records import details_services
from programmes.people.records import PersonRecord
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, an_application, documented, post_form, sign_in_as, somebody

PHONE = "+46700000001"


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def look(client: httpx.AsyncClient, address: str = "/personal/idag") -> str:
    answer = await client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def tell_the_first(client: httpx.AsyncClient, calls: str, page: str = "") -> None:
    """Tick that the first on the list has been told what stands there."""
    source = page or await look(client, calls)
    who = re.search(r'name="vem" value="([0-9a-f-]+)"(.*?)</form>', source)
    assert who
    notices = re.findall(r'name="besked" value="([0-9a-f-]+)"', who[2])
    assert notices
    assert (await post_form(client, calls, {"vem": who[1], "besked": notices}, calls)).status_code == 303


async def move_by_a_day(session_id: int, who: Principal, clock: FrozenClock) -> None:
    clock.advance(minutes=1)
    _cohort, session = await cohorts.my_session(who, local_date(clock.now()), session_id)
    day = timedelta(days=1)
    refused = await session_services.move_session(
        session_id, session.starts_at + day, session.ends_at + day, session.venue_id, who, clock.now()
    )
    assert not refused


@pytest.mark.parametrize("said", ["ja", "nej"])
async def test_who_only_has_a_telephone_is_rung_about_an_offer_and_the_answer_is_noted(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
    said: str,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1, maximum=1)
    holder = await somebody(cohort, keys, clock.now(), "Ek")
    waiting = await somebody(cohort, keys, clock.now(), "Ugglan", PHONE)
    await enrolment.leave(holder.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{waiting.enrolment_id}"
    page = await look(client)
    assert f'href="{person}">Ring Ugglan</a>' in page
    assert "Svar senast torsdag 3 september 14.00." in page
    page = await look(client, person)
    assert "Tackar ja" in page
    assert (await post_form(client, f"{person}/erbjudande", {"svar": "kanske"}, person)).status_code == 404
    assert (await post_form(client, f"{person}/erbjudande", {"svar": said}, person)).status_code == 303
    state = (await queries.enrolment(waiting.enrolment_id)).state
    assert state == ("confirmed" if said == "ja" else "declined")
    action = "offer:yes" if said == "ja" else "offer:no"
    assert await owner.fetchval("select staff_id from audit_entry where action = $1", action) == robin.staff_id
    assert "Ugglan" not in await look(client)
    assert "Tackar ja" not in await look(client, person)


async def test_a_documented_name_read_on_idag_leaves_a_trace(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1)
    holder = await somebody(cohort, keys, clock.now(), "Anna Ask")
    await somebody(cohort, keys, clock.now(), "Bo Bok", PHONE)
    await look(client)
    assert await owner.fetchval("select count(*) from record_look") == 0
    await enrolment.leave(holder.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    assert "Bo Bok" in await look(client)
    assert [tuple(row) for row in await owner.fetch("select page, staff_id from record_look")] == [("today", robin.staff_id)]


async def test_a_cancelled_session_is_told_by_telephone_where_mail_cannot_and_then_it_is_done(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    for name, contact in (("Ek", PHONE), ("Lind", PHONE), ("Mejl", "mejl@example.invalid"), ("Tyst", "")):
        await somebody(cohort, keys, clock.now(), name, contact)
    await worker.drain(the_worker)
    assert "Ring " not in await look(client)
    clock.advance(minutes=1)
    first = (await session_ids(cohort))[0]
    assert not await session_services.cancel_session(first, False, robin, clock.now())
    await worker.drain(the_worker)
    page = await look(client)
    calls = f"/personal/grupper/{cohort.cohort_id}/ring"
    assert f'href="{calls}">Ring 2 personer i' in page
    page = await look(client, calls)
    assert "Det blir inget onsdag 30 september 10.00." in page
    assert "Ek" in page
    assert "Tyst" not in page
    for _ in range(2):
        await tell_the_first(client, calls)
    page = await look(client, calls)
    assert "Ingen behöver ringas" in page
    assert "1 person ser det bara på Min plats." in page
    assert "Ring " not in await look(client)
    await a_leader(clock.now(), "love")
    await sign_in_as(client, "love", clock.now())
    assert (await client.get(calls)).status_code == 404


async def test_every_change_is_listed_and_only_what_was_shown_is_ticked(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    first, second, third = (await session_ids(cohort))[:3]
    await move_by_a_day(first, robin, clock)
    await move_by_a_day(second, robin, clock)
    assert not await session_services.cancel_session(third, True, robin, clock.now())
    await worker.drain(the_worker)
    calls = f"/personal/grupper/{cohort.cohort_id}/ring"
    assert "Ring 1 person i" in await look(client)
    before = await look(client, calls)
    assert before.count("Det som skulle vara ") == 2
    assert before.count("Det blir inget") == 1
    assert re.search(r"Det blir inget onsdag 14 oktober [0-9.]+ I stället blir det onsdag 9 december [0-9.]+", before)
    assert before.count("Har fått veta") == 1, "one person, one call"
    # Somebody moves the first session again while the leader is on the telephone.
    await move_by_a_day(first, robin, clock)
    await worker.drain(the_worker)
    await tell_the_first(client, calls, before)
    after = await look(client, calls)
    assert re.search(r"Det som skulle vara onsdag 30 september [0-9.]+ är fredag 2 oktober", after)
    assert after.count("Det som skulle vara ") == 1
    assert "Det blir inget" not in after
    await tell_the_first(client, calls)
    assert "Alla har fått veta" in await look(client, calls)


async def test_who_was_to_be_rung_and_is_reached_otherwise_since_is_still_to_be_told(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, minimum=1)
    programme = await catalogue.programme(cohort.programme_id)
    by_phone = PersonRecord("Anna Ek", "1985-02-14", contact=PHONE, safe=("call",))
    application = documented(await an_application(cohort, today=local_date(clock.now())), by_phone)
    taken = await enrolment.apply(application, programme, keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    await worker.drain(the_worker)
    await move_by_a_day((await session_ids(cohort))[0], robin, clock)
    await worker.drain(the_worker)
    calls = f"/personal/grupper/{cohort.cohort_id}/ring"
    moved = "Det som skulle vara onsdag 30 september"
    assert moved in await look(client, calls)
    by_mail = replace(by_phone, contact="anna@example.invalid", safe=("email",))
    await details_services.correct(taken.enrolment_id, by_mail, False, robin.staff_id, keys, clock.now())
    await worker.drain(the_worker)
    assert moved in await look(client, calls)
    assert "Ring 1 person i" in await look(client)
    await tell_the_first(client, calls)
    assert moved not in await look(client, calls)


async def test_a_start_is_told_by_telephone_and_loses_no_change_that_came_before(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    await move_by_a_day((await session_ids(cohort))[0], robin, clock)
    await worker.drain(the_worker)
    async with transaction():
        await services.mark_started(await cohorts.locked(cohort.cohort_id), 1, kim, clock.now())
    await worker.drain(the_worker)
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    assert "Det blir av, enligt planen." in page
    assert re.search(r"Det som skulle vara onsdag 30 september [0-9.]+ är torsdag 1 oktober", page)


async def test_what_is_about_the_whole_start_outruns_what_was_about_one_session(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    await move_by_a_day((await session_ids(cohort))[0], robin, clock)
    await worker.drain(the_worker)
    clock.advance(minutes=1)
    async with transaction():
        await services.mark_cancelled(cohort, "too_few", 0, kim, clock.now())
    await worker.drain(the_worker)
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    assert "Starten är inställd." in page
    assert "Ny tid eller plats" not in page


async def test_a_cancelled_start_is_told_by_telephone_too(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    # Who wants no messages sees it on Min plats, and nobody rings.
    await somebody(cohort, keys, clock.now(), "Alm")
    await worker.drain(the_worker)
    clock.advance(minutes=1)
    async with transaction():
        await services.mark_cancelled(cohort, "too_few", 0, kim, clock.now())
    await worker.drain(the_worker)
    assert "Ring 1 person i" in await look(client)
    closing = (await client.get(f"/personal/grupper/{cohort.cohort_id}/avsluta/radera")).text
    assert "1 person är inte uppringd än" in closing, "afterwards nobody can tell who was to be rung"
    clock.advance(days=31)
    await sign_in_as(client, "robin", clock.now())
    assert "Ring 1 person i" not in await look(client)


async def test_a_change_that_is_over_needs_no_call(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    clock.advance(minutes=1)
    assert not await session_services.cancel_session((await session_ids(cohort))[0], False, robin, clock.now())
    await worker.drain(the_worker)
    assert "Ring 1 person i" in await look(client)
    clock.advance(days=28, hours=3)
    await sign_in_as(client, "robin", clock.now())
    assert "Ring 1 person i" not in await look(client)
    assert cohort.first_start
    assert clock.now() > cohort.first_start + timedelta(hours=2)


@pytest.mark.parametrize("how", ["wrong", "short", "lost"])
@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_whose_details_cannot_be_read_stays_on_the_list_and_stops_nothing_for_the_others(
    how: str,
    section: str,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
) -> None:
    kim = await a_coordinator(clock.now(), section=section)
    cohort = await a_cohort(section, clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await somebody(cohort, keys, clock.now(), "Lind", PHONE)
    await worker.drain(the_worker)
    facts = await queries.enrolment(taken.enrolment_id)
    kind, key_id = ("person", facts.participant_id) if facts.participant_id else ("entry", facts.key_id)
    [file] = keys._folder.rglob(f"{kind}/**/{key_id}.key")
    if how == "lost":
        file.unlink()
    else:
        file.write_bytes(b"x" * (32 if how == "wrong" else 16))
    clock.advance(minutes=1)
    session = (await session_ids(cohort))[0]
    group, start = f"/personal/grupper/{cohort.cohort_id}", f"/personal/starter/{cohort.cohort_id}"
    await sign_in_as(client, "kim", clock.now())
    for address in (group, f"/personal/traffar/{session}/stall-in", f"{start}/stall-in", f"{start}/skjut-upp"):
        assert (await client.get(address)).status_code == 200, address
    await sign_in_as(client, "robin", clock.now())
    assert not await session_services.cancel_session(session, False, kim, clock.now())
    await worker.drain(the_worker)
    assert f'href="{group}/ring">' in await look(client)
    page = await look(client, f"{group}/ring")
    assert "Alla har fått veta" not in page
    assert "Deltagare 1 (uppgifterna kan inte läsas)" in page
