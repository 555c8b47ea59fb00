"""Moving somebody to another start: nothing is lost on the way, nobody is passed, and two moves never block each other."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.calendar import services as calendar
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import transfer_services as desk
from programmes.enrolment import code_queries, due_queries, place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.leaving.closing_services import erase_cohort
from programmes.enrolment.leaving.transfer_rules import There, decide_move
from programmes.enrolment.queue import coming_services, order_services, waiting_services
from programmes.enrolment.queue.rules import Waiting
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.people.records import PersonRecord
from programmes.settings import Settings
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.desk.cast import everything, holding
from tests.factories import a_cohort, a_coordinator, a_leader, an_application, confirm, post_form, sign_in_as, somebody
from tests.oversight.retention_cast import as_worker


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def two(clock: FrozenClock, section: str = "2.1", maximum: int = 1) -> tuple[CohortFacts, CohortFacts]:
    """A start and a later one of the same programme."""
    first, later = timedelta(days=28), timedelta(days=70)
    source = await a_cohort(section, clock.now(), minimum=1, maximum=maximum, sessions=4, first_in=first)
    return source, await a_cohort(section, clock.now(), minimum=1, maximum=maximum, sessions=4, first_in=later)


async def move(who: UUID, to: CohortFacts, keys: KeyFolder, now: datetime, staff_id: int = 1) -> UUID:
    """As it is shown."""
    plan = await transfer_services.plan(who, to.cohort_id, keys, now)
    assert isinstance(plan.decided, transfer_services.Move), plan.decided
    new = await transfer_services.transfer(who, to.cohort_id, plan.seen, staff_id, keys, now)
    assert new
    return new


async def state(who: UUID) -> str:
    return (await queries.enrolment(who)).state


async def test_a_place_is_moved_with_its_code_and_the_old_one_goes_to_the_next(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, client: httpx.AsyncClient
) -> None:
    source, target = await two(clock)
    moves, waits = [await somebody(source, keys, clock.now(), name) for name in ("Al", "Bok")]
    before = await queries.enrolment(moves.enrolment_id)
    code = place_services.unseal(before, keys).code
    clock.advance(minutes=10)
    new = await move(moves.enrolment_id, target, keys, clock.now())
    facts, old = await queries.enrolment(new), await queries.enrolment(moves.enrolment_id)
    assert (facts.state, facts.seat, facts.applied_at, facts.key_id) == ("confirmed", 1, before.applied_at, before.key_id)
    assert (old.state, old.seat, old.key_id, old.sealed) == ("transferred", None, None, None)
    assert await state(waits.enrolment_id) == "offered"
    assert keys.exists("entry", before.key_id or uuid4())
    # The open page and the code lead to the new place.
    assert await code_queries.open_place(moves.token, clock.now()) == new
    token = await place_services.open_by_code(code, clock.now())
    assert token
    client.cookies.set("place", token)
    shown = (await client.get("/min-plats")).text
    assert "Du har en plats" in shown
    assert code[:4] in shown
    # The age was ticked for the first day of the other start.
    assert "Åldern räknas den första dagen" in shown
    kinds = await owner.fetch("select kind from queue_event where enrolment_id = any($1::uuid[]) order by id",
                              [moves.enrolment_id, new])  # fmt: skip
    assert [row["kind"] for row in kinds] == ["applied", "moved_away", "moved_here"]
    with pytest.raises(Conflict, match="enrolment_over"):
        await transfer_services.plan(moves.enrolment_id, target.cohort_id, keys, clock.now())


async def test_who_waited_longer_stands_first_in_the_other_queue_and_holders_keep_their_seats(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    source, target = await two(clock)
    early = [await somebody(source, keys, clock.now(), name) for name in ("Al", "Bok")]
    clock.advance(hours=1)
    holds, waits = [await somebody(target, keys, clock.now(), name) for name in ("En", "Pil")]
    clock.advance(hours=1)
    late = await somebody(source, keys, clock.now(), "Sen")
    clock.advance(hours=1)
    second = await move(early[1].enrolment_id, target, keys, clock.now())
    third = await move(late.enrolment_id, target, keys, clock.now())
    first = await move(early[0].enrolment_id, target, keys, clock.now())
    line = [f.enrolment_id for f in await queries.enrolments(target.cohort_id, ["queued"])]
    # Al and Bok applied at one moment: who came here first stands first.
    assert line == [second, first, waits.enrolment_id, third]
    assert await state(holds.enrolment_id) == "confirmed"
    arrivals = [(await queries.enrolment(person)).arrival for person in line]
    assert arrivals == [3, 5, 2, 4]
    await services.leave(holds.enrolment_id, keys, clock.now())
    assert await state(second) == "offered"


async def test_a_free_seat_goes_to_who_applied_before_those_who_wait_beside_it(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock)
    early = [(await somebody(source, keys, clock.now(), name)).enrolment_id for name in ("Al", "Bok")]
    clock.advance(hours=1)
    holds, waits = [(await somebody(target, keys, clock.now(), name)).enrolment_id for name in ("En", "Pil")]
    late = (await somebody(source, keys, clock.now() + timedelta(hours=1), "Sen")).enrolment_id
    assert target.first_start
    await owner.execute("update cohort set last_entry_session = 2 where id = $1", target.cohort_id)
    clock.set(target.first_start - timedelta(hours=1))
    await services.leave(holds, keys, clock.now())
    assert await state(waits) == "queued"
    assert await state(await move(late, target, keys, clock.now())) == "queued"
    assert await state(await move(early[1], target, keys, clock.now())) == "confirmed"


@pytest.mark.parametrize("what", ["offered", "queued"])
async def test_an_offer_or_a_wait_becomes_a_place_where_one_is_free(
    what: str, kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    source, target = await two(clock)
    who = [(await somebody(source, keys, clock.now(), name)).enrolment_id for name in ("Al", "Bok", "Ek")]
    if what == "offered":
        await services.leave(who[0], keys, clock.now())
    else:
        await order_services.skip(who[1], "wait", kim.staff_id, clock.now())
    assert await state(who[1]) == what
    new = await move(who[1], target, keys, clock.now())
    facts = await queries.enrolment(new)
    assert (facts.state, facts.skip_reason, facts.offer_expires_at, facts.only_waited) == ("confirmed", None, None, False)
    assert await state(who[2]) == ("offered" if what == "offered" else "queued")


async def test_the_age_is_checked_anew_where_a_birth_date_is_known(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    source, target = await two(clock, "2.8", 8)
    sooner = await a_cohort("2.8", clock.now(), sessions=4, first_in=timedelta(days=14))
    assert source.first_start
    programme = await catalogue.programme(source.programme_id)
    first = local_date(source.first_start)
    born = date(first.year - 18, first.month, first.day)
    application = await an_application(source, "Ung")
    record = PersonRecord("Ung", born.isoformat())
    answers = replace(application.answers, birth_date=born)
    taken = await services.apply(replace(application, record=record, answers=answers), programme, keys, clock.now())
    assert isinstance(taken, services.Taken)
    plan = await transfer_services.plan(taken.enrolment_id, sooner.cohort_id, keys, clock.now())
    assert isinstance(plan.decided, transfer_services.Refused)
    assert [o.code for o in plan.decided.unmet] == ["too_young"]
    assert await transfer_services.transfer(taken.enrolment_id, sooner.cohort_id, "plats", 1, keys, clock.now()) is None
    assert await state(taken.enrolment_id) == "preliminary"
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{source.cohort_id}/deltagare/{taken.enrolment_id}/flytta"
    shown = (await client.get(f"{address}?till={sooner.cohort_id}")).text
    assert "Personen fyller 18 år först 30 september 2026, och den starten är 16 september 2026" in shown
    assert "Personen har kvar det den har." in shown
    assert await state(await move(taken.enrolment_id, target, keys, clock.now())) == "preliminary"


async def test_a_visit_that_was_made_and_what_was_accepted_are_brought_along(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, "2.8", 8)
    today = local_date(clock.now())
    for kind in ("conditions", "rules"):
        await step_services.add_text("2.8", kind, today, ["Ja."], ["Yes."], kim.staff_id, clock.now())
    programme = await catalogue.programme(source.programme_id)
    made, booked = [(await somebody(source, keys, clock.now(), name)).enrolment_id for name in ("Ek", "Asp")]
    starts = clock.now() + timedelta(minutes=10)
    slot = await step_services.add_slot(
        source.cohort_id, starts, starts + timedelta(hours=1), source.venue_id, kim.staff_id, 2, clock.now()
    )
    for person in (made, booked):
        await step_services.book_visit(person, slot, clock.now())
    await step_services.mark_visit(made, "attended", kim.staff_id, programme, clock.now())
    texts = [text.text_id for text in await queries.texts_for(programme, today)]
    await step_services.accept_texts(made, texts, programme, "screen", clock.now())
    await step_services.note_proof(made, kim.staff_id, programme, clock.now())
    done, again = await move(made, target, keys, clock.now()), await move(booked, target, keys, clock.now())
    facts, old = await queries.enrolment(done), await queries.enrolment(made)
    assert facts.state == "confirmed"
    assert facts.visit
    assert facts.visit.state == "attended"
    assert facts.accepted == old.accepted == frozenset(texts)
    assert facts.proof_checked_at
    assert facts.participant_id == old.participant_id
    assert await owner.fetchval("select count(*) from study_visit") == 1
    assert (await queries.enrolment(again)).state == "preliminary"
    assert (await queries.enrolment(again)).visit is None


async def test_who_only_waited_in_both_is_erased_once_when_the_last_queue_is_over(
    kim: Principal, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, "2.14")
    await somebody(target, keys, clock.now(), "Har plats")
    for name in ("Har", "Väntar"):
        who = (await somebody(source, keys, clock.now(), name)).enrolment_id
    person = (await queries.enrolment(who)).participant_id
    assert person
    new = await move(who, target, keys, clock.now())
    assert (await queries.enrolment(new)).only_waited
    await waiting_services.erase_waited(who, keys, clock.now())
    assert source.last_end
    clock.set(source.last_end + timedelta(days=10))
    assert who not in await due_queries.waited_in_vain(clock.now())
    assert keys.exists("person", person)
    await services.leave(new, keys, clock.now())
    async with as_worker(settings):
        await waiting_services.erase_waited(new, keys, clock.now())
    assert not keys.exists("person", person)
    assert await owner.fetchval("select count(*) from participant where id = $1", person) == 0


async def test_the_list_of_the_old_start_goes_without_taking_the_person_with_it(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, "2.16", 8)
    who = await somebody(source, keys, clock.now(), "Al", "al@example.invalid")
    new = await move(who.enrolment_id, target, keys, clock.now(), kim.staff_id)
    async with transaction():
        await erase_cohort(source.cohort_id, keys, "closed", clock.now())
    facts = await queries.enrolment(new)
    assert place_services.unseal(facts, keys).alias == "Al"
    assert holding(await everything(owner), str(who.enrolment_id)) == set()
    # Nothing ties the two to each other.
    assert await owner.fetchval("select count(*) from audit_entry where subject like 'enrolment/%'") == 0


async def test_the_calendar_follows_at_its_own_address(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, maximum=8)
    who = (await somebody(source, keys, clock.now(), "Al")).enrolment_id
    feed = await calendar.participant_feed(who, keys, clock.now())
    assert feed
    await calendar.set_title(feed.feed_id, "Tandläkaren", keys, clock.now())
    address = calendar.feed_address(feed, keys)
    before = (await client.get(address)).content
    clock.advance(hours=1)
    new = await desk.transfer(who, source.cohort_id, target.cohort_id, "plats", kim, keys, clock.now())
    assert new
    await calendar.revoke_ended(clock.now())
    after = await client.get(address)
    assert after.status_code == 200
    assert "Tandläkaren" in after.text
    assert len(events(before)) == len(events(after.content)) == 4
    assert before != after.content
    assert await owner.fetchval("select enrolment_id from feed") == new


async def test_the_person_is_told_by_mail_or_stands_on_the_list_of_those_to_ring(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:  # fmt: skip
    source, target = await two(clock, maximum=8)
    how = {"Al": "", "Bok": "Ändras en tid ringer vi dig.", "Ek": "Ändrade tider ser du bara här"}
    for name, contact in (("Al", "al@example.invalid"), ("Bok", "+46700000000"), ("Ek", "")):
        taken = await somebody(source, keys, clock.now(), name, contact)
        client.cookies.set("place", taken.token)
        assert "Du är flyttad till en annan start" not in (await client.get("/min-plats")).text
        await worker.drain(the_worker)
        await move(taken.enrolment_id, target, keys, clock.now())
        page = (await client.get("/min-plats")).text
        assert "Du är flyttad till en annan start" in page
        assert {said for said in how.values() if said and said in page} == ({how[name]} - {""})
    await worker.drain(the_worker)
    told = await owner.fetch("select state from notice where kind = 'place_moved' order by created_at, state")
    assert sorted(row["state"] for row in told) == ["no_channel", "no_channel", "sent"]
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"/personal/grupper/{target.cohort_id}/ring")).text
    assert "Är flyttad till en annan start." in shown
    assert "Bok" in shown
    assert "Ek" not in shown


async def test_staff_choose_see_what_happens_and_do_exactly_that(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    source, target = await two(clock)
    who = (await somebody(source, keys, clock.now(), "Al")).enrolment_id
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{source.cohort_id}/deltagare/{who}/flytta"
    assert "1 ledig plats." in (await client.get(address)).text
    assert (await client.get(f"{address}?till=x")).status_code == 422
    shown = (await client.get(f"{address}?till={target.cohort_id}")).text
    assert "Personen får plats 1 i" in shown
    assert "lämnas och går vidare till nästa i kön på en gång." in shown
    assert "personen kryssar den igen på Min plats" in shown
    # Somebody else takes the place meanwhile: nothing is done, and what would be is shown.
    clock.advance(seconds=1)
    await somebody(target, keys, clock.now(), "Kvick")
    form = {"till": str(target.cohort_id), "sett": "plats"}
    answer = await post_form(client, address, form, f"{address}?till={target.cohort_id}")
    assert answer.status_code == 409
    assert "Personen står där i kö som nummer 1" in answer.text
    assert "Personen har alltså ingen plats förrän en blir ledig." in answer.text
    assert await state(who) == "confirmed"
    done = await post_form(client, address, {**form, "sett": "ko-1"}, f"{address}?till={target.cohort_id}")
    assert done.status_code == 303
    # Of a double click the browser shows the second answer.
    again = await post_form(client, address, {**form, "sett": "ko-1"}, "/personal/grupper")
    assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])
    assert "I kö" in (await client.get(done.headers["location"])).text
    assert "Flyttad till en annan grupp" in (await client.get(address.removesuffix("/flytta"))).text
    assert (await client.get(address)).status_code == 409


async def test_nobody_is_moved_to_another_programme_or_to_a_group_of_others(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    source = await a_cohort("2.1", clock.now(), robin, sessions=4)
    not_theirs, other = await a_cohort("2.1", clock.now(), sessions=4), await a_cohort("2.12", clock.now(), robin)
    who = (await somebody(source, keys, clock.now(), "Al")).enrolment_id
    for target in (not_theirs, other, source):
        with pytest.raises(NotFound):
            await desk.transfer(who, source.cohort_id, target.cohort_id, "plats", robin, keys, clock.now())
    with pytest.raises(NotFound):
        await desk.transfer(who, other.cohort_id, not_theirs.cohort_id, "plats", kim, keys, clock.now())
    await confirm(who, clock.now())
    closed = await a_cohort("2.1", clock.now(), sessions=4, state="planned")
    assert await desk.transfer(who, source.cohort_id, closed.cohort_id, "plats", kim, keys, clock.now()) is None


async def cross(clock: FrozenClock, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Two move at once in opposite directions; each takes its second lock a moment after the first."""
    source, target = await two(clock, maximum=8)
    there = (await somebody(source, keys, clock.now(), "Al")).enrolment_id
    back = (await somebody(target, keys, clock.now(), "Bok")).enrolment_id
    lock = queries.lock_gate

    async def slowly(cohort_id: int, now: datetime) -> queries.Gate:
        gate = await lock(cohort_id, now)
        await asyncio.sleep(0.1)
        return gate

    monkeypatch.setattr(queries, "lock_gate", slowly)
    return await asyncio.gather(
        transfer_services.transfer(there, target.cohort_id, "plats", 1, keys, clock.now()),
        transfer_services.transfer(back, source.cohort_id, "plats", 1, keys, clock.now()),
        return_exceptions=True,
    )


