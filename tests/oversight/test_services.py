"""Decisions about starts: never below the guideline's minimum, once only, and nobody loses a place by them."""

import asyncio
from collections.abc import Awaitable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local, local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment.queries import places
from programmes.oversight import services
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader
from tests.factories import a_cohort, confirm, somebody


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def filled(
    section: str, confirmed: int, preliminary: int, keys: KeyFolder, clock: FrozenClock, **others: Any
) -> CohortFacts:
    """An open cohort with people in it."""
    cohort = await a_cohort(section, clock.now(), **others)
    for number in range(confirmed + preliminary):
        taken = await somebody(cohort, keys, clock.now(), f"P{number}")
        if number < confirmed:
            await confirm(taken.enrolment_id, clock.now())
    return cohort


def seen(cohort: CohortFacts) -> str:
    return services.seen_as(cohort.state, cohort.first_start)


async def events(owner: asyncpg.Connection, prefix: str = "cohort_") -> list[str]:
    rows = await owner.fetch("select entrypoint from pgqueuer where entrypoint like $1 order by id", f"{prefix}%")
    return [row["entrypoint"] for row in rows]


async def decisions(owner: asyncpg.Connection, cohort: CohortFacts) -> list[tuple[str, str, int]]:
    rows = await owner.fetch("select decision, reason, confirmed from start_decision where cohort_id = $1", cohort.cohort_id)
    return [(row["decision"], row["reason"], row["confirmed"]) for row in rows]


async def outcomes(*tries: Awaitable[object]) -> list[str]:
    """What came of several tries at once, by type, in alphabetical order."""
    return sorted(type(answer).__name__ for answer in await asyncio.gather(*tries, return_exceptions=True))


async def test_five_confirmed_start_a_treatment_group(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 5, 1, keys, clock)
    assert await services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now()) == []
    after = await owner.fetchrow("select state, started_at from cohort where id = $1", cohort.cohort_id)
    assert (after["state"], after["started_at"]) == ("started", clock.now())
    assert await decisions(owner, cohort) == [("start", "", 5)]
    assert await events(owner) == ["cohort_started"]


async def test_four_confirmed_do_not_whoever_asks_and_preliminary_places_do_not_count(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 4, 4, keys, clock)
    for with_fewer in (False, True):
        reasons = await services.start(cohort.cohort_id, with_fewer, seen(cohort), kim, clock.now())
        assert [(r.code, r.params["section"]) for r in reasons] == [("below_guideline", "2.8")]
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"
    assert await decisions(owner, cohort) == []
    assert await events(owner) == []


async def test_below_our_own_minimum_it_starts_with_fewer_when_that_is_said(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.16", 1, 0, keys, clock)
    reasons = await services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now())
    assert [r.code for r in reasons] == ["below_own", "fewer_why"]
    for nothing in ("", "too_few", "för att"):
        reasons = await services.start(cohort.cohort_id, True, seen(cohort), kim, clock.now(), why_fewer=nothing)
        assert [(r.code, r.beside) for r in reasons] == [("fewer_why", "skal")]
    assert await decisions(owner, cohort) == []
    assert await services.start(cohort.cohort_id, True, seen(cohort), kim, clock.now(), why_fewer="no_waiting") == []
    assert await decisions(owner, cohort) == [("start", "no_waiting", 1)]


async def test_why_with_fewer_is_not_kept_of_a_start_with_enough(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 5, 0, keys, clock)
    assert await services.start(cohort.cohort_id, True, seen(cohort), kim, clock.now(), why_fewer="no_waiting") == []
    assert await decisions(owner, cohort) == [("start", "", 5)]


