"""A booked study visit goes with the place, and comes back with it while there is room."""

import asyncpg
import httpx
import pytest

from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.leaving import refusal_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.enrolment.test_visit_changes import a_slot, look
from tests.factories import a_cohort, a_coordinator, a_leader, a_programme, csrf_of, hidden, post_form, sign_in_as, somebody


@pytest.mark.parametrize("by", ["person", "staff"])
@pytest.mark.parametrize("meanwhile", ["", "full", "cancelled", "over", "removed"])
async def test_the_study_visit_comes_back_with_the_place_while_there_is_room(
    by: str, meanwhile: str, db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    robin = await a_leader(clock.now())
    slot = await a_slot(cohort, clock, robin, days=2, capacity=1)
    taken, other = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    if by == "person":
        await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    else:
        programme = (await a_programme("2.8"))[1]
        await refusal_services.refuse(taken.enrolment_id, ["residency"], programme, 1, clock.now())
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.visit, facts.left_slot_id) == (None, slot)
    if meanwhile == "full":
        await step_services.book_visit(other.enrolment_id, slot, clock.now())
    elif meanwhile == "cancelled":
        await visit_services.cancel_slot(cohort.cohort_id, slot, 0, robin.staff_id, clock.now())
    elif meanwhile == "removed":
        await visit_services.remove_slot(cohort.cohort_id, slot, robin.staff_id, clock.now())
    elif meanwhile == "over":
        await owner.execute("update visit_slot set starts_at = $2 where id = $1", slot, clock.now())
    for _again in range(2):
        if by == "person":
            await leaving_services.undo(taken.enrolment_id, clock.now())
        else:
            await refusal_services.take_back(taken.enrolment_id, 1, clock.now())
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.left_slot_id) == ("preliminary", None)
    # A time that the office took never costs the place; of another there is a week to book.
    assert (facts.visit_cancelled_at is not None) == (meanwhile in {"cancelled", "removed"})
    assert (facts.visit_anew_since is not None) == (meanwhile in {"full", "cancelled", "over"})
    booked = (facts.visit.slot_id, facts.visit.state) if facts.visit else None
    assert booked == (None if meanwhile else (slot, "booked"))


@pytest.mark.parametrize("by", ["person", "staff"])
async def test_a_visit_whose_time_has_come_is_noted_by_staff_whatever_was_left_and_taken_back(
    by: str, db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort, programme = await a_cohort("2.8", clock.now()), (await a_programme("2.8"))[1]
    robin = await a_leader(clock.now())
    slot = await a_slot(cohort, clock, robin, days=2)
    taken = await somebody(cohort, keys, clock.now(), "Al")
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    clock.advance(days=2, hours=2)
    if by == "person":
        await leaving_services.leave(taken.enrolment_id, keys, clock.now())
        await leaving_services.undo(taken.enrolment_id, clock.now())
    else:
        await refusal_services.refuse(taken.enrolment_id, ["residency"], programme, 1, clock.now())
        await refusal_services.take_back(taken.enrolment_id, 1, clock.now())
    await step_services.mark_visit(taken.enrolment_id, "attended", robin.staff_id, programme, clock.now())
    facts = await queries.enrolment(taken.enrolment_id)
    assert facts.visit
    assert (facts.visit.state, facts.visit_anew_since) == ("attended", None)


async def test_what_becomes_of_the_visit_is_said_before_and_nothing_is_left_when_the_hour_is_over(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    slot = await a_slot(cohort, clock, await a_leader(clock.now()), days=2)
    await a_coordinator(clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Al")
    await sign_in_as(client, "kim", clock.now())
    refusing = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/villkor"
    comes_back = "följer besöket med om tiden är kvar då, men inte med en tur i kön"
    assert comes_back not in await look(client, refusing)
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    assert comes_back in await look(client, refusing)
    client.cookies.set("place", taken.token)
    leaving = await look(client, "/min-plats/lamna")
    assert "Ångrar du dig och får platsen igen får du också besöket, om tiden är kvar då." in leaving
    assert "Får du stå i kön i stället kommer besöket inte tillbaka" in leaving
    assert (await post_form(client, "/min-plats/lamna", {}, "/min-plats/lamna")).status_code == 303
    assert "Studiebesöket får du också tillbaka om tiden är kvar" in await look(client, "/min-plats")
    clock.advance(minutes=61)
    await leaving_services.forget_left(keys, clock.now())
    assert (await queries.enrolment(taken.enrolment_id)).left_slot_id is None


async def test_when_only_the_turn_in_the_queue_comes_back_the_visit_is_not_promised_and_does_not(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=1)
    slot = await a_slot(cohort, clock, await a_leader(clock.now()), days=2)
    taken, waits = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    client.cookies.set("place", taken.token)
    assert (await post_form(client, "/min-plats/lamna", {}, "/min-plats/lamna")).status_code == 303
    assert (await queries.enrolment(waits.enrolment_id)).state == "offered"
    left = await look(client, "/min-plats")
    assert "Du får stå i kön, med den tid då du först anmälde dig. Studiebesöket kommer inte tillbaka." in left
    assert "Studiebesöket får du också tillbaka" not in left
    assert await leaving_services.undo(taken.enrolment_id, clock.now()) == "queue"
    assert (await queries.enrolment(taken.enrolment_id)).visit is None


@pytest.mark.parametrize("by", ["person", "staff"])
async def test_a_visit_that_was_booked_in_another_tab_is_not_cancelled_from_the_page_that_showed_the_one_before(
    by: str, db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    robin = await a_leader(clock.now())
    first, second = [await a_slot(cohort, clock, robin, days=days) for days in (2, 3)]
    await a_coordinator(clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Al")
    await step_services.book_visit(taken.enrolment_id, first, clock.now())
    client.cookies.set("place", taken.token)
    page, action = "/min-plats", "/min-plats/studiebesok/avboka"
    if by == "staff":
        await sign_in_as(client, "kim", clock.now())
        page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
        action = f"{page}/besok"
    shown = await look(client, page)
    form = {"_csrf_token": csrf_of(shown), "sett": hidden(shown, "sett"), "utfall": "avboka"}
    await step_services.book_visit(taken.enrolment_id, second, clock.now())
    stale = await client.post(action, data=form)
    assert (stale.status_code, "Studiebesöket har ändrats" in stale.text) == (409, True)
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.slot_id == second
    now_shown = form | {"sett": hidden(await look(client, page), "sett")}
    assert (await client.post(action, data=now_shown)).status_code == 303
    assert (await queries.enrolment(taken.enrolment_id)).visit is None
