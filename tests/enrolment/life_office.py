"""What the office does in a cohort's life: places, the order of the queue, moves, endings, days and decisions."""

from datetime import timedelta
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.clock import at_local, local_date
from programmes.enrolment import services
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.queue import deadline_services, order_services
from programmes.enrolment.queue.order_services import OrderReason, SkipReason
from programmes.enrolment.visits import step_services
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from tests.enrolment.life_model import ALIVE, HOLDING, QUARTER, Person
from tests.enrolment.life_people import PICK, WHICH, People


class Office(People):
    """The same two cohorts, as their coordinator sees them."""

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, outcome=st.sampled_from(["completed", "dropped_out", "declined"]))
    def staff_end(self, pick: int, outcome: Literal["completed", "dropped_out", "declined"]) -> None:
        which, person = self.one(pick, *(HOLDING if outcome != "completed" else ("confirmed",)))
        model = self.models[which]
        if expected := model.may_end(person, outcome, self.now):
            model.end(person, outcome, self.now)
        done = services.end_by_staff(person.enrolment_id, outcome, self.kim.staff_id, self.world.keys, self.now)
        assert self.done(done) == expected

    # The order of the queue

    @property
    def _some_wait(self) -> bool:
        return any(p.state == "queued" for model in self.models for p in model.people)

    def _line(self, pick: int) -> tuple[int, list[Person]]:
        lines = [(n, model.waiting) for n, model in enumerate(self.models) if model.waiting]
        return lines[pick % len(lines)]

    @precondition(lambda self: self._some_wait)
    @rule(pick=PICK, reason=st.sampled_from(["wait", "unreachable", "clash"]))
    def pass_over(self, pick: int, reason: SkipReason) -> None:
        self._skips(*self.one(pick, "queued"), reason)

    @precondition(lambda self: self._some_wait)
    @rule(pick=PICK)
    def pass_over_no_longer(self, pick: int) -> None:
        skipped = [(n, p) for n, model in enumerate(self.models) for p in model.waiting if p.skipped]
        self._skips(*(skipped[pick % len(skipped)] if skipped else self.one(pick)), None)

    def _skips(self, which: int, person: Person, reason: SkipReason | None) -> None:
        expected = self.models[which].skip(person, reason, self.now)
        assert self.done(order_services.skip(person.enrolment_id, reason, self.kim.staff_id, self.now)) == expected

    @precondition(lambda self: self._some_wait)
    @rule(pick=PICK, back=PICK, ahead=PICK, reason=st.sampled_from(["office_error", "together"]))
    def let_somebody_go_before(self, pick: int, back: int, ahead: int, reason: OrderReason) -> None:
        which, line = self._line(pick)
        person, other = line[-1 - back % len(line)], line[ahead % len(line)]
        self._goes_before(which, person, other, reason)

    @precondition(lambda self: self.populated)
    @rule(pick=PICK, ahead=PICK)
    def let_somebody_go_before_from_a_page_that_is_old(self, pick: int, ahead: int) -> None:
        """One of the two may wait no longer, or in the other cohort."""
        (which, person), (_other, ahead_of) = self.one(pick), self.one(ahead, *ALIVE)
        self._goes_before(which, person, ahead_of, "office_error")

    def _goes_before(self, which: int, person: Person, other: Person, reason: OrderReason) -> None:
        expected = bool(self.models[which].let_before(person, other, self.now))
        work = order_services.move_before(
            self.ids[which], person.enrolment_id, other.enrolment_id, reason, self.kim, self.now
        )
        assert self.done(work) == expected

    @precondition(lambda self: self._some_wait)
    @rule(pick=PICK)
    def put_somebody_back(self, pick: int) -> None:
        moved = [(n, p) for n, model in enumerate(self.models) for p in model.waiting if p.moved]
        which, person = moved[pick % len(moved)] if moved else self.one(pick)
        expected = self.models[which].put_back(person, self.now)
        work = order_services.restore(self.ids[which], person.enrolment_id, self.kim, self.now)
        assert self.done(work) == expected

    # To the other start

    @precondition(lambda self: self.populated and self.sections[0] == self.sections[1])
    @rule(pick=PICK, seen=st.booleans())
    def move_to_the_other_start(self, pick: int, seen: bool) -> None:
        """As it was shown, or from a page that showed something else: then nothing is done."""
        self._moves(*self.one(pick, *ALIVE), seen)

    @precondition(lambda self: self._some_wait and self.sections[0] == self.sections[1])
    @rule(pick=PICK)
    def move_somebody_who_waits(self, pick: int) -> None:
        self._moves(*self.one(pick, "queued"), True)

    @precondition(lambda self: self._some_wait and self.sections[0] == self.sections[1])
    @rule(pick=PICK, which=WHICH)
    def move_somebody_whose_place_others_wait_for(self, pick: int, which: int) -> None:
        model = self.models[which]
        if model.held and model.waiting:
            self._moves(which, model.held[pick % len(model.held)], True)

    def _moves(self, which: int, person: Person, seen: bool) -> None:
        to, keys = 1 - which, self.world.keys
        heard, plan = self.tried(transfer_services.plan(person.enrolment_id, self.ids[to], keys, self.now))
        assert heard == person.alive
        shown = (plan.seen or "plats") if heard and seen else "ko-99"
        work = transfer_services.transfer(person.enrolment_id, self.ids[to], shown, self.kim.staff_id, keys, self.now)
        heard, new = self.tried(work)
        assert heard == person.alive
        if not heard or not seen:
            assert new is None
            return
        moved = self.models[to].receive(person, self.now)
        assert (new is None) == (moved is None)
        if moved is not None:
            position = 0 if moved.seat else self.models[to].waiting.index(moved) + 1
            assert shown.partition("+")[0] == ("plats" if moved.seat else f"ko-{position}")
            moved.enrolment_id, self.forms[id(moved)] = new, self.forms[id(person)]
            self.models[which].give_away(person, self.now)

    # Places

    @rule(which=WHICH, least=st.sampled_from([0, 0, 0, -1, 3]), most=st.sampled_from(["as held", -2, -1, 1, 2]))
    def change_limits(self, which: int, least: int, most: int | str) -> None:
        """To a minimum a little off the guideline's, and more or fewer places, or just as many as are held."""
        model = self.models[which]
        minimum = model.span[0] + least
        maximum = max(minimum, len(model.held)) if isinstance(most, str) else model.maximum + most
        expected = model.state != "cancelled" and model.limits(minimum, maximum, self.now)
        # Whoever is left without a way to a place is meant: that it is asked about has a test of its own.
        change = oversight.change_limits(self.ids[which], minimum, maximum, self.kim, self.now, stranding=99)
        assert self.done(change) == expected

    @rule(which=WHICH, pick=PICK)
    def a_place_is_left_and_done_away_with(self, which: int, pick: int) -> None:
        """The others move together, if nobody waited for it."""
        held = self.models[which].held
        if held:
            self.leaves(which, held[pick % len(held)])
            self.change_limits(which, 0, "as held")

    # Study visits by their last day

    @precondition(lambda self: any(model.asks for model in self.models))
    @rule(which=WHICH, days=st.integers(4, 12))
    def offer_a_study_visit(self, which: int, days: int) -> None:
        """A time that nobody books: whoever needs one had the chance."""
        model = self.models[which]
        if model.asks:
            starts = self.now + timedelta(days=days)
            model.chances.append((self.now, starts))
            self.run(self._offer(which, starts))

    async def _offer(self, which: int, starts: Any) -> None:
        venue = (await cohorts.by_id(self.ids[which])).venue_id
        await step_services.add_slot(self.ids[which], starts, starts + QUARTER, venue, None, 9, self.now)

    @precondition(lambda self: any(model.asks and model.held for model in self.models))
    @rule(pick=PICK, told=st.booleans(), offered=st.booleans(), later=st.sampled_from(["the day", "the day after"]))
    def the_last_day_to_book_goes_by(self, pick: int, told: bool, offered: bool, later: str) -> None:
        holders = [(n, p) for n, model in enumerate(self.models) if model.asks for p in model.held]
        which, person = holders[pick % len(holders)]
        model, before = self.models[which], self.now
        last = model.visit_by(person)
        if last is None:
            return
        if offered:
            self.offer_a_study_visit(which, 12)
        day = last + timedelta(days=later == "the day after")
        self.world.clock.set(max(before, at_local(day, before.time().replace(hour=11))))
        reminded = before if told else None
        released = model.release(person, reminded, self.now)
        work = deadline_services.release(person.enrolment_id, last, reminded, self.world.keys, self.now)
        assert self.run(work) == released

    # Decisions and days

    @rule(which=WHICH, decision=st.sampled_from(["start", "postpone", "postpone", "cancel"]), rarely=st.integers(0, 2))
    def decide(self, which: int, decision: str, rarely: int) -> None:
        if rarely:
            return
        model = self.models[which]
        cohort = self.run(cohorts.by_id(self.ids[which]))
        seen = seen_as(cohort.state, cohort.first_start)
        if decision == "start":
            if self.done(oversight.start(self.ids[which], True, seen, self.kim, self.now)):
                model.state, model.started_at = "started", self.now
        elif decision == "cancel":
            expected = model.state in {"open", "postponed"}
            assert self.done(oversight.cancel(self.ids[which], "too_few", seen, self.kim, self.now)) == expected
            if expected:
                model.cancel()
                if self.programmes[0].section == self.programmes[1].section:
                    self.models[1 - which].goes_first(model, self.now)
        elif self.done(self._postpone(which, seen)):
            model.state = "postponed"
            self.run(self.read_days(which))

    async def _postpone(self, which: int, seen: str) -> Any:
        sessions = self.models[which].sessions
        if not sessions:
            return False
        first = local_date(max(sessions[0], self.now)) + timedelta(weeks=2)
        digest = (await oversight.plan_again(self.ids[which], first, self.kim, self.now)).digest
        return await oversight.postpone(
            self.ids[which], first, local_date(self.now), "too_few", seen, digest, self.kim, self.now, meant=True
        )

    @rule(which=WHICH, days=st.sampled_from([-5, -1, 0, 1]))
    def move_or_cancel_a_session(self, which: int, days: int) -> None:
        """The next session is moved by so many days, or cancelled (0) and made up for at the end."""
        self.run(self._change_session(which, days))
        self.run(self.read_days(which))

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