async def test_a_decision_has_a_reason_of_its_own_kind_or_none_as_the_release_before_writes(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.16", 1, 0, keys, clock)

    async def write(decision: str, reason: str) -> None:
        await owner.execute(
            """insert into start_decision (cohort_id, decision, reason, confirmed, staff_id, decided_at)
               values ($1, $2, $3, 1, $4, $5)""",
            cohort.cohort_id, decision, reason, kim.staff_id, clock.now(),
        )  # fmt: skip

    for decision, reason in [("start", ""), ("start", "next_is_far"), ("cancel", ""), ("postpone", "no_venue")]:
        await write(decision, reason)
    for decision, reason in [("start", "too_few"), ("cancel", "no_waiting"), ("postpone", "Lisa är sjuk")]:
        with pytest.raises(asyncpg.CheckViolationError):
            await write(decision, reason)


async def test_only_the_coordinator_of_the_programme_decides(kim: Principal, keys: KeyFolder, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    elsewhere = await a_coordinator(clock.now(), "annan", "2.1")
    cohort = await filled("2.8", 5, 0, keys, clock, leader=robin)
    with pytest.raises(Forbidden):
        await services.start(cohort.cohort_id, False, seen(cohort), robin, clock.now())
    with pytest.raises(NotFound):
        await services.cancel(cohort.cohort_id, "too_few", seen(cohort), elsewhere, clock.now())
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"


async def test_of_two_tabs_that_decide_only_the_first_counts(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 5, 0, keys, clock)
    tries = [
        services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now()),
        services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now()),
        services.cancel(cohort.cohort_id, "too_few", seen(cohort), kim, clock.now()),
    ]
    assert (await outcomes(*tries)).count("Conflict") == 2
    assert len(await decisions(owner, cohort)) == 1
    assert len(await events(owner)) == 1


async def test_cancelling_ends_every_session_and_offer_and_tells_all(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 3, 1, keys, clock)
    waiting = await somebody(cohort, keys, clock.now(), "Lind")
    await owner.execute(
        "update enrolment set state = 'offered', offer_expires_at = $2 where id = $1",
        waiting.enrolment_id,
        clock.now() + timedelta(days=1),
    )
    await services.cancel(cohort.cohort_id, "too_few", seen(cohort), kim, clock.now())
    sessions = await cohorts.sessions(cohort.cohort_id)
    assert {(s.state, s.number, s.sequence, s.cancelled_at) for s in sessions} == {("cancelled", None, 1, clock.now())}
    row = await owner.fetchrow("select state, ended_how from cohort where id = $1", cohort.cohort_id)
    assert (row["state"], row["ended_how"]) == ("cancelled", "cancelled")
    assert (await places([cohort.cohort_id], clock.now()))[cohort.cohort_id].offered == 0
    assert await decisions(owner, cohort) == [("cancel", "too_few", 3)]
    assert await events(owner) == ["cohort_cancelled"]
    with pytest.raises(Conflict):
        await services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now())


async def test_postponing_moves_every_session_by_the_same_pattern_and_everybody_keeps_their_place(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 3, 1, keys, clock)
    before = (await places([cohort.cohort_id], clock.now()))[cohort.cohort_id]
    new_first = date(2026, 10, 27)
    digest = (await services.plan_again(cohort.cohort_id, new_first, kim, clock.now())).digest
    args = (cohort.cohort_id, new_first, date(2026, 10, 16), "too_few")
    assert await services.postpone(*args, seen(cohort), digest, kim, clock.now()) == []
    after = await cohorts.by_id(cohort.cohort_id)
    sessions = await cohorts.sessions(cohort.cohort_id)
    assert (after.state, after.decide_by, after.sessions) == ("postponed", date(2026, 10, 16), 10)
    assert local_date(sessions[0].starts_at) == new_first
    assert {local(s.starts_at).weekday() for s in sessions} == {1}
    assert len({local(s.starts_at).time() for s in sessions}) == 1
    assert {(s.sequence, s.state, s.revised_at) for s in sessions} == {(1, "planned", clock.now())}
    assert (await places([cohort.cohort_id], clock.now()))[cohort.cohort_id] == before
    assert await events(owner) == ["cohort_postponed"]
    with pytest.raises(Conflict):
        await services.postpone(*args, seen(cohort), digest, kim, clock.now())


