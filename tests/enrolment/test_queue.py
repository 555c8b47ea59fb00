"""The queue: offers that can be answered, places that are passed on whatever freed them, and deadlines that follow."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.queue import services as queue_services
from programmes.enrolment.services import Taken
from programmes.enrolment.visits import step_services
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody


async def one_place(clock: FrozenClock, *, state: str = "open", entry_sessions: int = 1) -> CohortFacts:
    """A cohort with a single place, which one may still take at so many sessions."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4, state=state)
    async with transaction():
        await execute("update cohort set last_entry_session = $2 where id = $1", cohort.cohort_id, entry_sessions)
    return cohort


async def people(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, names: Sequence[str]) -> list[Taken]:
    return [await somebody(cohort, keys, clock.now(), name) for name in names]


async def states(who: Sequence[Taken]) -> list[str]:
    return [(await queries.enrolment(person.enrolment_id)).state for person in who]


async def test_a_place_left_just_before_a_session_is_offered_after_it_and_burns_nobody(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock, entry_sessions=2)
    who = await people(cohort, keys, clock, "ABCD")
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(hours=1))
    await services.leave(who[0].enrolment_id, keys, clock.now())
    for _ in range(3):
        await worker.drain(the_worker)
        clock.advance(seconds=5)
    assert await states(who) == ["withdrawn", "queued", "queued", "queued"]
    clock.set(cohort.first_start + timedelta(minutes=1))
    await worker.drain(the_worker)
    await worker.drain(the_worker)
    assert await states(who) == ["withdrawn", "offered", "queued", "queued"]


async def test_a_raised_maximum_before_the_start_burns_nobody(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABC")
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(minutes=90))
    assert await oversight.change_limits(cohort.cohort_id, 1, 3, kim, clock.now()) == []
    await worker.drain(the_worker)
    assert await states(who) == ["confirmed", "queued", "queued"]


async def test_a_postponed_start_offers_the_free_place_to_who_waits(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABC")
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(hours=1))
    await services.leave(who[0].enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    assert await states(who) == ["withdrawn", "queued", "queued"]
    first = local_date(cohort.first_start) + timedelta(weeks=3)
    digest = (await oversight.plan_again(cohort.cohort_id, first, kim, clock.now())).digest
    seen = seen_as("open", cohort.first_start)
    assert await oversight.postpone(cohort.cohort_id, first, first, "too_few", seen, digest, kim, clock.now()) == []
    await worker.drain(the_worker)
    await worker.drain(the_worker)
    assert await states(who) == ["withdrawn", "offered", "queued"]


async def test_a_cancelled_first_session_opens_entry_for_who_waits(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await one_place(clock, state="started")
    who = await people(cohort, keys, clock, "AB")
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(minutes=10))
    await services.leave(who[0].enrolment_id, keys, clock.now())
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(session.session_id, True, kim, clock.now(), meant=True) == []
    await worker.drain(the_worker)
    assert await states(who) == ["withdrawn", "offered"]


async def test_passing_on_twice_at_once_offers_each_place_once(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABC")
    async with transaction():
        await execute("update cohort set maximum = 2 where id = $1", cohort.cohort_id)
    await queue_services.promote_waiting(clock.now())
    await queue_services.promote_waiting(clock.now())
    assert await states(who) == ["confirmed", "offered", "queued"]


async def test_an_open_offer_follows_a_session_that_is_moved_earlier_and_the_new_time_is_told(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await one_place(clock)
    await owner.execute("update cohort set decide_by = $1", local_date(clock.now()))
    who = await people(cohort, keys, clock, "AB")
    await services.leave(who[0].enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    before = (await queries.enrolment(who[1].enrolment_id)).offer_expires_at
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    begins = clock.now() + timedelta(hours=6)
    moved = await session_services.move_session(
        session.session_id, begins, begins + timedelta(hours=1), session.venue_id, kim, clock.now()
    )
    assert moved == []
    await worker.drain(the_worker)
    capped = (await queries.enrolment(who[1].enrolment_id)).offer_expires_at
    assert before
    assert capped == begins - timedelta(hours=2) < before
    await worker.drain(the_worker)
    assert (await queries.enrolment(who[1].enrolment_id)).offer_expires_at == capped
    assert await owner.fetchval("select count(*) from notice where kind = 'place_offered'") == 2


async def test_an_offer_keeps_the_least_time_to_answer_or_lasts_until_the_session(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for hours, kept in ((3, 2), (1, 1)):
        cohort = await one_place(clock)
        who = await people(cohort, keys, clock, "AB")
        await services.leave(who[0].enrolment_id, keys, clock.now())
        await owner.execute(
            "update cohort_session set starts_at = $1, ends_at = $2 where cohort_id = $3 and number = 1",
            clock.now() + timedelta(hours=hours),
            clock.now() + timedelta(hours=hours + 1),
            cohort.cohort_id,
        )
        await queue_services.cap_offers(clock.now())
        until = (await queries.enrolment(who[1].enrolment_id)).offer_expires_at
        assert until == clock.now() + timedelta(hours=kept)


async def test_who_did_every_step_while_the_place_was_offered_is_done_on_saying_yes(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    await step_services.add_text("2.8", "conditions", local_date(clock.now()), ["Ja."], ["Yes."], kim.staff_id, clock.now())
    await step_services.add_text("2.8", "rules", local_date(clock.now()), ["Ja."], ["Yes."], kim.staff_id, clock.now())
    who = await people(cohort, keys, clock, "ABCDEFGHI")
    await services.leave(who[0].enrolment_id, keys, clock.now())
    ninth, starts = who[8].enrolment_id, clock.now() + timedelta(minutes=10)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, kim.staff_id, 1, clock.now()
    )
    await step_services.book_visit(ninth, slot, clock.now())
    await step_services.mark_visit(ninth, "attended", kim.staff_id, programme, clock.now())
    shown = [text.text_id for text in await queries.texts_for(programme, local_date(clock.now()))]
    await step_services.accept_texts(ninth, shown, programme, "screen", clock.now())
    assert (await queries.enrolment(ninth)).state == "offered"
    await services.accept_offer(ninth, programme, clock.now())
    facts = await queries.enrolment(ninth)
    assert (facts.state, facts.confirmed_at) == ("confirmed", clock.now())


async def test_without_the_rules_nobody_is_done_and_nothing_half_is_accepted(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    await step_services.add_text("2.7", "conditions", local_date(clock.now()), ["Ja."], ["Yes."], kim.staff_id, clock.now())
    taken = await somebody(cohort, keys, clock.now())
    starts = clock.now() + timedelta(minutes=10)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, kim.staff_id, 1, clock.now()
    )
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    await step_services.mark_visit(taken.enrolment_id, "attended", kim.staff_id, programme, clock.now())
    conditions = [text.text_id for text in await queries.texts_to_accept("2.7", local_date(clock.now()))]
    assert len(conditions) == 1
    async with transaction():
        await execute(
            "insert into agreement (enrolment_id, text_id, accepted_at, how) values ($1, $2, $3, 'screen')",
            taken.enrolment_id,
            conditions[0],
            clock.now(),
        )
    await step_services.mark_visit(taken.enrolment_id, "attended", kim.staff_id, programme, clock.now())
    facts = await queries.enrolment(taken.enrolment_id)
    assert facts.state == "preliminary"
    assert queries.still_to_do(programme, facts, await queries.texts_to_accept("2.7", local_date(clock.now()))) == (
        "accept",
    )
    assert await queries.texts_for(programme, local_date(clock.now())) == ()