async def test_two_moves_in_opposite_directions_do_not_block_each_other(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(isinstance(new, UUID) for new in await cross(clock, keys, monkeypatch))


async def test_without_the_order_of_the_locks_they_would(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_services, "sorted", tuple, raising=False)
    answers = await cross(clock, keys, monkeypatch)
    assert [type(a) for a in answers if isinstance(a, Exception)] == [asyncpg.DeadlockDetectedError]


async def test_many_who_move_at_once_to_one_place_are_one_place_and_a_queue_in_the_order_of_their_applications(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, maximum=8)
    await owner.execute("update cohort set maximum = 1, minimum = 1 where id = $1", target.cohort_id)
    who = []
    for name in "ABCDEF":
        who.append((await somebody(source, keys, clock.now(), name)).enrolment_id)
        clock.advance(minutes=1)

    async def go(person: UUID) -> UUID:
        while True:
            plan = await transfer_services.plan(person, target.cohort_id, keys, clock.now())
            assert isinstance(plan.decided, transfer_services.Move)
            new = await transfer_services.transfer(person, target.cohort_id, plan.seen, 1, keys, clock.now())
            if new:
                return new

    await asyncio.gather(*(go(person) for person in who))
    found = await queries.enrolments(target.cohort_id, ["confirmed", "queued"])
    assert [f.seat for f in found] == [1, None, None, None, None, None]
    assert [f.applied_at for f in found[1:]] == sorted(f.applied_at for f in found[1:])
    assert await owner.fetchval("select count(*) from seat where cohort_id = $1", source.cohort_id) == 0


NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)


