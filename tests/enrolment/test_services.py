"""Applying, leaving and passing places on, against the database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import asyncpg
import pytest

from programmes.catalogue import queries as catalogue
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import code_queries, place_services, queries, services
from programmes.enrolment.leaving.closing_services import erase_cohort
from programmes.enrolment.services import Refused, Taken
from programmes.enrolment.visits import step_services
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_coordinator, an_application, confirm, documented, somebody


async def test_a_free_place_is_held_at_once_and_the_code_opens_it(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.seat) == ("confirmed", 1)
    kept = place_services.unseal(facts, keys)
    assert kept.alias == "Björk"
    token = await place_services.open_by_code(kept.code, clock.now())
    assert token
    assert await code_queries.open_place(token, clock.now()) == taken.enrolment_id
    assert await code_queries.open_place(token, clock.now() + timedelta(minutes=31)) is None


async def test_where_a_visit_is_asked_for_the_place_is_preliminary(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now())
    assert (await queries.enrolment(taken.enrolment_id)).state == "preliminary"


async def test_the_same_form_sent_twice_gives_the_same_place(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    programme = await catalogue.programme(cohort.programme_id)
    application = await an_application(cohort, once="samma")
    first, second = await asyncio.gather(
        services.apply(application, programme, keys, clock.now()), services.apply(application, programme, keys, clock.now())
    )
    assert isinstance(first, Taken)
    assert isinstance(second, Taken)
    assert first.enrolment_id == second.enrolment_id
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 1


async def test_every_unmet_condition_is_listed_and_nothing_is_written(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    good = await an_application(cohort)
    young = documented(good, PersonRecord("Björk", clock.now().date().replace(year=2009).isoformat()))
    answers = replace(young.answers, residency=False)
    answer = await services.apply(replace(young, answers=answers), programme, keys, clock.now())
    assert isinstance(answer, Refused)
    assert {(o.condition, o.section) for o in answer.outcomes} == {("age", "2.8"), ("residency", "2.8")}
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id] == queries.Places()


async def test_the_ninth_waits_and_is_offered_the_place_of_the_one_who_leaves(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    people = [await somebody(cohort, keys, clock.now(), f"Person {n}") for n in range(1, 10)]
    assert [p.held for p in people] == [True] * 8 + [False]
    gone = await queries.enrolment(people[2].enrolment_id)
    await services.leave(people[2].enrolment_id, keys, clock.now())
    ninth = await queries.enrolment(people[8].enrolment_id)
    assert (ninth.state, ninth.seat) == ("offered", 3)
    left = await queries.enrolment(people[2].enrolment_id)
    assert (left.state, left.seat, left.sealed) == ("withdrawn", None, None)
    assert gone.key_id is not None
    assert not keys.exists("entry", gone.key_id)
    await services.accept_offer(ninth.enrolment_id, await catalogue.programme(cohort.programme_id), clock.now())
    assert (await queries.enrolment(ninth.enrolment_id)).state == "preliminary"
    # In another tab the button is still there: pressed again it changes nothing, and is no error.
    await services.accept_offer(ninth.enrolment_id, await catalogue.programme(cohort.programme_id), clock.now())


async def test_an_offer_that_runs_out_goes_to_the_next_also_when_the_worker_was_down(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=1, minimum=1, sessions=4)
    holder, second, third = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok", "En")]
    await services.leave(holder.enrolment_id, keys, clock.now())
    clock.advance(days=6)
    programme = await catalogue.programme(cohort.programme_id)
    with pytest.raises(Conflict):
        await services.accept_offer(second.enrolment_id, programme, clock.now())
    assert await services.expire_offers(keys, clock.now()) == 1
    assert (await queries.enrolment(second.enrolment_id)).state == "expired"
    assert (await queries.enrolment(third.enrolment_id)).state == "offered"


async def test_nobody_is_offered_a_place_after_the_last_session_of_entry(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=1, minimum=1, sessions=4)
    holder, waiting = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    clock.advance(days=29)
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert (await queries.enrolment(waiting.enrolment_id)).state == "queued"


async def test_leaving_twice_is_said_and_changes_nothing(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    await services.leave(taken.enrolment_id, keys, clock.now())
    with pytest.raises(Conflict):
        await services.leave(taken.enrolment_id, keys, clock.now())


async def test_twenty_five_at_once_for_eight_places_are_eight_held_and_seventeen_in_order(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    people = await asyncio.gather(*(somebody(cohort, keys, clock.now(), f"Person {n}") for n in range(25)))
    assert sum(p.held for p in people) == 8
    found = await queries.enrolments(cohort.cohort_id, ["confirmed", "queued"])
    assert sorted(e.seat for e in found if e.seat) == list(range(1, 9))
    assert sorted(e.arrival for e in found) == list(range(1, 26))
    waiting = [e.arrival for e in found if e.state == "queued"]
    assert waiting == list(range(9, 26))


async def test_without_the_lock_the_constraint_alone_stops_a_ninth_seat(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    insert = "insert into seat (cohort_id, maximum, number, enrolment_id) values ($1, $2, $3, $4)"
    with pytest.raises(asyncpg.UniqueViolationError, match=r"one_holder_per_seat|seat_enrolment_id_key"):
        await owner.execute(insert, cohort.cohort_id, 8, 1, taken.enrolment_id)
    await owner.execute("delete from seat")
    with pytest.raises(asyncpg.CheckViolationError, match="seat_within_capacity"):
        await owner.execute(insert, cohort.cohort_id, 8, 9, taken.enrolment_id)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="seat_within_cohort_maximum"):
        await owner.execute(insert, cohort.cohort_id, 9, 9, taken.enrolment_id)


async def test_visit_rules_and_then_the_place_is_confirmed(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    today = clock.now().date()
    kinds: tuple[Literal["conditions"], Literal["rules"]] = ("conditions", "rules")
    for kind in kinds:
        await step_services.add_text(
            "2.8", kind, today, ["Jag kommer nykter."], ["I come sober."], kim.staff_id, clock.now()
        )  # type: ignore[arg-type]
    starts = clock.now() + timedelta(days=7)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, kim.staff_id, 1, clock.now()
    )
    first, second = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await step_services.book_visit(first.enrolment_id, slot, clock.now())
    with pytest.raises(Conflict, match="visit_full"):
        await step_services.book_visit(second.enrolment_id, slot, clock.now())
    texts = [t.text_id for t in await queries.texts_to_accept("2.8", today)]
    with pytest.raises(Conflict, match="visit_first"):
        await step_services.accept_texts(first.enrolment_id, texts, programme, "screen", clock.now())
    with pytest.raises(Conflict, match="visit_not_yet"):
        await step_services.mark_visit(first.enrolment_id, "attended", kim.staff_id, programme, clock.now())
    clock.advance(days=7)
    await step_services.mark_visit(first.enrolment_id, "attended", kim.staff_id, programme, clock.now())
    with pytest.raises(Conflict, match="texts_changed"):
        await step_services.accept_texts(first.enrolment_id, texts[:1], programme, "screen", clock.now())
    await step_services.accept_texts(first.enrolment_id, texts, programme, "screen", clock.now())
    assert (await queries.enrolment(first.enrolment_id)).state == "confirmed"
    assert (await queries.enrolment(second.enrolment_id)).state == "preliminary"


# Who waits, straight into the table: only how many there are matters.
WAITING = """
insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, language, only_waited)
select gen_random_uuid(), $1, 'queued', $2::int + n, $2::int + n, $3, 'sv', true from generate_series(1, $4::int) n
"""


async def test_an_application_is_at_most_twelve_statements_whatever_the_queue(
    db: None, keys: KeyFolder, clock: FrozenClock, queries_log: QueryLog, owner: asyncpg.Connection
) -> None:
    # The longest of both ways: a programme that keeps a record of the person, and one that keeps none.
    for section in ("2.8", "2.1"):
        counts, cohort = {}, await a_cohort(section, clock.now(), maximum=5)
        for waiting in (0, 10, 500, 5000):
            there = await owner.fetchval("select arrivals from cohort where id = $1", cohort.cohort_id)
            await owner.execute(WAITING, cohort.cohort_id, there, clock.now(), waiting)
            await owner.execute("update cohort set arrivals = $2 where id = $1", cohort.cohort_id, there + waiting)
            queries_log.clear()
            taken = await somebody(cohort, keys, clock.now())
            assert taken.held == (waiting == 0)
            counts[waiting] = len(queries_log.statements)
        assert max(counts.values()) <= 12, queries_log.statements
        assert counts[10] == counts[500] == counts[5000], counts
        last = await queries.enrolment(taken.enrolment_id)
        assert await queries.queue_position(cohort.cohort_id, last.arrival) == 10 + 500 + 5000 + 3


async def test_erasing_a_cohort_leaves_no_row_and_no_key(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    from programmes.core.db import transaction

    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    people = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok")]
    await confirm(people[0].enrolment_id, clock.now())
    key_ids = [(await queries.enrolment(p.enrolment_id)).key_id for p in people]
    async with transaction():
        assert await erase_cohort(cohort.cohort_id, keys, "closing", clock.now()) == 2
    for table in ("enrolment", "seat", "condition_met", "place_session", "study_visit", "agreement", "notice"):
        assert await owner.fetchval(f"select count(*) from {table}") == 0, table
    assert not any(keys.exists("entry", key_id) for key_id in key_ids if key_id)
    assert {r["key"] for r in keys.receipts()} >= {str(key_id) for key_id in key_ids}
