"""What people and staff read about waiting is so: alone or with siblings, for too few places, when it leads nowhere any
more, and shortly before a start, when no offer could be answered in time."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.days import day_off
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import refusal_services, transfer_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import seating_services
from programmes.enrolment.rules import Entry, entry
from programmes.enrolment.services import Taken
from programmes.enrolment.waiting_rules import Leads, leads, offer_until
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_siblings import family, states
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.mail import Mail


@pytest.fixture
def mail(the_worker: worker.Worker, tmp_path: Path) -> Mail:
    folder = tmp_path / "mail"
    return Mail(replace(the_worker, settings=replace(the_worker.settings, mail_url=f"folder://{folder}")), folder)


async def mine(client: httpx.AsyncClient, taken: Taken, keys: KeyFolder, clock: FrozenClock) -> str:
    """What somebody reads on Min plats."""
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    client.cookies.set("place", (await place_services.open_by_code(code, clock.now())) or "")
    return await look(client, "/min-plats")


@pytest.mark.parametrize("what", ["refused", "left", "moved"])
async def test_a_sibling_left_waiting_reads_that_they_wait_alone_and_nothing_about_the_others(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, what: str, db: None
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2, sessions=3)
    await family(cohort, keys, clock, 2)
    gone, stays = await family(cohort, keys, clock, 2)
    programme = await catalogue.programme(cohort.programme_id)
    if what == "refused":
        await refusal_services.refuse(gone.enrolment_id, ["age"], programme, kim.staff_id, clock.now())
    elif what == "left":
        await leaving_services.leave(gone.enrolment_id, keys, clock.now())
    else:
        other = await a_cohort("2.15", clock.now(), minimum=1, maximum=2, sessions=3)
        planned = await transfer_services.plan(gone.enrolment_id, other.cohort_id, keys, clock.now())
        assert await transfer_services.transfer(
            gone.enrolment_id, other.cohort_id, planned.seen, kim.staff_id, keys, clock.now(), planned.asked
        )
    shown = await mine(client, stays, keys, clock)
    assert "Ni väntar tillsammans" not in shown
    for untrue in ("har redan fått ett erbjudande", "har platser", "syskon"):
        assert untrue not in shown.lower()
    assert "Du väntar nu för dig, inte längre tillsammans med någon." in shown


async def test_who_lowers_the_maximum_is_told_whom_it_strands_and_all_of_them_can_read_it(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=3, sessions=3)
    for name in ("Al", "Bok"):
        await somebody(cohort, keys, clock.now(), name)
    three = await family(cohort, keys, clock, 3)
    two = await family(cohort, keys, clock, 2)
    assert "Men gruppen har bara" not in await mine(client, three[0], keys, clock)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/starter/{cohort.cohort_id}/platser"
    asked = await post_form(client, address, {"min": "1", "max": "2", "sett": "1-3"})
    assert asked.status_code == 422
    assert "3 personer i kön väntar tillsammans med syskon och vill ha fler platser än 2." in asked.text
    assert "Barn" not in asked.text, "a number, and nobody's alias"
    assert 'name="anda" value="3"' in asked.text
    for meant in ("2", "x", "9" * 30):
        assert (await post_form(client, address, {"min": "1", "max": "2", "sett": "1-3", "anda": meant})).status_code == 422
    assert (await post_form(client, address, {"min": "1", "max": "2", "sett": "1-3", "anda": "3"})).status_code == 303
    # Whom it strands already is nobody's question when it changes again.
    assert (await post_form(client, address, {"min": "2", "max": "2", "sett": "1-2"})).status_code == 303
    queue = await look(client, f"/personal/grupper/{cohort.cohort_id}/ko")
    group = await look(client, f"/personal/grupper/{cohort.cohort_id}")
    for page in (queue, group):
        assert page.count("Vill ha 3 platser tillsammans, men här finns högst 2.") == 3
    shown = await mine(client, three[0], keys, clock)
    assert "Men gruppen har bara 2 platser." in shown
    assert "Ja, var för sig" in shown
    assert "Blir färre lediga går de till nästa" not in shown
    assert "Men gruppen har bara" not in await mine(client, two[0], keys, clock)


async def freed_late(
    keys: KeyFolder, clock: FrozenClock, section: str = "2.1", waits: int = 2
) -> tuple[CohortFacts, list[Taken]]:
    """A group at ten tomorrow, with a seat freed the evening before; those who wait, in their order."""
    cohort = await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=3)
    people = [await somebody(cohort, keys, clock.now(), f"Nr {n}") for n in range(waits + 1)]
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(hours=12))
    await services.leave(people[0].enrolment_id, keys, clock.now())
    return cohort, people[1:]


async def state_of(taken: Taken) -> str:
    return (await queries.enrolment(taken.enrolment_id)).state


async def test_a_seat_freed_the_evening_before_is_given_by_staff_to_the_next_who_says_yes(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort, (first, second) = await freed_late(keys, clock)
    assert [await state_of(first), await state_of(second)] == ["queued", "queued"]
    shown = await mine(client, first, keys, clock)
    assert "En plats är ledig, och du är näst på tur" in shown
    assert "Blir en plats ledig erbjuder vi den" not in shown
    shown = await mine(client, second, keys, clock)
    assert "Det är nu för kort tid kvar" in shown
    assert "du är näst på tur" not in shown
    programme = await catalogue.programme(cohort.programme_id)
    public = await look(client, f"/insatser/{programme.slug}")
    assert "Lediga platser går först till dem som väntar" in public
    assert "Fullt" not in public
    await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=3)
    both = await look(client, "/")
    assert "Till gruppen som startar 30 september är det kö." in both
    assert "är full" not in both
    await sign_in_as(client, "kim", clock.now())
    group, ko = f"/personal/grupper/{cohort.cohort_id}", f"/personal/grupper/{cohort.cohort_id}/ko"
    assert "Näst på tur till den lediga platsen" in await look(client, group)
    listed = await look(client, ko)
    assert listed.count("Personen tar platsen") == 1
    assert "1 plats är ledig" in listed
    # Only who is next, and only here.
    passed_by = await post_form(client, f"{ko}/ta-plats", {"vem": str(second.enrolment_id)}, ko)
    assert passed_by.status_code == 409
    assert "någon annan är på tur" in passed_by.text
    assert (await post_form(client, f"{ko}/ta-plats", {"vem": "x"}, ko)).status_code == 404
    assert (await post_form(client, f"{ko}/ta-plats", {"vem": str(UUID(int=1))}, ko)).status_code == 404
    assert await state_of(second) == "queued"
    for _ in range(2):  # and again: it changes nothing
        taken = await post_form(client, f"{ko}/ta-plats", {"vem": str(first.enrolment_id)}, ko)
        assert taken.status_code == 303
    assert await state_of(first) == "confirmed"
    late = await post_form(client, f"{ko}/ta-plats", {"vem": str(second.enrolment_id)}, ko)
    assert late.status_code == 409
    assert "Personen tar platsen" not in await look(client, ko)
    events = await owner.fetch(
        "select kind, staff_id is not null as by from queue_event where enrolment_id = $1 order by id", first.enrolment_id
    )
    assert [(e["kind"], e["by"]) for e in events] == [("applied_queue", False), ("offered", True), ("accepted", False)]
    trail = await owner.fetchval(
        "select count(*) from audit_entry where action = 'queue:seat_next' and staff_id is not null"
    )
    assert trail == 1
    await mail.work()
    told = await owner.fetch("select kind from notice where enrolment_id = $1 order by kind", first.enrolment_id)
    assert [row["kind"] for row in told] == ["place_confirmed"], "and never that there is an offer"


async def test_who_does_not_answer_is_passed_over_and_the_next_can_have_it_until_it_begins(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    cohort, (first, second) = await freed_late(keys, clock)
    programme = await catalogue.programme(cohort.programme_id)
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{first.enrolment_id}"
    assert (await post_form(client, f"{person}/ko", {"skal": "unreachable"}, person)).status_code == 303
    assert cohort.first_start
    clock.set(cohort.first_start)
    with pytest.raises(Conflict, match="not_next"):
        await seating_services.seat_next(cohort.cohort_id, second.enrolment_id, programme, 1, clock.now())
    clock.advance(minutes=-1)
    await worker.tick(the_worker)
    async with asyncio.TaskGroup() as both:
        for _ in range(2):
            both.create_task(seating_services.seat_next(cohort.cohort_id, second.enrolment_id, programme, 1, clock.now()))
    assert [await state_of(first), await state_of(second)] == ["queued", "confirmed"]
    with pytest.raises(Conflict, match="not_next"):
        await seating_services.seat_next(cohort.cohort_id, first.enrolment_id, programme, 1, clock.now())


async def test_siblings_who_wait_together_are_seated_together_or_let_the_next_go_first(
    keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2, sessions=3)
    holders = await family(cohort, keys, clock, 2)
    pair = await family(cohort, keys, clock, 2)
    single = await somebody(cohort, keys, clock.now(), "En")
    programme = await catalogue.programme(cohort.programme_id)
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(hours=12))
    await services.leave(holders[0].enrolment_id, keys, clock.now())
    found = await seating_services.seatable(cohort.cohort_id, clock.now())
    assert found is not None
    assert (list(found.people), found.free) == ([single.enrolment_id], 1)
    await services.leave(holders[1].enrolment_id, keys, clock.now())
    found = await seating_services.seatable(cohort.cohort_id, clock.now())
    assert found is not None
    assert set(found.people) == {one.enrolment_id for one in pair}
    await seating_services.seat_next(cohort.cohort_id, pair[0].enrolment_id, programme, 1, clock.now())
    assert set(await states(pair)) <= {"confirmed", "preliminary"}
    assert await seating_services.seatable(cohort.cohort_id, clock.now()) is None


async def test_while_an_offer_can_be_made_nobody_is_seated_on_a_page(keys: KeyFolder, clock: FrozenClock, db: None) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=3)
    for name in ("Al", "Bok"):
        await somebody(cohort, keys, clock.now(), name)
    assert await seating_services.seatable(cohort.cohort_id, clock.now()) is None


@given(
    now=st.integers(0, 60 * 24 * 7),
    next_in=st.none() | st.integers(1, 60 * 24 * 4),
    last_in=st.none() | st.integers(-60, 60 * 24 * 9),
    state=st.sampled_from(["planned", "open", "postponed", "started", "cancelled", "closed"]),
)
def test_waiting_leads_to_an_offer_or_to_a_word_or_nowhere(
    now: int, next_in: int | None, last_in: int | None, state: str
) -> None:
    at = START + timedelta(minutes=now)

    def later(minutes: int | None) -> datetime | None:
        return None if minutes is None else at + timedelta(minutes=minutes)

    facts, coming = Entry(state, START.date(), later(last_in)), later(next_in)
    found = leads(facts, coming, day_off, at)
    assert found in get_args(Leads)
    can_enter = entry(facts, at) is None
    assert (found == "word") == (can_enter and offer_until(at, coming, day_off) is None)
    assert (found == "nowhere") == (state in {"open", "postponed", "started"} and last_in is not None and last_in <= 0)


async def test_how_long_an_offer_holds_is_said_by_rule_in_both_languages(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=3)
    await somebody(cohort, keys, clock.now(), "Al")
    waits = await somebody(cohort, keys, clock.now(), "Bok")
    assert "minst två timmar, oftast drygt ett dygn. Helger räknas inte." in await mine(client, waits, keys, clock)
    # In office hours from Monday to Wednesday, before a weekend comes into it, it is 28 hours whenever it is made.
    monday = START.replace(day=7, hour=6)
    for hours in [day * 24 + hour for day in range(3) for hour in range(9)]:
        until = offer_until(monday + timedelta(hours=hours), None, day_off)
        assert until is not None
        assert timedelta(hours=24) < until - (monday + timedelta(hours=hours)) <= timedelta(hours=28)