FAMILIES = (None, UUID(int=1), UUID(int=2))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from(range(3))), max_size=8),
    st.integers(0, 9),
    st.integers(0, 3),
)
def test_a_seat_is_given_exactly_when_one_is_free_and_nobody_who_can_have_it_applied_before(
    line: list[tuple[int, bool, int]], minute: int, taken: int
) -> None:
    queue = [
        Waiting(uuid4(), n, Decimal(n), NOON + timedelta(minutes=m), None, over, FAMILIES[family])
        for n, (m, over, family) in enumerate(sorted(line), start=1)
    ]
    there = There(3, range(1, taken + 1), queue, [w.turn for w in queue])
    decided = decide_move(there, NOON + timedelta(minutes=minute), len(queue) + 1)
    before = [w for w in queue if w.applied_at <= NOON + timedelta(minutes=minute)]

    def can_have_it(who: Waiting) -> bool:
        family = [w for w in queue if w.together_id == who.together_id] if who.together_id else [who]
        return len(family) <= 3 - taken and not any(w.passed_over for w in family)

    assert (decided.seat is not None) == (taken < 3 and not any(can_have_it(w) for w in before))
    assert decided.position == (0 if decided.seat else len(before) + 1)


async def test_the_form_that_a_moved_place_began_with_leads_to_it_and_gives_no_second_place(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    source, target = await two(clock)
    programme, form = await catalogue.programme(source.programme_id), await an_application(source)
    taken = await services.apply(replace(form, staff_id=kim.staff_id), programme, keys, clock.now())
    assert isinstance(taken, services.Taken)
    new = await move(taken.enrolment_id, target, keys, clock.now())
    again = await services.apply(form, programme, keys, clock.now())
    assert isinstance(again, services.Taken)
    assert (again.enrolment_id, again.repeated, again.held) == (new, True, True)
    assert await code_queries.open_place(again.token, clock.now()) == new
    # The same by staff, who find the person where they are now.
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{source.cohort_id}/anmal"
    shown = (await client.get(address)).text
    fields = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja")
    fields |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown)) | {"once": form.once}
    fields["namn"] = form.alias
    sent = await client.post(address, data=fields)
    assert sent.headers["location"] == f"/personal/grupper/{target.cohort_id}/deltagare/{new}"


