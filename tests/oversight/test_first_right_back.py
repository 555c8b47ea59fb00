"""A cancelling that is taken back leaves every first right where it would lie had that start never been cancelled."""

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.services import announce
from programmes.core.days import day_off
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.waiting_rules import offer_until
from programmes.oversight import services
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator
from tests.factories import a_cohort, somebody

Right = tuple[int, datetime, datetime]


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def cancel(cohort_id: int, kim: Principal, clock: FrozenClock) -> None:
    cohort = await cohorts.by_id(cohort_id)
    clock.advance(seconds=5)
    seen = services.seen_as(cohort.state, cohort.first_start)
    await services.cancel(cohort_id, "too_few", seen, kim, clock.now())


async def take_back(cohort_id: int, kim: Principal, clock: FrozenClock) -> None:
    clock.advance(seconds=5)
    found = await undo_services.undoable(cohort_id, clock.now())
    assert found is not None
    assert not await undo_services.undo(cohort_id, found.decision_id, kim, clock.now())


async def rights(owner: asyncpg.Connection) -> dict[int, Right]:
    rows = await owner.fetch("select from_cohort_id, cohort_id, opened_at, until from first_right")
    return {row["from_cohort_id"]: (row["cohort_id"], row["opened_at"], row["until"]) for row in rows}


async def kept(cohort: CohortFacts, now: datetime) -> int:
    async with transaction():
        return (await queries.lock_gate(cohort.cohort_id, now)).kept


async def test_two_starts_that_are_cancelled_at_once_wait_for_each_other_and_neither_is_broken_off(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    first, second, third = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=28 + 7 * n)) for n in range(3)]
    await somebody(first, keys, clock.now(), "P1", "p@example.se")
    lock = f"hashtextextended('first_right/{first.slug}/{first.section}', 0)"
    await owner.execute(f"select pg_advisory_lock({lock})")
    both = asyncio.gather(*(cancel(one.cohort_id, kim, clock) for one in (first, second)))
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    while await owner.fetchval(waiting) < 2:
        await asyncio.sleep(0.01)
    # Neither holds what the other needs: a right to the second start names its row.
    assert len(await owner.fetch("select id from cohort for update nowait")) == 3
    await owner.execute(f"select pg_advisory_unlock({lock})")
    await both
    assert {to for to, _, _ in (await rights(owner)).values()} == {third.cohort_id}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_of_two_cancellings_that_moved_a_right_on_each_gives_back_its_own_in_whatever_order(
    order: tuple[int, int], kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    starts = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=28 + 7 * n)) for n in range(4)]
    for n in range(2):
        await somebody(starts[0], keys, clock.now(), f"P{n}", "p@example.se")
    await cancel(starts[0].cohort_id, kim, clock)
    clock.advance(minutes=30)
    before = await rights(owner)
    for n in (1, 2):
        await cancel(starts[n].cohort_id, kim, clock)
    assert await kept(starts[3], clock.now()) == 2
    await take_back(starts[order[0]].cohort_id, kim, clock)
    assert await kept(starts[order[0]], clock.now()) == 2
    assert await kept(starts[3], clock.now()) == 0
    await take_back(starts[order[1]].cohort_id, kim, clock)
    assert await rights(owner) == before
    assert await kept(starts[1], clock.now()) == 2


async def test_who_was_cancelled_while_the_next_start_was_cancelled_too_has_the_right_to_it_when_it_is_back(
    kim: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    soon, here = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=n)) for n in (28, 35)]
    await cancel(soon.cohort_id, kim, clock)
    await cancel(here.cohort_id, kim, clock)
    assert list(await rights(owner)) == [soon.cohort_id]
    at = clock.now()
    await take_back(soon.cohort_id, kim, clock)
    assert await rights(owner) == {here.cohort_id: (soon.cohort_id, at, offer_until(at, soon.first_start, day_off))}


@dataclass(frozen=True)
class Event:
    """What was done: `cancel`, `postpone` or `open`; after the last two the first session is `first`."""

    what: str
    cohort_id: int
    at: datetime
    first: datetime | None = None


