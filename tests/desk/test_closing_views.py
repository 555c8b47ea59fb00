"""The checklist over HTTP: always the next step, what was typed comes back, and a receipt at the end."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.services import mark_cancelled
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    confirm,
    csrf_of,
    hidden,
    post_form,
    sign_in_as,
    somebody,
)


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


def closing_form(text: str) -> dict[str, str]:
    """What the button of the last page sends."""
    return {name: hidden(text, name) for name in ("protokoll", "sett")} | {"_csrf_token": csrf_of(text)}


async def over(
    section: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, robin: Principal
) -> tuple[CohortFacts, str]:
    """A group after its last session, with Robin signed in, and the address of its checklist."""
    cohort, _ = await a_running(section, clock, keys, robin, sessions=2)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(hours=1))
    await sign_in_as(client, "robin", clock.now())
    return cohort, f"/personal/grupper/{cohort.cohort_id}/avsluta"


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def next_step(page: str) -> str:
    found = re.search(r'class="is-next">(?:<p class="eyebrow">[^<]*</p>)?<h3>([^<]*)</h3>', page)
    assert found, "no step is next"
    return found[1]


async def a_closed_box(cohort: CohortFacts, owner: asyncpg.Connection, state: str = "waiting") -> None:
    await owner.execute(
        """insert into ballot (id, section, cohort_id, state, slips, created_on)
           values (gen_random_uuid(), $2, $1, $3, 5, '2026-10-01')""",
        cohort.cohort_id,
        cohort.section,
        state,
    )


async def test_the_checklist_always_shows_the_next_step_to_the_very_end(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, address = await over("2.1", client, clock, keys, robin)
    first, second = await session_ids(cohort)
    page = await look(client, address)
    assert "0 av 6 är klara" in page
    assert next_step(page) == "Alla tillfällen har antal"
    assert f'href="/personal/traffar/{first}/narvaro"' in page
    for session in (first, second):
        await attendance.count(session, Count(3, 2, 0), robin, clock.now())
    assert next_step(await look(client, address)) == "Hur gruppen slutade"
    saved = await post_form(client, address, {"steg": "ending", "slut": "completed"})
    assert (saved.status_code, saved.headers["location"]) == (303, address)
    assert next_step(await look(client, address)) == "Utvärderingen är stängd"
    await a_closed_box(cohort, owner)
    assert next_step(await look(client, address)) == "Hur många olika personer var med?"
    assert (await post_form(client, address, {"steg": "unique", "women": "4", "men": "2", "other": "0"})).status_code == 303
    page = await look(client, address)
    assert next_step(page) == "Gruppens egna ord"
    assert "4 kvinnor, 2 män." in page
    await owner.execute("update ballot set own_words = 'Vi hade roligt.'")
    page = await look(client, address)
    assert next_step(page) == "Listan raderas"
    assert "Senast 6 november 2026, även om inget görs." in page
    sure = await client.get(f"{address}/radera")
    assert "Det går inte att ångra." in sure.text
    done = await client.post(f"{address}/radera", data=closing_form(sure.text))
    assert done.status_code == 303
    receipt = await look(client, done.headers["location"])
    assert "Gallringsprotokoll" in receipt
    assert "Listan raderas när gruppen avslutas." in receipt
    assert "Robin" in receipt
    assert "7 oktober 2026" in receipt
    page = await look(client, address)
    assert "är avslutad" in page
    assert done.headers["location"] in page
    again = await client.post(f"{address}/radera", data=closing_form(sure.text))
    assert again.headers["location"] == done.headers["location"]


async def test_numbers_that_cannot_be_come_back_with_the_reason(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, address = await over("2.1", client, clock, keys, robin)
    for session in await session_ids(cohort):
        await attendance.count(session, Count(3, 2, 0), robin, clock.now())
    answer = await post_form(client, address, {"steg": "unique", "women": "2", "men": "2", "other": "0"})
    assert answer.status_code == 422
    assert "Som mest 5 var med på en träff" in answer.text
    assert "Alla träffar ihop är 10" in answer.text
    assert re.search(r'name="women"[^>]*value="2"', answer.text)
    answer = await post_form(client, address, {"steg": "unique", "women": "0", "men": "5", "other": "0"})
    assert answer.status_code == 422
    assert "Män: Alla träffar ihop har högst 4 män" in answer.text
    answer = await post_form(client, address, {"steg": "unique", "women": "sex", "men": "2", "other": "0"})
    assert answer.status_code == 422
    assert re.search(r'name="women"[^>]*value="sex"', answer.text)
    answer = await post_form(client, address, {"steg": "unique", "women": "5", "men": "2", "other": "", "oka": "other"})
    assert answer.status_code == 200
    assert re.search(r'name="other"[^>]*value="1"', answer.text)
    assert "Spara 8 personer" in answer.text


async def test_an_ending_outside_the_list_is_refused(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    _, address = await over("2.16", client, clock, keys, robin)
    answer = await post_form(client, address, {"steg": "ending", "slut": "flyttade till Malmö"})
    assert answer.status_code == 422
    assert "Välj hur det slutade." in answer.text
    assert await owner.fetchval("select ended_how from cohort") is None


async def test_documented_people_need_their_attendance_moved_before_closing(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, address = await over("2.7", client, clock, keys, robin)
    people = [row["id"] for row in await owner.fetch("select id from enrolment order by arrival")]
    for session in await session_ids(cohort):
        await attendance.mark(session, dict.fromkeys(people[:5], "present") | {people[5]: "no_show"}, robin, clock.now())
    await post_form(client, address, {"steg": "ending", "slut": "completed"})
    await a_closed_box(cohort, owner, "released")
    page = await look(client, address)
    assert next_step(page) == "Närvaron är förd till verksamhetssystemet"
    assert (await client.get(f"{address}/radera")).headers["location"] == address
    assert (await post_form(client, address, {"steg": "transfer"})).status_code == 422
    moved = {"steg": "transfer", "overfort": "1"}
    # A page from before the last mark confirms nothing, and is shown anew.
    stale = moved | {"sett": hidden((await client.get(address)).text, "sett")}
    await attendance.mark(session, {people[0]: "excused"}, robin, clock.now())
    for old in (stale, moved):
        told = await post_form(client, address, old)
        assert (told.status_code, "Närvaron har ändrats sedan sidan visades" in told.text) == (422, True)
    assert await owner.fetchval("select count(*) from case_transfer") == 0
    moved = moved | {"sett": hidden(told.text, "sett")}
    assert (await post_form(client, address, moved)).status_code == 303
    assert "Ta tillbaka bekräftelsen" in await look(client, address)
    await post_form(client, address, {"steg": "transfer", "tillbaka": "1"})
    assert next_step(await look(client, address)) == "Närvaron är förd till verksamhetssystemet"
    # What is noted otherwise afterwards is not over there: it is confirmed anew, at the end too.
    await post_form(client, address, moved)
    closing = (await client.get(f"{address}/radera")).text
    clock.advance(minutes=1)
    await attendance.mark(session, {people[4]: "excused"}, robin, clock.now())
    assert next_step(await look(client, address)) == "Närvaron är förd till verksamhetssystemet"
    later = clock.now() + timedelta(hours=1)
    await owner.execute("update cohort_session set state = 'planned', ends_at = $1 where id = $2", later, session)
    early = await post_form(client, address, moved)
    assert (early.status_code, "Det är för tidigt" in early.text) == (422, True)
    await owner.execute("update cohort_session set state = 'held', ends_at = $1 where id = $2", clock.now(), session)
    moved["sett"] = hidden((await client.get(address)).text, "sett")
    assert (await post_form(client, address, moved)).status_code == 303
    again = await client.post(f"{address}/radera", data=closing_form(closing))
    assert (again.status_code, "Något har ändrats sedan sidan visades" in again.text) == (422, True)
    assert await owner.fetchval("select state from cohort") != "closed"
    sure = await client.get(f"{address}/radera")
    assert "5 personer har gått klart." in sure.text
    assert "1 person kom aldrig." in sure.text
    done = await client.post(f"{address}/radera", data=closing_form(sure.text))
    assert done.headers["location"] == address
    assert "är avslutad" in await look(client, address)
    group = address.removesuffix("/avsluta")
    shown = await look(client, group)
    assert "De som var med" in shown
    assert (shown.count("Fullföljt"), shown.count("Avbrutit")) == (5, 1)
    for person in people:
        assert f'href="{group}/deltagare/{person}"' in shown
    assert "Närvarolista" in await look(client, f"{group}/utskrifter")


async def test_a_change_in_between_stops_the_erasure_and_says_so(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, address = await over("2.15", client, clock, keys, robin)
    for session in await session_ids(cohort):
        await attendance.held(session, robin, clock.now())
    await post_form(client, address, {"steg": "ending", "slut": "completed"})
    await a_closed_box(cohort, owner)
    sure = await client.get(f"{address}/radera")
    await owner.execute("update cohort set ended_how = null")
    answer = await client.post(f"{address}/radera", data=closing_form(sure.text))
    assert answer.status_code == 422
    assert "Inget är raderat." in answer.text
    assert await owner.fetchval("select count(*) from enrolment") == 6
    bad = await client.post(f"{address}/radera", data={"protokoll": "../x", "_csrf_token": csrf_of(sure.text)})
    assert bad.status_code == 303


async def test_a_receipt_is_for_those_who_work_there(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    _, address = await over("2.4", client, clock, keys, robin)
    await owner.execute("update cohort set ended_how = 'completed'")
    await owner.execute("update cohort_session set state = 'held'")
    sure = await client.get(f"{address}/radera")
    done = await client.post(f"{address}/radera", data=closing_form(sure.text))
    receipt = done.headers["location"]
    assert "hopräknat per halvår" in await look(client, receipt)
    assert (await client.get(address)).status_code == 404
    await a_leader(clock.now(), "love")
    await a_coordinator(clock.now(), "sam", section="2.7")
    await a_coordinator(clock.now(), "kim", section="2.4")
    for name, status in (("love", 404), ("sam", 404), ("kim", 200)):
        await sign_in_as(client, name, clock.now())
        assert (await client.get(receipt)).status_code == status, name
    assert (await client.get("/personal/gallring/00000000-0000-4000-8000-000000000000")).status_code == 404


async def test_sessions_to_come_must_be_cancelled_first(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.16", clock, keys, robin, sessions=4)
    clock.advance(days=1)
    await attendance.held((await session_ids(cohort))[0], robin, clock.now())
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/avsluta")
    assert "3 tillfällen är kvar." in page
    assert f'href="/personal/grupper/{cohort.cohort_id}/traffar"' in page


async def test_a_cancelled_start_of_documented_people_is_closed_without_saying_who_never_came(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Rönn")
    await confirm(taken.enrolment_id, clock.now())
    async with transaction():
        await mark_cancelled(await cohorts.locked(cohort.cohort_id), "too_few", 1, kim, clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/avsluta"
    await sign_in_as(client, "kim", clock.now())
    assert "Besked är på väg till deltagarna" in await look(client, address)
    await worker.drain(the_worker)
    # A message that waits for the morning: it is said when that is.
    await owner.execute(
        """insert into notice (id, enrolment_id, kind, state, created_at, look_again_at)
           values (gen_random_uuid(), $1, 'start_cancelled', 'waiting', $2, $3)""",
        taken.enrolment_id,
        clock.now(),
        clock.now() + timedelta(hours=22),
    )
    held = await look(client, address)
    assert "Ett besked får skickas först torsdag 3 september 08.00" in held
    assert "om några minuter" not in held
    assert "Avsluta och radera listan" not in held
    await owner.execute("delete from notice where look_again_at is not null")
    page = await look(client, address)
    assert next_step(page) == "Avsluta"
    # It never met, so none was the last.
    assert "Sista tillfället var" not in page
    assert "kom aldrig" not in await look(client, f"{address}/radera")
    sure = await client.get(f"{address}/radera")
    done = await client.post(f"{address}/radera", data=closing_form(sure.text))
    assert (done.status_code, done.headers["location"]) == (303, address)
    assert "är inställd" in await look(client, address)