async def test_a_postponed_group_can_still_start_and_one_that_is_only_planned_stays_hidden(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    planned = await a_cohort("2.8", clock.now(), state="planned")
    digest = (await services.plan_again(planned.cohort_id, date(2026, 11, 4), kim, clock.now())).digest
    args = (planned.cohort_id, date(2026, 11, 4), date(2026, 10, 20), "no_venue", seen(planned), digest)
    assert await services.postpone(*args, kim, clock.now()) == []
    assert (await cohorts.by_id(planned.cohort_id)).state == "planned"
    assert await events(owner) == []
    cohort = await filled("2.16", 3, 0, keys, clock, state="postponed", minimum=3)
    assert await services.start(cohort.cohort_id, False, seen(cohort), kim, clock.now()) == []


async def test_postponing_says_why_not(kim: Principal, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await filled("2.8", 3, 0, keys, clock)
    assert cohort.first_start
    same = local_date(cohort.first_start)
    digest = (await services.plan_again(cohort.cohort_id, same, kim, clock.now())).digest
    args = (cohort.cohort_id, same, date(2026, 12, 24), "too_few", seen(cohort), digest)
    reasons = await services.postpone(*args, kim, clock.now())
    assert {(r.code, r.beside) for r in reasons} == {("not_later", "start"), ("decided_after_start", "beslut")}
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"


async def test_a_closure_that_came_in_between_is_shown_before_it_is_saved(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.8", 3, 0, keys, clock)
    digest = (await services.plan_again(cohort.cohort_id, date(2026, 10, 28), kim, clock.now())).digest
    await owner.execute("insert into closure (first_day, last_day, reason) values ('2026-11-04', '2026-11-04', 'Lov')")
    args = (cohort.cohort_id, date(2026, 10, 28), date(2026, 10, 16), "too_few", seen(cohort), digest)
    with pytest.raises(Conflict) as conflict:
        await services.postpone(*args, kim, clock.now())
    assert conflict.value.code == "schedule_changed"


async def seats(owner: asyncpg.Connection, cohort: CohortFacts) -> dict[UUID, tuple[int, int]]:
    rows = await owner.fetch(
        "select enrolment_id, number, maximum from seat where cohort_id = $1 order by number", cohort.cohort_id
    )
    return {row["enrolment_id"]: (row["number"], row["maximum"]) for row in rows}


async def test_lowering_the_maximum_renumbers_the_seats_and_stops_at_those_who_hold_one(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.15", 0, 6, keys, clock)
    before = list(await seats(owner, cohort))
    await owner.execute("delete from enrolment where id = any($1::uuid[])", [before[0], before[3]])
    assert [r.code for r in await services.change_limits(cohort.cohort_id, 1, 3, kim, clock.now())] == ["held"]
    assert await services.change_limits(cohort.cohort_id, 2, 4, kim, clock.now()) == []
    after = await seats(owner, cohort)
    assert list(after) == [before[1], before[2], before[4], before[5]]
    assert list(after.values()) == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_the_guidelines_limits_hold_also_for_a_change(kim: Principal, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.7", clock.now())
    assert {r.code for r in await services.change_limits(cohort.cohort_id, 4, 9, kim, clock.now())} == {"minimum", "maximum"}
    assert (await cohorts.by_id(cohort.cohort_id)).maximum == 8


async def test_a_raised_maximum_goes_to_those_who_wait(kim: Principal, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await filled("2.15", 0, 3, keys, clock, minimum=1, maximum=2)
    before = (await places([cohort.cohort_id], clock.now()))[cohort.cohort_id]
    assert (before.held, before.queued) == (2, 1)
    assert await services.change_limits(cohort.cohort_id, 1, 3, kim, clock.now()) == []
    after = (await places([cohort.cohort_id], clock.now()))[cohort.cohort_id]
    assert (after.offered, after.queued) == (1, 0)


async def test_lowering_while_people_apply_never_leaves_anybody_without_a_seat(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await filled("2.15", 0, 2, keys, clock)
    await asyncio.gather(
        *(somebody(cohort, keys, clock.now(), f"N{n}") for n in range(6)),
        *(services.change_limits(cohort.cohort_id, 1, most, kim, clock.now()) for most in (4, 3, 6)),
    )
    now = await cohorts.by_id(cohort.cohort_id)
    taken = await seats(owner, cohort)
    assert len(taken) <= now.maximum
    assert {maximum for _number, maximum in taken.values()} == {now.maximum}
