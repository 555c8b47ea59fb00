"""Återfallsprevention, the whole way.

A coordinator opens a cohort and offers study visits. Nine people apply, three of them from their phones: eight hold places,
the ninth is queued. Seven come on a study visit and accept conditions and rules. One leaves, and the ninth is offered the
place and takes it. Six are confirmed at the start. Ten sessions are held, one of them moved, one cancelled and replaced.
Slips for all, six answers, closed, results. A seventeen-year-old and somebody registered elsewhere are refused with every
reason.
"""

from datetime import timedelta

import asyncpg
from playwright.async_api import Page, expect

from programmes import worker
from programmes.attendance import queries as attendances
from programmes.attendance import services as attendance
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local
from programmes.core.codes import grouped
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, somebody
from tests.journeys.acts import (
    apply_by_name,
    open_cohort,
    open_place,
    place_code,
    print_slips,
    roll_call,
    sign_in,
    take_place,
    vote,
    yes_to_all,
)
from tests.journeys.conftest import NewContext

NAMES = ["Al", "Bok", "Ek", "Hägg", "Lönn", "Oxel", "Pil", "Rönn", "Tall"]
RULES = ["Det som sägs i gruppen stannar i gruppen."]


async def write_texts(desk: Page) -> None:
    """The coordinator writes the conditions and the rules."""
    for kind, line in (("Villkor", "Jag är nykter under träffarna."), ("Regler i gruppen", RULES[0])):
        await desk.goto("/personal/texter")
        await desk.get_by_label("Insats").select_option("2.8")
        await desk.get_by_label("Vilken text?").select_option(label=kind)
        await desk.get_by_label("På svenska").fill(line)
        await desk.get_by_label("På engelska").fill("In English.")
        await desk.get_by_role("button", name="Se vilka som berörs").click()
        await expect(desk.get_by_text("Ingen behöver godkänna igen.")).to_be_visible()
        await desk.get_by_role("button", name="Spara ny version").click()
        await expect(desk.get_by_text(line)).to_be_visible()


async def offer_visits(desk: Page, cohort_id: int, day: str) -> None:
    """A study visit with room for everybody."""
    await desk.goto(f"/personal/grupper/{cohort_id}/studiebesok")
    await desk.get_by_label("Dag", exact=True).fill(day)
    # Ten minutes from now: it can still be booked, and be noted already.
    await desk.get_by_label("Börjar").fill("10:10")
    await desk.get_by_label("Slutar").fill("11:00")
    await desk.get_by_label("Hur många kan komma?").fill("10")
    await desk.get_by_role("button", name="Lägg till tiden").click()
    await expect(desk.get_by_text("10 platser kvar.")).to_be_visible()


