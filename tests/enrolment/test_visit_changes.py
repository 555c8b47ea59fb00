"""A study visit is booked, changed and taken back by person or staff; what the office cancels costs nobody a place."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.calendar import services as calendar
from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.rules import Steps, remaining
from programmes.enrolment.services import Taken
from programmes.enrolment.visits import queries as visit_queries
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.notices.letter_fact_rules import Facts, Slot
from programmes.notices.letter_rules import letter
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
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

PHONE = "+46700000001"


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def a_slot(cohort: CohortFacts, clock: FrozenClock, who: Principal, days: int = 5, capacity: int = 2) -> int:
    starts = clock.now() + timedelta(days=days)
    while await visit_queries.held_by(who.staff_id, starts, starts + timedelta(hours=1)):
        starts += timedelta(hours=1)
    return await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, who.staff_id, capacity, clock.now()
    )


async def reachable(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, name: str, contact: str) -> Taken:
    """Somebody with a record who may be reached by mail, or by telephone."""
    application = await an_application(cohort, name)
    safe = ("email",) if "@" in contact else ("call",)
    record = PersonRecord(name, "1985-02-14", "", contact, safe=safe)
    programme = (await a_programme(cohort.section))[1]
    answer = await services.apply(replace(application, record=record), programme, keys, clock.now())
    assert isinstance(answer, Taken)
    return answer


async def open_in(client: httpx.AsyncClient, taken: Taken, keys: KeyFolder) -> None:
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    assert (await post_form(client, "/min-plats", {"kod": code}, "/min-plats?byt=1")).status_code == 303


async def test_a_person_takes_the_booking_back_and_keeps_the_place(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    first, second = [await a_slot(cohort, clock, robin, days, 1) for days in (3, 4)]
    taken = await somebody(cohort, keys, clock.now())
    await open_in(client, taken, keys)
    assert (await post_form(client, "/min-plats/studiebesok", {"tid": str(first)}, "/min-plats")).status_code == 303
    assert (await post_form(client, "/min-plats/studiebesok", {"tid": str(second)}, "/min-plats")).status_code == 303
    assert "Avboka besöket" in await look(client, "/min-plats")
    clock.advance(minutes=1)
    for _ in range(2):
        assert (await post_form(client, "/min-plats/studiebesok/avboka", {}, "/min-plats")).status_code == 303
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.visit, facts.state, facts.seat) == (None, "preliminary", 1)
    assert "Boka ett studiebesök" in await look(client, "/min-plats")
    assert [slot.left for slot in await queries.slots(cohort.cohort_id, clock.now())] == [1, 1]
    # Full until it was left: since then there has been room.
    free = await owner.fetch("select free_since from visit_slot order by starts_at")
    assert [row["free_since"] for row in free] == [clock.now() - timedelta(minutes=1), clock.now()]


async def test_a_visit_that_has_begun_cannot_be_taken_back(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot = await a_slot(cohort, clock, robin)
    taken = await somebody(cohort, keys, clock.now())
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    clock.advance(days=5)
    await open_in(client, taken, keys)
    answer = await post_form(client, "/min-plats/studiebesok/avboka", {}, "/min-plats")
    assert answer.status_code == 409
    assert "Besöket har redan börjat" in answer.text
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.state == "booked"


async def test_staff_book_change_and_take_back_for_somebody_and_each_leaves_a_trace(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin)
    slots = [await a_slot(cohort, clock, robin, days) for days in (3, 4)]
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    for slot in slots:
        assert (await post_form(client, f"{person}/besok", {"tid": str(slot)}, person)).status_code == 303
    assert "Avboka besöket" in await look(client, person)
    assert (await post_form(client, f"{person}/besok", {"utfall": "avboka"}, person)).status_code == 303
    assert (await queries.enrolment(taken.enrolment_id)).visit is None
    assert "Avboka besöket" not in await look(client, person)
    told = await owner.fetch("select action, staff_id from audit_entry where action like 'visit:%book' order by id")
    assert [row["action"] for row in told] == ["visit:book", "visit:book", "visit:unbook"]
    assert {row["staff_id"] for row in told} == {robin.staff_id}


async def test_a_visit_that_the_office_cancels_is_told_and_costs_nobody_the_place(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot, other = await a_slot(cohort, clock, robin, 5, 3), await a_slot(cohort, clock, robin, 6, 3)
    mail = await reachable(cohort, keys, clock, "Mejl Ask", "mejl@example.invalid")
    ring = await reachable(cohort, keys, clock, "Tel Bok", PHONE)
    for person in (mail, ring):
        await step_services.book_visit(person.enrolment_id, slot, clock.now())
    await worker.drain(the_worker)
    group = f"/personal/grupper/{cohort.cohort_id}"
    address = f"{group}/studiebesok/{slot}/stall-in"
    assert f'href="{address}"' in await look(client, f"{group}/studiebesok")
    page = await look(client, address)
    for words in ("2 personer har bokat.", "1 med e-postadress", "1 som inte nås med besked", "Ingen förlorar sin plats"):
        assert words in page
    assert "Ask" not in page
    clock.advance(minutes=1)
    for _ in range(2):
        assert (await post_form(client, address, {"sett": "2"}, "/personal/grupper")).status_code == 303
    await worker.drain(the_worker)
    for person in (mail, ring):
        facts = await queries.enrolment(person.enrolment_id)
        assert facts.visit
        assert (facts.state, facts.visit.state, facts.visit_cancelled_at) == ("preliminary", "cancelled", clock.now())
    told = await owner.fetch("select state, count(*) as n from notice where kind = 'visit_cancelled' group by state")
    assert {row["state"]: row["n"] for row in told} == {"sent": 1, "no_channel": 1}
    assert "Ring 1 person i" in await look(client, "/personal/idag")
    assert "Studiebesöket måndag 7 september 10.00 är inställt." in await look(client, f"{group}/ring")
    assert "Inställt" in await look(client, f"{group}/studiebesok")
    await open_in(client, ring, keys)
    page = await look(client, "/min-plats")
    assert "Vi var tvungna att ställa in ditt besök måndag 7 september 10.00. Din plats är kvar." in page
    assert f'value="{slot}"' not in page
    assert (await post_form(client, "/min-plats/studiebesok", {"tid": str(slot)}, "/min-plats")).status_code == 409
    assert (await post_form(client, "/min-plats/studiebesok", {"tid": str(other)}, "/min-plats")).status_code == 303
    # Who has booked another time knows, and need not be rung.
    assert "Alla har fått veta" in await look(client, f"{group}/ring")
    assert (await queries.enrolment(ring.enrolment_id)).visit_cancelled_at is not None


def test_the_mail_about_a_cancelled_visit_says_which_time_and_nothing_else(
    clock: FrozenClock,
) -> None:
    when = Slot(clock.now(), clock.now() + timedelta(hours=1))
    text = " ".join(letter(Facts("visit_cancelled", "preliminary", visit=when), "Kommunen", "0").news)
    assert text.startswith("Mötet som du hade bokat onsdag 2 september 10.00–11.00 är inställt. Du har kvar din plats.")
    assert "tudiebesök" not in text
    assert "grupp" not in text


async def test_who_books_while_the_page_was_shown_is_not_cancelled_unseen(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot = await a_slot(cohort, clock, robin, 5, 3)
    people = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
    for person in people:
        await step_services.book_visit(person.enrolment_id, slot, clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok/{slot}/stall-in"
    for typed in ("1", "", "två", "²"):
        answer = await post_form(client, address, {"sett": typed})
        assert answer.status_code == 422, typed
        assert "Någon har bokat eller avbokat sedan sidan visades" in answer.text
    assert [slot.left for slot in await queries.slots(cohort.cohort_id, clock.now())] == [1]
    await a_leader(clock.now(), "love")
    await sign_in_as(client, "love", clock.now())
    assert (await client.get(address)).status_code == 404
    assert (await post_form(client, address, {"sett": "2"}, "/personal/grupper")).status_code == 404


async def test_nobody_ends_up_booked_to_a_visit_that_is_cancelled_at_the_same_moment(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    for name in "ABCD":
        slot = await a_slot(cohort, clock, robin, 5, 3)
        person = await somebody(cohort, keys, clock.now(), name)
        answers: list[Any] = await asyncio.gather(
            step_services.book_visit(person.enrolment_id, slot, clock.now()),
            visit_services.cancel_slot(cohort.cohort_id, slot, 0, robin.staff_id, clock.now()),
            return_exceptions=True,
        )
        refused = [a for a in answers if a is not None]
        assert len(refused) == 1, "either the booking comes too late, or the page shows somebody new"
        assert isinstance(refused[0], Conflict)
    assert await lost(owner) == 0


async def lost(owner: asyncpg.Connection) -> int:
    """How many are booked to a visit that is cancelled."""
    found: int = await owner.fetchval(
        """select count(*) from study_visit y join visit_slot s on s.id = y.slot_id
           where y.state = 'booked' and s.cancelled_at is not null"""
    )
    return found


async def test_control_without_the_lock_the_same_test_sees_somebody_booked_to_what_is_cancelled(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot = await a_slot(cohort, clock, robin, 5, 3)
    person = await somebody(cohort, keys, clock.now())
    read, cancelled = asyncio.Event(), asyncio.Event()
    write = step_services.execute

    async def no_lock(cohort_id: int, now: object) -> None:
        return None

    async def wait_then_write(sql: str, *args: object) -> int:
        if sql.lstrip().startswith("insert into study_visit"):
            read.set()
            await cancelled.wait()
        elif sql.lstrip().startswith("update visit_slot set cancelled_at"):
            await read.wait()
        return await write(sql, *args)

    monkeypatch.setattr(queries, "lock_gate", no_lock)
    monkeypatch.setattr(step_services, "execute", wait_then_write)
    monkeypatch.setattr(visit_services, "execute", wait_then_write)
    booking = asyncio.create_task(step_services.book_visit(person.enrolment_id, slot, clock.now()))
    await visit_services.cancel_slot(cohort.cohort_id, slot, 0, robin.staff_id, clock.now())
    cancelled.set()
    await booking
    assert await lost(owner) == 1


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("person_no", "Det är antecknat att du inte vill gå vidare."),
        ("staff_no", "Enligt riktlinjen (2.8) ser både du och gruppledaren efter besöket om insatsen passar."),
        ("both_no", "Det är antecknat att varken du eller gruppledaren vill gå vidare."),
    ],
)
async def test_a_no_after_the_visit_is_said_and_the_place_waits_for_a_step_of_its_own(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, button: str, words: str
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot = await a_slot(cohort, clock, robin)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    clock.advance(days=5)
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert (await post_form(client, f"{person}/besok", {"utfall": button}, person)).status_code == 303
    assert "Platsen är kvar tills personen lämnar den" in await look(client, person)
    assert "Avsluta eller ändra efter studiebesöket i" in await look(client, "/personal/idag")
    await open_in(client, taken, keys)
    page = await look(client, "/min-plats")
    assert words in page
    assert 'href="/min-plats/lamna"' in page
    assert ("Jag vill gå vidare" in page) == (button != "staff_no")
    assert "Godkänn och ta platsen" not in page
    programme = (await a_programme("2.8"))[1]
    texts = [t.text_id for t in await queries.texts_for(programme, clock.now().date())]
    if texts:
        with pytest.raises(Conflict, match="not_going_on"):
            await step_services.accept_texts(taken.enrolment_id, texts, programme, "screen", clock.now())
    assert (await queries.enrolment(taken.enrolment_id)).state == "preliminary"
    assert (await post_form(client, "/min-plats/vidare", {}, "/min-plats")).status_code == 303
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.goes_on == (button == "person_no")
    assert (await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)).status_code == 303
    assert "Avsluta eller ändra efter studiebesöket i" not in await look(client, "/personal/idag")
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.goes_on


@pytest.mark.parametrize(
    ("visit", "goes_on", "left"),
    [
        (None, True, ("book_visit", "accept")),
        ("booked", True, ("attend_visit", "accept")),
        ("missed", True, ("rebook_visit", "accept")),
        ("cancelled", True, ("rebook_visit", "accept")),
        ("attended", True, ("accept",)),
        ("attended", False, ("go_on", "accept")),
    ],
)
def test_what_is_left_after_each_end_of_a_visit(visit: Any, goes_on: bool, left: tuple[str, ...]) -> None:
    steps = Steps(visit_needed=True, accept_needed=True, visit=visit, goes_on=goes_on)
    assert remaining(steps) == left


async def test_what_is_gone_or_over_cannot_be_cancelled(robin: Principal, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    slot = await a_slot(cohort, clock, robin)
    clock.advance(days=6)
    for wrong in (slot, slot + 1000):
        with pytest.raises(NotFound):
            await visit_services.cancel_slot(cohort.cohort_id, wrong, 0, robin.staff_id, clock.now())


async def test_a_cancelled_visit_stands_as_cancelled_in_the_leaders_calendar(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, sessions=1)
    slot = await a_slot(cohort, clock, robin)
    address = calendar.feed_address(await calendar.leader_feed(robin.staff_id, keys, clock.now()), keys)
    assert "STATUS:CANCELLED" not in (await client.get(address)).text
    clock.advance(minutes=1)
    await visit_services.cancel_slot(cohort.cohort_id, slot, 0, robin.staff_id, clock.now())
    [event] = [e for e in (await client.get(address)).text.split("BEGIN:VEVENT") if "STATUS:CANCELLED" in e]
    assert "INSTÄLLT: Studiebesök" in event
    assert "SEQUENCE:1" in event


@pytest.mark.parametrize("by", ["office", "person"])
async def test_a_page_that_shows_a_visit_which_is_no_longer_books_another(
    by: str, robin: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    gone, other = await a_slot(cohort, clock, robin), await a_slot(cohort, clock, robin, 6)
    taken = await somebody(cohort, keys, clock.now())
    await step_services.book_visit(taken.enrolment_id, gone, clock.now())
    client.cookies.set("place", taken.token)
    shown = (await client.get("/min-plats")).text
    if by == "office":
        await visit_services.cancel_slot(cohort.cohort_id, gone, 1, robin.staff_id, clock.now())
    else:
        await visit_services.cancel_booking(taken.enrolment_id, clock.now())
    form = {"_csrf_token": csrf_of(shown), "sett": hidden(shown, "sett"), "tid": str(other)}
    assert (await client.post("/min-plats/studiebesok", data=form)).status_code == 303
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.slot_id == other


async def test_a_page_from_before_another_booking_or_note_changes_nothing(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), kim, sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    starts = clock.now() + timedelta(days=3)
    first, second = [
        await step_services.add_slot(
            cohort.cohort_id,
            starts + timedelta(days=days),
            starts + timedelta(days=days, hours=1),
            cohort.venue_id,
            None,
            2,
            clock.now(),
        )
        for days in (0, 1)
    ]
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    old = hidden((await client.get(person)).text, "sett")
    # The person books on Min plats while staff have the page open.
    await step_services.book_visit(taken.enrolment_id, second, clock.now())
    late = await post_form(client, f"{person}/besok", {"tid": str(first), "sett": old}, person)
    assert late.status_code == 409
    assert "Studiebesöket har ändrats" in late.text
    assert await owner.fetchval("select slot_id from study_visit") == second
    clock.set(starts + timedelta(days=1, hours=2))
    await sign_in_as(client, "kim", clock.now())
    seen = hidden((await client.get(person)).text, "sett")
    for outcome, status in (("attended", 303), ("attended", 303), ("missed", 409)):
        answer = await post_form(client, f"{person}/besok", {"utfall": outcome, "sett": seen}, person)
        assert answer.status_code == status, outcome
    assert await owner.fetchval("select state from study_visit") == "attended"