def replayed(events: list[Event], firsts: dict[int, datetime], planned: int) -> dict[int, Right]:
    """Where the rights lie when nothing but these events has been."""
    coming, found = {one: first for one, first in firsts.items() if one != planned}, dict[int, Right]()
    for event in events:
        if event.first:
            coming[event.cohort_id] = event.first
            continue
        coming.pop(event.cohort_id)
        if not coming:
            continue
        following = min(coming, key=lambda one: (coming[one], one))
        for one, right in found.items():
            if right[0] == event.cohort_id:
                found[one] = (following, *right[1:])
        until = offer_until(event.at, coming[following], day_off)
        if until:
            found[event.cohort_id] = (following, event.at, until)
    return found


class Play:
    """Starts of one programme, one of them only planned at first, and what is decided about them."""

    def __init__(self, seed: int, kim: Principal, clock: FrozenClock, owner: asyncpg.Connection) -> None:
        self.chance, self.kim, self.clock, self.owner = random.Random(seed), kim, clock, owner
        self.events: list[Event] = []

    async def begin(self) -> None:
        now = self.clock.now()
        # One begins so soon that an offer of it is shorter than of the others.
        coming = [timedelta(hours=27), *(timedelta(days=n) for n in (21, 28, 35, 42))]
        self.chance.shuffle(coming)
        starts = [await a_cohort("2.8", now, first_in=after) for after in coming]
        away = await a_cohort("2.8", now, first_in=timedelta(days=self.chance.choice([14, 24, 38])), state="planned")
        self.ids, self.planned = [start.cohort_id for start in starts], away.cohort_id
        self.firsts = {one.cohort_id: one.first_start for one in (*starts, away) if one.first_start}
        self.clock.advance(minutes=1)

    async def states(self) -> dict[int, str]:
        return {one: (await cohorts.by_id(one)).state for one in (*self.ids, self.planned)}

    async def step(self) -> None:
        states = await self.states()
        one = self.chance.choice(list(states))
        what = self.chance.choice(["cancel", "cancel", "take back", "take back", "postpone"])
        if states[one] == "planned":
            self.clock.advance(seconds=5)
            assert not await announce(one, self.kim, self.clock.now())
            self.events.append(Event("open", one, self.clock.now(), self.firsts[one]))
        elif states[one] == "cancelled" and what == "take back":
            await self.back(one)
        elif states[one] != "cancelled" and what == "cancel":
            await cancel(one, self.kim, self.clock)
            self.events.append(Event("cancel", one, self.clock.now()))
        elif states[one] != "cancelled" and what == "postpone":
            await self.postpone(one)

    async def back(self, one: int) -> None:
        await take_back(one, self.kim, self.clock)
        self.events.remove([e for e in self.events if e.what == "cancel" and e.cohort_id == one][-1])

    async def postpone(self, one: int) -> None:
        cohort = await cohorts.by_id(one)
        assert cohort.first_start
        first = (cohort.first_start + timedelta(days=self.chance.choice([8, 15]))).date()
        self.clock.advance(seconds=5)
        now, seen = self.clock.now(), services.seen_as(cohort.state, cohort.first_start)
        days = (await services.plan_again(one, first, self.kim, now)).digest
        by = first - timedelta(days=3)
        refused = await services.postpone(one, first, by, "no_venue", seen, days, self.kim, now, meant=True)
        if not refused:
            moved = (await cohorts.by_id(one)).first_start
            self.events.append(Event("postpone", one, now, moved))

    async def compare(self) -> None:
        assert await rights(self.owner) == replayed(self.events, self.firsts, self.planned), self.events


@pytest.mark.parametrize("seed", [*range(8), 12, 16])
async def test_every_right_lies_where_it_would_had_only_what_is_cancelled_now_been_cancelled(
    seed: int, kim: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    play = Play(seed, kim, clock, owner)
    await play.begin()
    # Cancelled before, and for good.
    gone = play.ids[0]
    await cancel(gone, kim, clock)
    play.events.append(Event("cancel", gone, clock.now()))
    play.ids.remove(gone)
    clock.advance(minutes=15)
    for _ in range(24):
        await play.step()
        await play.compare()
    for one, state in sorted((await play.states()).items(), key=lambda _: play.chance.random()):
        if state == "cancelled":
            await play.back(one)
            await play.compare()
    assert list(await rights(owner)) == [gone]
