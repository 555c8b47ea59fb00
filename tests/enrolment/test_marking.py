"""What became of a study visit: noted once it has begun, put right before the start, never against a place that is done."""

import asyncio
from datetime import timedelta
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
from programmes.core.clock import local_date
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.enrolment.queue import deadline_queries
from programmes.enrolment.rules import State, Visit, VisitState
from programmes.enrolment.visits import step_services
from programmes.enrolment.visits.rules import EARLY, marking
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_visit_changes import look, reachable
from tests.factories import a_cohort, a_leader, post_form, sign_in_as

HOUR = timedelta(hours=1)
moments = st.datetimes(min_value=(START - 9 * HOUR).replace(tzinfo=None), max_value=(START + 9 * HOUR).replace(tzinfo=None))


@given(
    state=st.sampled_from(get_args(State)),
    visit=st.sampled_from(get_args(VisitState)),
    now=moments.map(lambda m: m.replace(tzinfo=START.tzinfo)),
    first=st.none() | moments.map(lambda m: m.replace(tzinfo=START.tzinfo)),
)
def test_a_visit_is_noted_from_a_quarter_before_it_and_of_a_confirmed_place_only_before_the_start(
    state: State, visit: VisitState, now: object, first: object
) -> None:
    found = marking(state, Visit(1, START, START + HOUR, "Linden", "Hamngatan 4", visit), first, now)  # type: ignore[arg-type]
    assert marking(state, None, first, now) == "no_visit"  # type: ignore[arg-type]
    assert (found == "no_visit") == (visit == "cancelled")
    if visit == "cancelled":
        return
    assert (found == "visit_not_yet") == (now < START - EARLY)  # type: ignore[operator]
    if found != "visit_not_yet":
        begun = first is not None and now >= first  # type: ignore[operator]
        expected = {"preliminary": "open", "offered": "open", "confirmed": "visit_settled" if begun else "correction"}
        assert found == expected.get(state, "enrolment_over")


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    for kind in ("conditions", "rules"):
        await step_services.add_text("2.8", kind, local_date(clock.now()), ["Ja."], ["Yes."], found.staff_id, clock.now())
    return found


async def booked(cohort: CohortFacts, robin: Principal, keys: KeyFolder, clock: FrozenClock, wait: timedelta) -> UUID:
    taken = await reachable(cohort, keys, clock, "Anna Ask", "anna@example.invalid")
    starts = clock.now() + wait
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + HOUR, cohort.venue_id, robin.staff_id, 1, clock.now()
    )
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    return taken.enrolment_id


async def confirmed(cohort: CohortFacts, robin: Principal, keys: KeyFolder, clock: FrozenClock) -> UUID:
    enrolment_id = await booked(cohort, robin, keys, clock, EARLY)
    programme = await catalogue.programme(cohort.programme_id)
    await step_services.mark_visit(enrolment_id, "attended", robin.staff_id, programme, clock.now())
    await accept(enrolment_id, cohort, clock)
    assert (await queries.enrolment(enrolment_id)).state == "confirmed"
    return enrolment_id


async def accept(enrolment_id: UUID, cohort: CohortFacts, clock: FrozenClock) -> None:
    programme = await catalogue.programme(cohort.programme_id)
    texts = [text.text_id for text in await queries.texts_for(programme, local_date(clock.now()))]
    await step_services.accept_texts(enrolment_id, texts, programme, "screen", clock.now())


async def test_a_visit_tonight_is_not_made_this_afternoon(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    enrolment_id = await booked(cohort, robin, keys, clock, 6 * HOUR)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}"
    assert "Besöket är gjort" not in await look(client, person)
    refused = await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)
    assert refused.status_code == 409
    assert "Studiebesöket har inte varit än" in refused.text
    clock.advance(hours=6, minutes=-15)
    await sign_in_as(client, "robin", clock.now())
    assert "Besöket är gjort" in await look(client, person)
    assert (await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)).status_code == 303


