"""A cohort's whole life, as Hypothesis makes it up: the services on PostgreSQL beside a model, compared after every step.

`LIFE_CYCLE_EXAMPLES` says how many lives are lived, 15 if it is not set; a night's run is a thousand or more.
"""

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import offer_services, queries, queue_services, services, step_services
from programmes.notices import queue_services as queue_end
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from tests.clock import FrozenClock
from tests.conftest import START, empty
from tests.enrolment.life_checks import Checked, World
from tests.enrolment.life_model import ALIVE, HOLDING, QUARTER, Cohort, Person
from tests.factories import a_cohort, a_coordinator, an_application

EXAMPLES, STEPS = int(os.environ.get("LIFE_CYCLE_EXAMPLES", "15")), 30
PICK = st.integers(0, 11)
WHICH = st.integers(0, 1)


class LifeCycle(Checked):
    """A group of 2.8 (study visit, texts, five to eight places, documented) and one of 2.1 (as many places as wanted,
    nothing asked for, entry until its second session), with the same clock, coordinator and worker."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.programmes: list[Programme] = []
        self.blanks: list[services.Application] = []
        self.forms: dict[int, services.Application] = {}
        self.kim: Principal = self.run(self._build())

    def done(self, work: Awaitable[Any]) -> bool:
        """Whether it was done; False when the state has moved on."""
        try:
            return bool(self.run(work) in (None, True, []))
        except Conflict:
            return False

    @property
    def now(self) -> Any:
        return self.world.clock.now()

    async def _build(self) -> Principal:
        self.world.clock.set(START)
        await empty(self.world.owner)
        kim = await a_coordinator(START)
        shapes = (("2.8", 5, 6, (5, 8), 1, 3), ("2.1", 1, 2, (1, 200), 2, 4))
        for section, minimum, maximum, span, last_entry, many in shapes:
            cohort = await a_cohort(section, START, minimum=minimum, maximum=maximum, sessions=many)
            async with transaction():
                await execute("update cohort set last_entry_session = $2 where id = $1", cohort.cohort_id, last_entry)
            self.ids.append(cohort.cohort_id)
            self.programmes.append(await catalogue.programme(cohort.programme_id))
            self.blanks.append(await an_application(cohort))
            documented = section == "2.8"
            self.models.append(Cohort(documented, documented, span, minimum, maximum, last_entry, []))
            await self._read_days(len(self.ids) - 1)
        if not await queries.texts_for(self.programmes[0], local_date(START)):
            kinds: list[Literal["conditions", "rules"]] = ["conditions", "rules"]
            for kind in kinds:
                await step_services.add_text("2.8", kind, local_date(START), ["Ja."], ["Yes."], kim.staff_id, START)
        return kim

    async def _read_days(self, which: int) -> None:
        """When the sessions are is the schedule's affair; what follows for places is the model's."""
        held = await cohorts.sessions(self.ids[which])
        self.models[which].sessions = [s.starts_at for s in held if s.state != "cancelled"]

    def _one(self, pick: int, *states: str) -> tuple[int, Person]:
        """Somebody in one of the states, of either cohort; else anybody who still has a row."""
        everybody = [(n, p) for n, model in enumerate(self.models) for p in model.people if p.state != "erased"]
        wanted = [found for found in everybody if found[1].state in states] or everybody
        return wanted[pick % len(wanted)]

    @property
    def populated(self) -> bool:
        return any(p.state != "erased" for model in self.models for p in model.people)

    # Ways in

    @initialize(group=st.integers(4, 8), parents=st.integers(1, 4))
    def many_apply(self, group: int, parents: int) -> None:
        for which, many in enumerate((group, parents)):
            for _ in range(many):
                self.apply(which, False)

    @rule(which=WHICH, by_staff=st.booleans())
    def apply(self, which: int, by_staff: bool) -> None:
        self._send([self._form(which, by_staff)], which)

    @rule(which=WHICH, many=st.integers(2, 4))
    def apply_at_once(self, which: int, many: int) -> None:
        self._send([self._form(which) for _ in range(many)], which)

    @precondition(lambda self: self.populated)
    @rule(pick=PICK)
    def send_the_form_again(self, pick: int) -> None:
        which, person = self._one(pick)
        form = self.forms[id(person)]
        holder = next((p for p in self.models[which].people if p.alive and self.forms[id(p)] is form), None)
        if holder is None:
            self._send([form], which)
            return
        answer = self.run(services.apply(form, self.programmes[which], self.world.keys, self.now))
        assert (answer.enrolment_id, answer.repeated, answer.held) == (holder.enrolment_id, True, holder.state != "queued")

    def _form(self, which: int, by_staff: bool = False) -> services.Application:
        return replace(self.blanks[which], once=new_token(), staff_id=self.kim.staff_id if by_staff else None)

    def _send(self, forms: list[services.Application], which: int) -> None:
        """Send them at once. Who came first is the lock's to say; what follows from it is the model's."""
        programme, keys = self.programmes[which], self.world.keys

        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*(services.apply(form, programme, keys, self.now) for form in forms))

        answers = list(zip(forms, self.run(all_at_once()), strict=True))
        if isinstance(answers[0][1], services.Taken):
            arrivals = dict(self.run(self._arrivals(self.ids[which])))
            answers.sort(key=lambda pair: arrivals[pair[1].enrolment_id])
        for form, answer in answers:
            person = self.models[which].enter(self.now)
            assert isinstance(answer, services.Taken) == (person is not None), answer
            if person is not None:
                assert answer.held == (person.state != "queued")
                person.enrolment_id = answer.enrolment_id
                self.forms[id(person)] = form

    async def _arrivals(self, cohort_id: int) -> list[tuple[Any, int]]:
        return [
            (r["id"], r["arrival"]) for r in await fetch("select id, arrival from enrolment where cohort_id = $1", cohort_id)
        ]

    # Ways out

    @precondition(lambda self: self.populated)
    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        self._leaves(*self._one(pick, *ALIVE))

    def _leaves(self, which: int, person: Person) -> None:
        was_alive = person.alive
        if was_alive:
            self.models[which].end(person, "withdrawn", self.now)
        assert self.done(services.leave(person.enrolment_id, self.world.keys, self.now)) == was_alive

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, outcome=st.sampled_from(["dropped_out", "declined"]))
    def staff_end(self, pick: int, outcome: Literal["dropped_out", "declined"]) -> None:
        which, person = self._one(pick, *HOLDING)
        model = self.models[which]
        started = bool(model.sessions) and self.now >= model.sessions[0]
        may = outcome == "declined" or (started and person.state in {"preliminary", "confirmed"})
        expected = person.alive and may and model.state != "cancelled"
        if expected:
            model.end(person, outcome, self.now)
        done = services.end_by_staff(person.enrolment_id, outcome, self.kim.staff_id, self.world.keys, self.now)
        assert self.done(done) == expected

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, yes=st.sampled_from([True, True, False]), by_staff=st.booleans())
    def answer_offer(self, pick: int, yes: bool, by_staff: bool) -> None:
        which, person = self._one(pick, "offered")
        model, programme, keys = self.models[which], self.programmes[which], self.world.keys
        if yes:
            expected = model.accept(person, self.now)
        elif expected := person.state == "offered":
            model.end(person, "declined", self.now)
        if by_staff:
            work = offer_services.answer_for(person.enrolment_id, yes, programme, self.kim.staff_id, keys, self.now)
        elif yes:
            work = services.accept_offer(person.enrolment_id, programme, self.now)
        else:
            work = services.decline_offer(person.enrolment_id, keys, self.now)
        assert self.done(work) == expected

    # From preliminary to confirmed

    @precondition(lambda self: any(p.state != "erased" for p in self.models[0].people))
    @rule(pick=PICK, become=st.sampled_from(["booked", "attended", "missed"]))
    def visit(self, pick: int, become: Literal["booked", "attended", "missed"]) -> None:
        people = [p for p in self.models[0].people if p.state != "erased"]
        person = people[pick % len(people)]
        expected = person.state in HOLDING and person.visit != "attended"
        assert self.done(self._book(person)) == expected
        if not expected:
            return
        person.visit = "booked"
        if become != "booked":
            mark = step_services.mark_visit(person.enrolment_id, become, self.kim.staff_id, self.programmes[0], self.now)
            assert self.done(mark)
            person.visit = become
            self.models[0].done(person)

    @precondition(lambda self: any(p.visit == "attended" and p.state in HOLDING for p in self.models[0].people))
    @rule(pick=PICK)
    def it_was_somebody_else_who_came(self, pick: int) -> None:
        made = [p for p in self.models[0].people if p.visit == "attended" and p.state in HOLDING]
        person = made[pick % len(made)]
        expected = self.models[0].corrected(person, "missed", self.now)
        mark = step_services.mark_visit(
            person.enrolment_id, "missed", self.kim.staff_id, self.programmes[0], self.now, correcting=True
        )
        assert self.done(mark) == expected

    async def _book(self, person: Person) -> None:
        venue = (await cohorts.by_id(self.ids[0])).venue_id
        starts = self.now + timedelta(minutes=1)
        slot = await step_services.add_slot(self.ids[0], starts, starts + QUARTER, venue, None, 1, self.now)
        await step_services.book_visit(person.enrolment_id, slot, self.now)

    @precondition(lambda self: any(p.state != "erased" for p in self.models[0].people))
    @rule(pick=PICK, how=st.sampled_from(["screen", "paper"]))
    def accept_texts(self, pick: int, how: Literal["screen", "paper"]) -> None:
        people = [p for p in self.models[0].people if p.state != "erased"]
        person = next((p for p in people if p.visit == "attended" and not p.accepted), people[pick % len(people)])
        programme = self.programmes[0]
        expected = person.state in HOLDING and person.visit == "attended"
        texts = [text.text_id for text in self.run(queries.texts_for(programme, local_date(self.now)))]
        assert self.done(step_services.accept_texts(person.enrolment_id, texts, programme, how, self.now)) == expected
        if expected:
            person.accepted = True
            self.models[0].done(person)

    # The office

    @rule(which=WHICH, least=st.sampled_from([0, 0, 0, -1, 3]), most=st.sampled_from(["as held", -2, -1, 1, 2]))
    def change_limits(self, which: int, least: int, most: int | str) -> None:
        """To a minimum a little off the guideline's, and more or fewer places, or just as many as are held."""
        model = self.models[which]
        minimum = model.span[0] + least
        maximum = max(minimum, len(model.held)) if isinstance(most, str) else model.maximum + most
        expected = model.state != "cancelled" and model.limits(minimum, maximum, self.now)
        assert self.done(oversight.change_limits(self.ids[which], minimum, maximum, self.kim, self.now)) == expected

    @rule(which=WHICH, pick=PICK)
    def a_place_is_left_and_done_away_with(self, which: int, pick: int) -> None:
        """The others move together, if nobody waited for it."""
        held = self.models[which].held
        if held:
            self._leaves(which, held[pick % len(held)])
            self.change_limits(which, 0, "as held")

    @rule(which=WHICH, decision=st.sampled_from(["start", "postpone", "postpone", "cancel"]), rarely=st.integers(0, 2))
    def decide(self, which: int, decision: str, rarely: int) -> None:
        if rarely:
            return
        model = self.models[which]
        cohort = self.run(cohorts.by_id(self.ids[which]))
        seen = seen_as(cohort.state, cohort.first_start)
        if decision == "start":
            if self.done(oversight.start(self.ids[which], True, seen, self.kim, self.now)):
                model.state = "started"
        elif decision == "cancel":
            expected = model.state in {"open", "postponed"}
            assert self.done(oversight.cancel(self.ids[which], "too_few", seen, self.kim, self.now)) == expected
            if expected:
                model.cancel()
        elif self.done(self._postpone(which, seen)):
            model.state = "postponed"
            self.run(self._read_days(which))

    async def _postpone(self, which: int, seen: str) -> Any:
        sessions = self.models[which].sessions
        if not sessions:
            return False
        first = local_date(max(sessions[0], self.now)) + timedelta(weeks=2)
        digest = (await oversight.plan_again(self.ids[which], first, self.now)).digest
        return await oversight.postpone(
            self.ids[which], first, local_date(self.now), "too_few", seen, digest, self.kim, self.now
        )

    @rule(which=WHICH, days=st.sampled_from([-5, -1, 0, 1]))
    def move_or_cancel_a_session(self, which: int, days: int) -> None:
        """The next session is moved by so many days, or cancelled (0) and made up for at the end."""
        self.run(self._change_session(which, days))
        self.run(self._read_days(which))

    async def _change_session(self, which: int, days: int) -> None:
        planned = [s for s in await cohorts.sessions(self.ids[which]) if s.state != "cancelled" and s.starts_at > self.now]
        if not planned:
            return
        session, by = planned[0], timedelta(days=days)
        if not days:
            await session_services.cancel_session(session.session_id, True, self.kim, self.now)
            return
        await session_services.move_session(
            session.session_id, session.starts_at + by, session.ends_at + by, session.venue_id, self.kim, self.now
        )

    # Time

    @rule(hours=st.sampled_from([0.25, 2, 7, 20, 24, 72]), worker_is_up=st.booleans())
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
        which, person = self._one(pick, "offered")
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
        self._leaves(which, model.held[pick % len(model.held)])
        self._send([self._form(which) for _ in range(many)], which)

    def _tick(self) -> None:
        """What the worker looks for about places, in its order."""
        keys = self.world.keys
        self.run(queue_services.cap_offers(self.now))
        self.run(services.expire_offers(keys, self.now))
        self.run(queue_services.promote_waiting(self.now))
        self.run(queue_end.end_queues(keys, self.now))
        for model in self.models:
            model.tick(self.now)


@pytest.fixture
async def world(db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock) -> World:
    return World(asyncio.get_running_loop(), owner, keys, clock)


def test_no_place_is_lost_or_held_twice_through_any_mix_of_what_people_and_the_office_do(world: World) -> None:
    lived = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        phases=set(Phase) - (set() if "LIFE_CYCLE_EXAMPLES" in os.environ else {Phase.shrink, Phase.explain}),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(lambda: LifeCycle(world), settings=lived)
