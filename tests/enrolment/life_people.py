"""What people do in a cohort's life: come, leave, think better of it, answer and take their steps."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import coming_services, offer_services
from programmes.enrolment.together import services as together_services
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from tests.conftest import START, empty
from tests.enrolment.life_checks import Checked, World
from tests.enrolment.life_model import ALIVE, HOLDING, QUARTER, Cohort, Person
from tests.factories import a_cohort, a_coordinator, an_application

PICK = st.integers(0, 11)
WHICH = st.integers(0, 1)
# Least and most places now, the guideline's span, the last session of entry, and how many sessions.
SHAPES: dict[str, tuple[int, int, tuple[int, int], int, int]] = {
    # Study visit, texts, five to eight places, documented.
    "2.8": (5, 6, (5, 8), 1, 3),
    # As many places as wanted, nobody's identity, nothing asked for, entry until its second session.
    "2.1": (1, 2, (1, 200), 2, 4),
}


class People(Checked):
    """Two cohorts with the same clock, coordinator and worker; the second of one programme starts two weeks later."""

    def __init__(self, world: World, sections: tuple[str, str]) -> None:
        super().__init__(world)
        self.sections = sections
        self.programmes: list[Programme] = []
        self.blanks: list[services.Application] = []
        self.forms: dict[int, services.Application] = {}
        self.kim: Principal = self.run(self._build())

    def tried(self, work: Awaitable[Any]) -> tuple[bool, Any]:
        """Whether it was heard, and the answer; not heard when the state has moved on."""
        try:
            return True, self.run(work)
        except Conflict:
            return False, None

    def done(self, work: Awaitable[Any]) -> bool:
        """Whether it was done."""
        heard, answer = self.tried(work)
        return heard and bool(answer in (None, True, []))

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def _build(self) -> Principal:
        self.world.clock.set(START)
        await empty(self.world.owner)
        kim = await a_coordinator(START)
        for which, section in enumerate(self.sections):
            minimum, maximum, span, last_entry, many = SHAPES[section]
            first = timedelta(days=42 if which and section == self.sections[0] else 28)
            cohort = await a_cohort(section, START, minimum=minimum, maximum=maximum, sessions=many, first_in=first)
            async with transaction():
                await execute("update cohort set last_entry_session = $2 where id = $1", cohort.cohort_id, last_entry)
            self.ids.append(cohort.cohort_id)
            self.programmes.append(await catalogue.programme(cohort.programme_id))
            self.blanks.append(await an_application(cohort))
            documented, day = section == "2.8", local_date(START)
            self.models.append(Cohort(documented, documented, span, minimum, maximum, last_entry, [], day))
            await self.read_days(which)
        await self._texts(kim)
        return kim

    async def _texts(self, kim: Principal) -> None:
        programme = next((p for p in self.programmes if p.section == "2.8"), None)
        if programme is None or await queries.texts_for(programme, local_date(START)):
            return
        kinds: list[Literal["conditions", "rules"]] = ["conditions", "rules"]
        for kind in kinds:
            await step_services.add_text("2.8", kind, local_date(START), ["Ja."], ["Yes."], kim.staff_id, START)

    async def read_days(self, which: int) -> None:
        """When the sessions and the decision are is the schedule's affair; what follows for places is the model's."""
        held, model = await cohorts.sessions(self.ids[which]), self.models[which]
        model.sessions = [s.starts_at for s in held if s.state != "cancelled"]
        model.last_end = max((s.ends_at for s in held if s.state != "cancelled"), default=None)
        model.visit_day = (await cohorts.by_id(self.ids[which])).decide_by - timedelta(days=7)

    def one(self, pick: int, *states: str) -> tuple[int, Person]:
        """Somebody in one of the states, of either cohort; else anybody who still has a row."""
        everybody = [(n, p) for n, model in enumerate(self.models) for p in model.people if p.state != "erased"]
        wanted = [found for found in everybody if found[1].state in states] or everybody
        return wanted[pick % len(wanted)]

    @property
    def populated(self) -> bool:
        return any(p.state != "erased" for model in self.models for p in model.people)

    # Ways in

    @initialize(first=st.integers(2, 8), second=st.integers(1, 4))
    def many_apply(self, first: int, second: int) -> None:
        for which, many in enumerate((first, second)):
            for _ in range(many):
                self.apply(which, False)

    @rule(which=WHICH, by_staff=st.booleans())
    def apply(self, which: int, by_staff: bool) -> None:
        self.send([self.form(which, by_staff)], which)

    @rule(which=WHICH, many=st.integers(2, 4))
    def apply_at_once(self, which: int, many: int) -> None:
        self.send([self.form(which) for _ in range(many)], which)

    @rule(which=WHICH, many=st.integers(1, 3))
    def apply_among_many(self, which: int, many: int) -> None:
        """They come among many at once from one address: none is refused, and none takes a place before saying so."""
        self.send([replace(self.form(which), among_many=True) for _ in range(many)], which)

    @precondition(lambda self: not all(model.documented for model in self.models))
    @rule(size=st.integers(2, 3), together=st.sampled_from([True, True, False]))
    def siblings_apply(self, size: int, together: bool) -> None:
        """In one form, where nobody is named: together or not at all if they say so."""
        which = next(n for n, model in enumerate(self.models) if not model.documented)
        once = new_token()
        forms = [replace(self.form(which), once=services.sibling_once(once, n)) for n in range(1, size + 1)]
        expected = self.models[which].enter_family(size, together, self.now)
        work = services.apply_all(forms, self.programmes[which], self.world.keys, self.now, together)
        answer = self.run(work)
        assert isinstance(answer, tuple) == (expected is not None), answer
        for person, taken, form in zip(expected or (), answer if expected else (), forms, strict=False):
            assert taken.held == (person.state != "queued")
            person.enrolment_id, self.forms[id(person)] = taken.enrolment_id, form

    @precondition(lambda self: any(p.family for model in self.models for p in model.people))
    @rule(pick=PICK)
    def siblings_part(self, pick: int) -> None:
        found = [(n, p) for n, model in enumerate(self.models) for p in model.people if p.family]
        which, person = found[pick % len(found)]
        expected = self.models[which].part(person, self.now)
        assert self.done(together_services.one_by_one(person.enrolment_id, self.now)) == expected

    @precondition(lambda self: self.populated)
    @rule(pick=PICK)
    def send_the_form_again(self, pick: int) -> None:
        """By a double click or the back button; also when they have been moved to another start since."""
        which, person = self.one(pick)
        form = self.forms[id(person)]
        everybody = [p for model in self.models for p in model.people]
        holder = next((p for p in everybody if p.alive and self.forms[id(p)].once == form.once), None)
        which = next(n for n, cohort_id in enumerate(self.ids) if cohort_id == form.cohort_id)
        if holder is None:
            self.send([self._of_today(form, which)], which)
            return
        answer = self.run(services.apply(form, self.programmes[which], self.world.keys, self.now))
        assert (answer.enrolment_id, answer.repeated, answer.held) == (holder.enrolment_id, True, holder.state != "queued")

    def form(self, which: int, by_staff: bool = False) -> services.Application:
        staff_id = self.kim.staff_id if by_staff else None
        return self._of_today(replace(self.blanks[which], once=new_token(), staff_id=staff_id), which)

    def _of_today(self, form: services.Application, which: int) -> services.Application:
        """The form as it is shown now: one that said another first day is refused, and shown again."""
        days = self.models[which].sessions
        return replace(form, first_session=local_date(days[0])) if days else form

    def send(self, forms: list[services.Application], which: int) -> None:
        """Send them at once. Who came first is the lock's to say; what follows from it is the model's."""
        programme, keys = self.programmes[which], self.world.keys

        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*(services.apply(form, programme, keys, self.now) for form in forms))

        answers = list(zip(forms, self.run(all_at_once()), strict=True))
        if isinstance(answers[0][1], services.Taken):
            arrivals = dict(self.run(self._arrivals(self.ids[which])))
            answers.sort(key=lambda pair: arrivals[pair[1].enrolment_id])
        for form, answer in answers:
            person = self.models[which].enter(self.now, form.among_many)
            assert isinstance(answer, services.Taken) == (person is not None), answer
            if person is not None:
                assert answer.held == (person.state != "queued")
                person.enrolment_id = answer.enrolment_id
                self.forms[id(person)] = form

    async def _arrivals(self, cohort_id: int) -> list[tuple[Any, int]]:
        rows = await fetch("select id, arrival from enrolment where cohort_id = $1", cohort_id)
        return [(row["id"], row["arrival"]) for row in rows]

    @precondition(lambda self: any(p.asked for model in self.models for p in model.people))
    @rule(pick=PICK, by_staff=st.booleans())
    def say_that_they_come(self, pick: int, by_staff: bool) -> None:
        asked = [(n, p) for n, m in enumerate(self.models) for p in m.people if p.asked and p.state != "erased"]
        which, person = asked[pick % len(asked)] if asked else self.one(pick)
        expected = self.models[which].coming(person, self.now)
        staff = self.kim.staff_id if by_staff else None
        assert self.done(coming_services.coming(person.enrolment_id, self.programmes[which], self.now, staff)) == expected

    # Ways out, and back

    @precondition(lambda self: self.populated)
    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        self.leaves(*self.one(pick, *ALIVE))

    def leaves(self, which: int, person: Person) -> None:
        expected = self.models[which].leave(person, self.now)
        heard, undoable = self.tried(leaving_services.leave(person.enrolment_id, self.world.keys, self.now))
        assert heard == expected
        assert bool(undoable) == (expected and person.undo is not None)

    @property
    def _somebody_left(self) -> bool:
        return any(p.undo for model in self.models for p in model.people)

    def _who_left(self, pick: int) -> tuple[int, Person]:
        left = [(n, p) for n, model in enumerate(self.models) for p in model.people if p.undo]
        return left[pick % len(left)]

    @precondition(lambda self: self._somebody_left)
    @rule(pick=PICK, after=st.sampled_from([0, 0, 0, 15, 45, 60]))
    def think_better_of_it(self, pick: int, after: int) -> None:
        which, person = self._who_left(pick)
        self.world.clock.advance(minutes=after)
        self._takes_back(which, person)

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, next_comes_first=st.booleans())
    def leave_and_think_better_of_it(self, pick: int, next_comes_first: bool) -> None:
        """At once, or when somebody else has come and perhaps taken the place."""
        which, person = self.one(pick, "preliminary", "confirmed")
        self.leaves(which, person)
        if next_comes_first:
            self.send([self.form(which)], which)
        self._takes_back(which, person)

    def _takes_back(self, which: int, person: Person) -> None:
        expected = self.models[which].undo(person, self.now)
        heard, answer = self.tried(leaving_services.undo(person.enrolment_id, self.now))
        assert (answer if heard else "") == expected
        self.came_back.add(person.enrolment_id)

    @precondition(lambda self: self._somebody_left)
    @rule(pick=PICK)
    def leave_for_good(self, pick: int) -> None:
        which, person = self._who_left(pick)
        self.models[which].forget(person)
        self.run(leaving_services.leave_for_good(person.enrolment_id, self.world.keys, self.now))

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, yes=st.sampled_from([True, True, False]), by_staff=st.booleans())
    def answer_offer(self, pick: int, yes: bool, by_staff: bool) -> None:
        which, person = self.one(pick, "offered")
        model, programme, keys = self.models[which], self.programmes[which], self.world.keys
        if yes:
            expected = model.accept(person, self.now)
        elif expected := person.state == "offered":
            model.end_offer(person, "declined", self.now)
        if by_staff:
            work = offer_services.answer_for(person.enrolment_id, yes, programme, self.kim.staff_id, keys, self.now)
        elif yes:
            work = services.accept_offer(person.enrolment_id, programme, self.now)
        else:
            work = services.decline_offer(person.enrolment_id, keys, self.now)
        assert self.done(work) == expected

    # From preliminary to confirmed

    @property
    def _some_are_asked(self) -> bool:
        return any(p.state != "erased" for model in self.models if model.asks for p in model.people)

    def _asked(self) -> list[tuple[int, Person]]:
        found = [(n, p) for n, model in enumerate(self.models) if model.asks for p in model.people if p.state != "erased"]
        return [pair for pair in found if pair[1].state in HOLDING] or found

    @precondition(lambda self: self._some_are_asked)
    @rule(pick=PICK, become=st.sampled_from(["booked", "attended", "attended", "missed", "taken back", "cancelled"]))
    def visit(self, pick: int, become: str) -> None:
        which, person = self._asked()[pick % len(self._asked())]
        model, kim = self.models[which], self.kim.staff_id
        expected = person.state in HOLDING and person.visit != "attended"
        slot = self.run(self._slot(which))
        assert self.done(step_services.book_visit(person.enrolment_id, slot, self.now)) == expected
        if not expected:
            return
        person.visit, person.visit_at = "booked", self.now + timedelta(minutes=1)
        if become == "taken back":
            assert self.done(visit_services.cancel_booking(person.enrolment_id, self.now))
            person.visit = ""
        elif become == "cancelled":
            assert self.done(visit_services.cancel_slot(self.ids[which], slot, 1, kim, self.now))
            person.visit, person.office_cancelled = "cancelled", True
        elif become in {"attended", "missed"}:
            state: Literal["attended", "missed"] = "attended" if become == "attended" else "missed"
            assert self.done(step_services.mark_visit(person.enrolment_id, state, kim, self.programmes[which], self.now))
            person.visit = become
            model.done(person)

    def _who_came(self) -> list[tuple[int, Person]]:
        return [(n, p) for n, m in enumerate(self.models) for p in m.people if p.visit == "attended" and p.state in HOLDING]

    @precondition(lambda self: self._who_came())
    @rule(pick=PICK)
    def it_was_somebody_else_who_came(self, pick: int) -> None:
        which, person = self._who_came()[pick % len(self._who_came())]
        expected = self.models[which].corrected(person, "missed", self.now)
        mark = step_services.mark_visit(
            person.enrolment_id, "missed", self.kim.staff_id, self.programmes[which], self.now, correcting=True
        )
        assert self.done(mark) == expected

    async def _slot(self, which: int) -> int:
        venue = (await cohorts.by_id(self.ids[which])).venue_id
        starts = self.now + timedelta(minutes=1)
        return await step_services.add_slot(self.ids[which], starts, starts + QUARTER, venue, None, 1, self.now)

    @precondition(lambda self: self._some_are_asked)
    @rule(pick=PICK, how=st.sampled_from(["screen", "paper"]))
    def accept_texts(self, pick: int, how: Literal["screen", "paper"]) -> None:
        people = self._asked()
        ready = [pair for pair in people if pair[1].visit == "attended" and not pair[1].accepted]
        which, person = (ready or people)[pick % len(ready or people)]
        programme = self.programmes[which]
        expected = person.state in HOLDING and person.visit == "attended"
        texts = [text.text_id for text in self.run(queries.texts_for(programme, local_date(self.now)))]
        assert self.done(step_services.accept_texts(person.enrolment_id, texts, programme, how, self.now)) == expected
        if expected:
            person.accepted = True
            self.models[which].done(person)