async def test_who_is_moved_late_has_a_week_to_book_a_visit_and_a_time_taken_back_is_free_from_then(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, "2.8", 8)
    holds, cancelled = [await somebody(source, keys, clock.now(), name) for name in ("Al", "Bok")]
    for who in (holds, cancelled):
        starts = clock.now() + timedelta(days=20)
        slot = await step_services.add_slot(
            source.cohort_id, starts, starts + timedelta(hours=1), source.venue_id, None, 1, clock.now()
        )
        await step_services.book_visit(who.enrolment_id, slot, clock.now())
    await visit_services.cancel_slot(source.cohort_id, slot, 1, kim.staff_id, clock.now())
    clock.advance(days=10)
    new = await queries.enrolment(await move(holds.enrolment_id, target, keys, clock.now()))
    assert (new.state, new.place_since, new.visit) == ("preliminary", clock.now(), None)
    # Nobody could book it until now, so that nobody is said to have had the chance.
    assert await owner.fetchval("select free_since from visit_slot where cancelled_at is null") == clock.now()
    # A visit that the office has cancelled never costs the place, in another start either.
    other = await queries.enrolment(await move(cancelled.enrolment_id, target, keys, clock.now()))
    assert other.visit_cancelled_at is not None


async def test_a_seat_at_another_start_that_is_left_and_taken_back_waits_by_the_time_of_the_application(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    source, target = await two(clock)
    early = await somebody(source, keys, clock.now(), "Al")
    clock.advance(hours=1)
    programme = await catalogue.programme(target.programme_id)
    asked = replace(await an_application(target, "Bok"), among_many=True)
    waits = await services.apply(asked, programme, keys, clock.now())
    assert isinstance(waits, services.Taken)
    new = await move(early.enrolment_id, target, keys, clock.now())
    assert (await queries.enrolment(new)).seat == 1
    await leaving_services.leave(new, keys, clock.now())
    last = await somebody(target, keys, clock.now(), "Sen")
    await coming_services.coming(waits.enrolment_id, programme, clock.now())
    await leaving_services.undo(new, clock.now())
    line = [facts.enrolment_id for facts in await queries.enrolments(target.cohort_id, ["queued"])]
    assert (last.held, line) == (True, [new, waits.enrolment_id])


async def test_the_preview_of_a_move_to_a_queue_too_late_for_offers_says_what_is_so(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    source, target = await two(clock)
    moves = await somebody(source, keys, clock.now(), "Al")
    await somebody(source, keys, clock.now(), "Bok")
    await somebody(target, keys, clock.now(), "En")
    assert source.first_start
    clock.set(source.first_start - timedelta(hours=1))
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/grupper/{source.cohort_id}/deltagare/{moves.enrolment_id}/flytta?till={target.cohort_id}"
    shown = (await client.get(page)).text
    assert "Personen har alltså ingen plats förrän en blir ledig." in shown
    assert "står kvar i kön så länge" in shown
    assert "behåller platsen så länge" not in shown
    assert "nästa i kön på en gång" not in shown
    assert "till den första som säger ja" in shown
