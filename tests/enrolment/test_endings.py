"""How a way through a cohort ends, what may be noted on it, and whose code is shown to whom."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.catalogue import queries as catalogue
from programmes.core.codes import grouped
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing_services
from programmes.enrolment import code_queries, place_services, queries, services
from programmes.enrolment.rules import State, ways_to_end
from programmes.enrolment.services import Taken
from programmes.enrolment.visits import step_services
from programmes.worker import Worker
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.conftest import START
from tests.desk.cast import with_a_past
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    a_programme,
    an_application,
    csrf_of,
    hidden,
    post_form,
    sign_in_as,
    somebody,
)

YES = {"v_residency": "ja", "v_own_wish": "ja", "v_no_more_extensive_need": "ja", "v_age": "ja", "fragad": "age"}


async def test_the_form_of_a_place_that_was_left_can_be_sent_again_for_a_new_one(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    programme = await catalogue.programme(cohort.programme_id)
    application = await an_application(cohort, once="x" * 32)
    first = await services.apply(application, programme, keys, clock.now())
    assert isinstance(first, Taken)
    await services.leave(first.enrolment_id, keys, clock.now())
    again = await services.apply(application, programme, keys, clock.now() + timedelta(days=3))
    assert isinstance(again, Taken)
    assert again.enrolment_id != first.enrolment_id
    assert (await queries.enrolment(again.enrolment_id)).state == "confirmed"
    assert (await queries.enrolment(first.enrolment_id)).state == "withdrawn"
    assert await code_queries.open_place(first.token, clock.now()) is None


async def test_of_a_proof_in_an_exempt_programme_only_a_tick_is_kept(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.15", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
    kept = await owner.fetchrow("select proof_checked_at, proof_checked_by, proof_ticked from enrolment")
    assert tuple(kept) == (None, None, True)
    assert await owner.fetchval("select count(*) from audit_entry where action like 'proof%'") == 0
    assert "Kontrollerad. Ingen kopia är sparad." in (await client.get(person)).text
    with pytest.raises(asyncpg.CheckViolationError, match="proof_of_nobody_is_a_tick"):
        await owner.execute("update enrolment set proof_checked_at = applied_at")


async def test_of_a_proof_in_a_documented_programme_when_and_by_whom_is_kept(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    taken = await somebody(await a_cohort("2.8", clock.now()), keys, clock.now())
    await step_services.note_proof(taken.enrolment_id, kim.staff_id, (await a_programme("2.8"))[1], clock.now())
    kept = await owner.fetchrow("select proof_checked_at, proof_checked_by, proof_ticked from enrolment")
    assert tuple(kept) == (clock.now(), kim.staff_id, None)
    assert await owner.fetchval("select count(*) from audit_entry where action = 'proof:checked'") == 1


async def test_nobody_drops_out_of_a_queue_or_before_the_start(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    holder, waiting = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
    await sign_in_as(client, "kim", clock.now())
    pages = [f"/personal/grupper/{cohort.cohort_id}/deltagare/{p.enrolment_id}" for p in (holder, waiting)]
    for person in pages:
        assert 'value="dropped_out"' not in (await client.get(person)).text
        answer = await post_form(client, f"{person}/avsluta", {"slut": "dropped_out"}, person)
        assert answer.status_code == 422
        assert "Det går att fullfölja eller avbryta först när" in answer.text
    assert (await queries.enrolment(holder.enrolment_id)).state == "confirmed"
    assert (await queries.enrolment(waiting.enrolment_id)).state == "queued"
    assert (await post_form(client, f"{pages[1]}/avsluta", {"slut": "declined"}, pages[1])).status_code == 303
    assert (await queries.enrolment(waiting.enrolment_id)).state == "declined"
    assert cohort.first_start
    clock.set(cohort.first_start)
    await sign_in_as(client, "kim", clock.now())
    page = (await client.get(pages[0])).text
    assert 'value="dropped_out"' in page
    assert 'value="completed"' not in page, "a group is not completed before its last session"
    assert (await post_form(client, f"{pages[0]}/avsluta", {"slut": "completed"}, pages[0])).status_code == 422
    assert cohort.last_end
    clock.set(cohort.last_end)
    await sign_in_as(client, "kim", clock.now())
    page = (await client.get(pages[0])).text
    for way in ("completed", "dropped_out", "declined"):
        assert f'value="{way}"' in page
    assert (await post_form(client, f"{pages[0]}/avsluta", {"slut": "dropped_out"}, pages[0])).status_code == 303
    assert (await queries.enrolment(holder.enrolment_id)).state == "dropped_out"


async def test_a_visit_is_not_marked_before_its_day(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    taken = await somebody(cohort, keys, clock.now())
    starts = clock.now() + timedelta(days=5)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, kim.staff_id, 5, clock.now()
    )
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    for outcome in ("attended", "missed"):
        with pytest.raises(Conflict, match="visit_not_yet"):
            await step_services.mark_visit(taken.enrolment_id, outcome, kim.staff_id, programme, clock.now())  # type: ignore[arg-type]
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.state == "booked"


async def test_the_code_of_who_applied_on_the_web_is_shown_to_no_staff(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.12", clock.now(), robin, sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    code = grouped(place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code)
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    client.cookies.set("handover", "0" * 32)
    assert code not in (await client.get(f"{person}?kod=1")).text


async def test_staff_who_enrol_somebody_are_shown_the_code_once_and_nobody_else_is(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=4)
    await sign_in_as(client, "robin", clock.now())
    form = f"/personal/grupper/{cohort.cohort_id}/anmal"
    shown = await client.get(form)
    data = {**YES, "_csrf_token": csrf_of(shown.text), "once": hidden(shown.text, "once")}
    answer = await client.post(form, data=data)
    assert answer.status_code == 303
    person = answer.headers["location"]
    assert data["once"] not in person
    [enrolled] = await queries.enrolments(cohort.cohort_id, ["confirmed"])
    code = grouped(place_services.unseal(enrolled, keys).code)
    assert code in (await client.get(person)).text
    assert await owner.fetchval("select staff_id from audit_entry where action = 'code:hand_over'") == robin.staff_id
    assert code not in (await client.get(person)).text
    other = await somebody(cohort, keys, clock.now())
    await client.post(form, data=data)
    elsewhere = f"/personal/grupper/{cohort.cohort_id}/deltagare/{other.enrolment_id}"
    assert not re.search(r'class="code">', (await client.get(elsewhere)).text)
    clock.advance(minutes=11)
    assert code not in (await client.get(person)).text


async def test_an_offer_that_ran_out_is_told_whether_a_record_remains_or_not(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for section in ("2.18", "2.1"):
        cohort = await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=4)
        holder, second = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
        await services.leave(holder.enrolment_id, keys, clock.now())
        assert (await queries.enrolment(second.enrolment_id)).state == "offered"
    clock.advance(days=6)
    await worker.drain(the_worker)
    told = await owner.fetch(
        """select p.section from notice n join enrolment e on e.id = n.enrolment_id join cohort c on c.id = e.cohort_id
           join programme p on p.id = c.programme_id where n.kind = 'offer_expired'"""
    )
    assert sorted(row["section"] for row in told) == ["2.1", "2.18"]


async def test_who_is_ended_by_staff_is_told_and_who_leaves_is_not(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    ended, gone = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
    assert await services.end_by_staff(ended.enrolment_id, "declined", kim.staff_id, keys, clock.now())
    await services.leave(gone.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    told = await owner.fetch("select enrolment_id from notice where kind = 'place_left'")
    assert [row["enrolment_id"] for row in told] == [ended.enrolment_id]


async def test_a_child_without_a_guardians_yes_is_done_when_the_age_has_been_shown(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.10", clock.now(), minimum=1, maximum=1, sessions=3)
    alone = await an_application(cohort, "Bo", "")
    alone = replace(alone, answers=replace(alone.answers, age_band="12_17", guardian_consent=None))
    programme = (await a_programme("2.10"))[1]
    taken = await services.apply(alone, programme, keys, clock.now())
    assert isinstance(taken, services.Taken)
    assert (await queries.enrolment(taken.enrolment_id)).state == "preliminary"
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Visa sin ålder, eftersom ingen vårdnadshavare har sagt ja" in (await client.get(person)).text
    assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"


async def test_a_child_with_a_guardians_yes_need_not_show_it(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.10", clock.now(), minimum=1, maximum=1, sessions=3)
    with_yes = await an_application(cohort, "Bo", "")
    with_yes = replace(with_yes, answers=replace(with_yes.answers, age_band="under_12", guardian_consent=True))
    taken = await services.apply(with_yes, (await a_programme("2.10"))[1], keys, clock.now())
    assert isinstance(taken, services.Taken)
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"


@pytest.mark.parametrize(
    ("state", "hours", "ways"),
    [
        ("confirmed", -1, ("declined",)),
        ("confirmed", 0, ("completed", "dropped_out", "declined")),
        ("preliminary", 0, ("dropped_out", "declined")),
        ("offered", 0, ("declined",)),
        ("queued", 0, ("declined",)),
    ],
)
def test_how_it_may_have_ended_depends_on_what_there_was(state: State, hours: int, ways: tuple[str, ...]) -> None:
    assert ways_to_end(state, START, START + timedelta(hours=hours)) == ways
    assert ways_to_end(state, None, START) == ("declined",)
    early = ways_to_end(state, START, START + timedelta(hours=hours), START.date() + timedelta(days=1))
    assert early == tuple(way for way in ways if way != "completed")


async def test_staff_note_that_somebody_completed_and_closing_keeps_it(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, the_worker: Worker
) -> None:
    robin = await a_leader(clock.now())
    cohort, people, _held = await with_a_past("2.7", clock, keys, robin, owner)
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{people[0]}"
    assert (await post_form(client, f"{person}/avsluta", {"slut": "completed"}, person)).status_code == 303
    assert "Fullföljd" in (await client.get(person)).text
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from notice where kind = 'place_left'") == 1
    for session in await session_ids(cohort):
        await attendance.mark(session, dict.fromkeys(people[:5], "present"), robin, clock.now())
    await closing_services.set_ending(cohort.cohort_id, "ended_early", robin, clock.now())
    await closing_services.confirm_transfer(cohort.cohort_id, robin, clock.now())
    assert isinstance(
        await closing_services.close(cohort.cohort_id, uuid4(), robin, keys, clock.now()), closing_services.Closed
    )
    found = {row["id"]: row["state"] for row in await owner.fetch("select id, state from enrolment")}
    assert [found[p] for p in people] == ["completed", *["dropped_out"] * 4, "withdrawn"]