@pytest.mark.parametrize("outcome", ["missed", "person_no", "staff_no", "both_no"])
async def test_a_confirmed_place_is_put_right_knowingly_is_kept_and_the_person_is_told(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
    outcome: str,
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    enrolment_id = await confirmed(cohort, robin, keys, clock)
    await worker.drain(the_worker)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}"
    # Another tab, opened before the place was confirmed, has the button without the explanation.
    refused = await post_form(client, f"{person}/besok", {"utfall": outcome}, person)
    assert refused.status_code == 409
    assert "Platsen är redan klar" in refused.text
    facts = await queries.enrolment(enrolment_id)
    assert facts.visit
    assert (facts.state, facts.visit.state, facts.visit.goes_on) == ("confirmed", "attended", True)
    clock.advance(minutes=1)
    assert "Rätta besöket" in await look(client, person)
    for _ in range(2):
        assert (await post_form(client, f"{person}/besok", {"utfall": outcome, "ratta": "ja"}, person)).status_code == 303
    await worker.drain(the_worker)
    facts = await queries.enrolment(enrolment_id)
    assert (facts.state, facts.seat, facts.confirmed_at) == ("preliminary", 1, None)
    page = await look(client, person)
    assert "Preliminär" in page
    assert ("Boka nytt studiebesök" if outcome == "missed" else "Säga om ni går vidare") in page
    assert "Besöket är gjort, båda vill gå vidare" in page
    told = await owner.fetch(
        "select kind, state from notice where enrolment_id = $1 order by created_at, kind", enrolment_id
    )
    assert [tuple(row) for row in told] == [
        ("place_confirmed", "sent"),
        ("place_held", "sent"),
        ("place_held", "sent"),
    ]
    code = place_services.unseal(facts, keys).code
    assert (await post_form(client, "/min-plats", {"kod": code})).status_code == 303
    assert "Du har en preliminär plats" in await look(client, "/min-plats")
    # And it may be put right once more.
    assert (await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)).status_code == 303
    await worker.drain(the_worker)
    assert (await queries.enrolment(enrolment_id)).state == "confirmed"
    assert await owner.fetchval("select count(*) from notice where kind = 'place_confirmed' and state = 'sent'") == 2


async def test_after_the_start_nothing_is_put_right_and_the_page_says_so(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    enrolment_id = await confirmed(cohort, robin, keys, clock)
    assert cohort.first_start
    clock.set(cohort.first_start)
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}"
    page = await look(client, person)
    assert "Rätta besöket" not in page
    assert "besöket går inte att rätta längre" in page
    refused = await post_form(client, f"{person}/besok", {"utfall": "missed", "ratta": "ja"}, person)
    assert refused.status_code == 409
    assert "Besöket går inte att rätta efter starten" in refused.text
    assert (await queries.enrolment(enrolment_id)).state == "confirmed"


async def test_whoever_must_book_anew_after_the_last_day_has_a_week_for_it(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    enrolment_id = await confirmed(cohort, robin, keys, clock)
    clock.advance(days=15)
    programme = await catalogue.programme(cohort.programme_id)
    await step_services.mark_visit(enrolment_id, "missed", robin.staff_id, programme, clock.now(), correcting=True)
    last = await deadline_queries.last_day(await queries.enrolment(enrolment_id))
    assert last == local_date(clock.now() + timedelta(days=7))


async def test_a_correction_and_the_acceptance_that_confirms_never_leave_a_place_done_beside_a_visit_missed(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    programme = await catalogue.programme(cohort.programme_id)
    for number in range(6):
        enrolment_id = await booked(cohort, robin, keys, clock, EARLY + number * HOUR)
        clock.advance(hours=number)
        await step_services.mark_visit(enrolment_id, "attended", robin.staff_id, programme, clock.now())
        missed = step_services.mark_visit(enrolment_id, "missed", robin.staff_id, programme, clock.now())
        both = [accept(enrolment_id, cohort, clock), missed]
        outcomes = await asyncio.gather(*(both if number % 2 else reversed(both)), return_exceptions=True)
        assert any(isinstance(outcome, Conflict) for outcome in outcomes)
        facts = await queries.enrolment(enrolment_id)
        assert facts.visit
        assert (facts.state, facts.visit.state) in {("confirmed", "attended"), ("preliminary", "missed")}