async def apply_all(
    new_context: NewContext, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> dict[str, tuple[Page, str]]:
    """Nine people, each with a phone without scripts and the code of their place. The first, the eighth and the ninth
    fill in the form there; it would be the same form for the others, so they are let in without it."""
    people: dict[str, tuple[Page, str]] = {}
    for name in NAMES:
        page = await (await new_context("phone", java_script_enabled=False)).new_page()
        if 0 < len(people) < 7:
            taken = await somebody(cohort, keys, clock.now(), name, f"{name.lower()}@example.invalid")
            code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
            people[name] = (page, grouped(code))
            continue
        await apply_by_name(page, cohort, name)
        wanted = "Du har en preliminär plats" if len(people) < 8 else "Du står i kö, som nummer 1"
        await expect(page.get_by_role("heading", level=1)).to_have_text(wanted)
        people[name] = (page, await place_code(page))
    return people


async def visit_and_accept(desk: Page, cohort_id: int, page: Page, name: str, code: str) -> None:
    """Book the study visit, be marked as there, accept both texts: the place is confirmed."""
    await open_place(page, code)
    await page.locator('input[name="tid"]').first.check()
    await page.get_by_role("button", name="Boka besöket").click()
    await expect(page.get_by_role("heading", name="Ditt studiebesök")).to_be_visible()
    await desk.goto(f"/personal/grupper/{cohort_id}")
    await desk.get_by_role("link", name=name, exact=True).click()
    await desk.get_by_role("button", name="Besöket är gjort, båda vill gå vidare").click()
    await page.goto("/min-plats")
    await page.get_by_label("Jag godkänner villkoren").check()
    await page.get_by_label("Jag åtar mig att följa reglerna").check()
    await page.get_by_role("button", name="Godkänn och ta platsen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Du har en plats")


async def leave(page: Page, code: str) -> None:
    await open_place(page, code)
    await page.get_by_role("link", name="Lämna platsen").click()
    await page.get_by_role("button", name="Ja, lämna platsen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Du har lämnat din plats")


async def hold_sessions(desk: Page, cohort_id: int, robin: Principal, clock: FrozenClock, new_context: NewContext) -> None:
    """Ten sessions: the third is moved a day, the fifth is cancelled and one is added at the end. The roll is called on
    the phone until one has been moved, and at the added one; in between it is noted as the phone would."""
    third = (await cohorts.sessions(cohort_id))[2]
    await desk.goto(f"/personal/traffar/{third.session_id}/flytta")
    await desk.get_by_label("Ny dag").fill(f"{local(third.starts_at + timedelta(days=1)):%Y-%m-%d}")
    await desk.get_by_role("button", name="Flytta träffen").click()
    fifth = (await cohorts.sessions(cohort_id))[4]
    await desk.goto(f"/personal/traffar/{fifth.session_id}/stall-in")
    await desk.get_by_label("Ställ in och lägg till en träff sist").check()
    await desk.get_by_role("button", name="Ställ in träffen").click()
    after = await cohorts.sessions(cohort_id)
    assert [s.state for s in after if s.session_id == third.session_id] == ["moved"]
    assert [s.state for s in after if s.session_id == fifth.session_id] == ["cancelled"]
    assert [s.number for s in after if s.number] == list(range(1, 11))
    assert after[-1].added
    for session in after:
        if session.number is None:
            continue
        clock.set(session.starts_at + timedelta(minutes=30))
        if 3 < session.number < 10:
            everybody = [one.enrolment_id for one in await attendances.roll(session.session_id)]
            assert await attendance.mark(session.session_id, dict.fromkeys(everybody, "present"), robin, clock.now()) is None
            continue
        room = await sign_in(await new_context("phone"), "robin")
        await roll_call(room, session.session_id, absent="Ek" if session.number == 2 else "")
        await room.context.close()


async def test_from_announcement_to_released_results(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: Worker
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    desk = await sign_in(await new_context("desktop"), "kim")
    await write_texts(desk)
    cohort = await open_cohort(desk, "2.8", "2026-09-28", beslut="2026-09-18")
    await offer_visits(desk, cohort.cohort_id, "2026-09-02")
    people = await apply_all(new_context, cohort, keys, clock)

    for name in NAMES[:6]:
        await visit_and_accept(desk, cohort.cohort_id, people[name][0], name, people[name][1])
    await leave(*people["Al"])
    ninth, code = people["Tall"]
    await open_place(ninth, code)
    await ninth.get_by_role("button", name="Ja, jag tar platsen").click()
    await visit_and_accept(desk, cohort.cohort_id, ninth, "Tall", code)
    for name in ("Pil", "Rönn"):
        await leave(*people[name])
    places = (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id]
    assert (places.confirmed, places.preliminary, places.queued) == (6, 0, 0)

    clock.advance(days=14)
    desk = await sign_in(await new_context("desktop"), "kim")
    await desk.goto("/personal/starter")
    await desk.get_by_role("link", name=f"Starta {cohort.name}").click()
    await desk.get_by_role("button", name="Starta").click()
    await expect(desk.get_by_role("status")).to_be_visible()
    assert (await cohorts.by_id(cohort.cohort_id)).state == "started"
    await worker.drain(the_worker)
    await hold_sessions(desk, cohort.cohort_id, robin, clock, new_context)
    marks = await owner.fetch("select mark, count(*) as n from attendance group by mark")
    assert {row["mark"]: row["n"] for row in marks} == {"present": 59, "excused": 1}

    room = await sign_in(await new_context("desktop"), "robin")
    codes = await print_slips(room, cohort.cohort_id)
    assert len(codes) == 6
    phone = await new_context("phone")
    for step, slip in enumerate(codes):
        await vote(phone, slip, step=5 if step % 2 else 4)
    await room.goto(f"/personal/grupper/{cohort.cohort_id}/utvardering/stang")
    await room.get_by_role("button", name="Ja, stäng utvärderingen").click()
    await worker.drain(the_worker)
    await room.goto(f"/personal/grupper/{cohort.cohort_id}/utvardering")
    await expect(room.get_by_text("6 svar av 6")).to_be_visible()
    await expect(room.get_by_text("cirka 4,5").first).to_be_visible()
    assert await owner.fetchval("select count(*) from sealed_answer") == 0


async def test_seventeen_and_registered_elsewhere_are_refused_with_both_reasons(
    new_context: NewContext, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    page = await (await new_context("phone")).new_page()
    await page.goto(f"/anmalan/{cohort.public_id}")
    await page.get_by_label("Ditt namn").fill("Sjutton Ask")
    await page.get_by_label("När är du född?").fill("20090314")
    await page.get_by_label("Hur når vi dig?").fill("070-174 06 05")
    await page.get_by_label("Telefonsamtal").check()
    await take_place(page)
    await yes_to_all(page)
    await page.locator('input[name="v_residency"][value="nej"]').check()
    await take_place(page)
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("Två villkor stämmer inte")
    await expect(said).to_contain_text("Du fyller 18 år den 14 mars 2027")
    await expect(said).to_contain_text("folkbokförd")
    await expect(said).to_contain_text("Riktlinjen 2.8")
    await expect(page.get_by_text("Vi har inte sparat något av det du skrev.")).to_be_visible()
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id] == queries.Places()
