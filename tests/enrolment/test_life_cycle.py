"""A cohort's whole life, as Hypothesis makes it up: the services on PostgreSQL beside a model, compared after every step.

`LIFE_CYCLE_EXAMPLES` says how many lives are lived, 18 if it is not set; a night's run is a thousand or more. With
`LIFE_CYCLE_SHRINK` set what is found is made shorter, which takes its time.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from programmes.core.sealing import KeyFolder
from programmes.enrolment import age_services, services
from programmes.enrolment.leaving import first_right_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import services as queue_services
from programmes.notices import queue_services as queue_end
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.enrolment.life_checks import World
from tests.enrolment.life_model import QUARTER
from tests.enrolment.life_office import Office
from tests.enrolment.life_people import PICK, WHICH
from tests.pools import WORKERS, a_pool

EXAMPLES, STEPS = int(os.environ.get("LIFE_CYCLE_EXAMPLES", "18")), 30


class LifeCycle(Office):
    """What people and the office do, and time, which passes with the worker or without it."""

    @rule(hours=st.sampled_from([0.25, 0.75, 2, 7, 20, 24, 72]), worker_is_up=st.booleans())
    def time_passes(self, hours: float, worker_is_up: bool) -> None:
        self.world.clock.advance(hours=hours)
        if worker_is_up:
            self._tick()

    @rule(pick=PICK, early=st.booleans(), worker_is_up=st.booleans())
    def time_passes_until_something(self, pick: int, early: bool, worker_is_up: bool) -> None:
        """To the end of an offer or the beginning of a session, or a quarter before it."""
        ahead = [p.until for model in self.models for p in model.people if p.until and p.until > self.now]
        ahead += [start for model in self.models for start in model.sessions if start > self.now]
        if ahead:
            moment = sorted(ahead)[pick % min(3, len(ahead))]
            self.world.clock.set(max(self.now, moment - QUARTER) if early else moment)
        if worker_is_up:
            self._tick()

    @precondition(lambda self: any(p.until for model in self.models for p in model.people))
    @rule(pick=PICK, worker_is_up=st.booleans())
    def yes_comes_too_late(self, pick: int, worker_is_up: bool) -> None:
        """The offer ends, whether or not the worker has seen it, and then it is accepted."""
        which, person = self.one(pick, "offered")
        self.world.clock.set(max(self.now, person.until or self.now))
        if worker_is_up:
            self._tick()
        assert person.state == "erased" or not self.done(
            services.accept_offer(person.enrolment_id, self.programmes[which], self.now)
        )

    @rule(which=WHICH, pick=PICK, many=st.integers(1, 3))
    def a_place_is_left_just_before_a_session(self, which: int, pick: int, many: int) -> None:
        """There is no time to offer it; who comes new has to wait like those who do."""
        model = self.models[which]
        coming = model.next_session(self.now)
        if coming is None or not model.held:
            return
        self.world.clock.set(max(self.now, coming - timedelta(hours=1)))
        self.leaves(which, model.held[pick % len(model.held)])
        self.send([self.form(which) for _ in range(many)], which)

    def _tick(self) -> None:
        """What the worker looks for about places, in its order."""
        keys = self.world.keys
        self.run_as_worker(leaving_services.forget_left(keys, self.now))
        self.run_as_worker(age_services.check_waiting(keys, self.now))
        self.run_as_worker(queue_services.cap_offers(self.now))
        self.run_as_worker(services.expire_offers(keys, self.now))
        self.run_as_worker(first_right_services.end_over(self.now))
        self.run_as_worker(queue_services.promote_waiting(self.now))
        self.run_as_worker(queue_end.end_queues(keys, self.now))
        for model in self.models:
            model.tick(self.now)


@pytest.fixture
async def world(
    db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock, settings: Settings
) -> AsyncIterator[World]:
    async with a_pool(settings.worker_database_url, WORKERS) as workers:
        yield World(asyncio.get_running_loop(), owner, keys, clock, workers)


@pytest.mark.parametrize("sections", [("2.8", "2.1"), ("2.8", "2.8"), ("2.1", "2.1")], ids=" and ".join)
def test_no_place_is_lost_or_held_twice_through_any_mix_of_what_people_and_the_office_do(
    world: World, sections: tuple[str, str]
) -> None:
    lived = settings(
        max_examples=max(1, EXAMPLES // 3),
        stateful_step_count=STEPS,
        deadline=None,
        phases=set(Phase) - (set() if "LIFE_CYCLE_SHRINK" in os.environ else {Phase.shrink, Phase.explain}),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(lambda: LifeCycle(world, sections), settings=lived)
