"""What should become of everybody who enters a cohort: a model in plain Python, to be held beside the database.

It shares no decision with the services: places, offers, the end of an offer and the order of the queue are reckoned anew,
as simply as can be.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from programmes.core.clock import local, local_date
from programmes.core.days import day_off

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOLDING = ("preliminary", "confirmed", "offered")
ALIVE = (*HOLDING, "queued")
RUNNING = ("open", "postponed", "started")


def counted(start: datetime, hours: int, every_day: bool = False) -> datetime:
    """When so many hours have gone by between 8 and 20, on weekdays that are no holidays or on every day."""
    left, moment = 4 * hours, start
    while left:
        wall = local(moment)
        if 8 <= wall.hour < 20 and (every_day or (wall.weekday() < 5 and not day_off(wall.date()))):
            left -= 1
        moment += QUARTER
    return moment


class Spot:
    """Where somebody stands or has stood in a line. Whoever comes has one of their own, which nobody else ever gets."""


@dataclass(eq=False)
class Person:
    """One enrolment. Who is `erased` has no row any more. Siblings who wait together have the same `family`.

    `visit_at` is when a booked study visit is, and `left_visit` that it was given up with the place, to come back with it.
    `moved`: a coordinator has changed where they stand. `came`: they were moved here from another cohort.
    """

    arrival: int
    state: str
    applied: datetime
    own: Spot = field(default_factory=Spot)
    spot: Spot = field(default_factory=Spot)
    seat: int | None = None
    until: datetime | None = None
    only_waited: bool = False
    visit: str = ""
    visit_at: datetime | None = None
    left_visit: bool = False
    accepted: bool = False
    since: datetime | None = None
    office_cancelled: bool = False
    skipped: str | None = None
    asked: bool = False
    moved: bool = False
    came: bool = False
    undo: datetime | None = None
    left_from: str = ""
    family: Spot | None = None
    enrolment_id: UUID | None = None
    # The first days that a documented person's age was judged for: when they came, and when the worker last looked.
    declared: date | None = None
    judged: date | None = None

    @property
    def alive(self) -> bool:
        return self.state in ALIVE

    @property
    def kept(self) -> bool:
        """Whether what was written is still sealed: while it lasts, while leaving can be undone, and while what ran out
        can be read."""
        return self.alive or self.undo is not None

    @property
    def waits(self) -> bool:
        """Whether nothing but the order, and the number of places, keeps them from being offered one."""
        return self.state == "queued" and self.skipped is None and not self.asked


@dataclass(eq=False)
class Cohort:
    """A cohort and everybody who ever entered it, by arrival. `asks`: for a study visit and to accept texts.

    `sessions` are the starts of those that are not cancelled; `span` is the guideline's least and most. `line` is every
    spot in order. `chances` are study visits that nobody books: since when, and when they begin.
    """

    asks: bool
    documented: bool
    span: tuple[int, int]
    minimum: int
    maximum: int
    last_entry: int
    sessions: list[datetime]
    visit_day: date
    last_end: datetime | None = None
    state: str = "open"
    started_at: datetime | None = None
    people: list[Person] = field(default_factory=list)
    line: list[Spot] = field(default_factory=list)
    chances: list[tuple[datetime, datetime]] = field(default_factory=list)
    # Whose start was cancelled goes first here: from which cohort, since when, and until when.
    first_right: "tuple[Cohort, datetime, datetime] | None" = None

    @property
    def waiting(self) -> list[Person]:
        """Who waits, in the order of the queue."""
        return sorted((p for p in self.people if p.state == "queued"), key=lambda p: self.line.index(p.spot))

    def standing(self, now: datetime) -> list[Person]:
        """Who has a place in the order: who waits, and who has left and may still come back."""
        away = [p for p in self.people if p.state == "withdrawn" and p.undo is not None and now < p.undo]
        return sorted([*self.waiting, *away], key=lambda p: self.line.index(p.spot))

    def _with(self, person: Person, now: datetime) -> list[Person]:
        """Somebody, and the siblings who wait together with them or may come back to."""
        found = [p for p in self.standing(now) if person.family is not None and p.family is person.family]
        return found or [person]

    @property
    def held(self) -> list[Person]:
        return sorted((p for p in self.people if p.seat is not None), key=lambda p: p.seat or 0)

    @property
    def entry_ends(self) -> datetime | None:
        return self.sessions[min(self.last_entry, len(self.sessions)) - 1] if self.sessions else None

    @property
    def first_day(self) -> date | None:
        return local_date(min(self.sessions)) if self.sessions else None

    def _unjudged(self, person: Person) -> bool:
        return self.documented and self.first_day not in {None, person.declared, person.judged}

    def next_session(self, now: datetime) -> datetime | None:
        return min((start for start in self.sessions if start > now), default=None)

    def shut(self, now: datetime) -> bool:
        return self.state not in RUNNING or self.entry_ends is None or now >= self.entry_ends

    def over(self, now: datetime) -> bool:
        """Whether who still waits does so in vain."""
        if self.state not in RUNNING:
            return True
        if self.entry_ends is None or now < self.entry_ends:
            return False
        if self.state == "started":
            return now >= max(self.entry_ends, self.started_at or self.entry_ends) + DAY
        return self.last_end is not None and now >= self.last_end + 27 * DAY

    def free(self) -> int | None:
        taken = [person.seat for person in self.held]
        return min((n for n in range(1, self.maximum + 1) if n not in taken), default=None)

    def _kept(self, now: datetime) -> int:
        """How many places are kept for those of a cancelled start."""
        if self.first_right is None or now >= self.first_right[2]:
            return 0
        return sum(p.state in {"preliminary", "confirmed", "queued"} for p in self.first_right[0].people)

    def _new(self, person: Person) -> bool:
        return self.first_right is not None and person.applied > self.first_right[1]

    def goes_first(self, source: "Cohort", now: datetime) -> None:
        """The other start was cancelled: its people go before newcomers as long as an offer made now would be open."""
        if self.state not in {"open", "postponed"} or self.shut(now) or not self.sessions or self.sessions[0] <= now:
            return
        if counted(now, 2, every_day=True) <= self.sessions[0] - 2 * HOUR:
            self.first_right = (source, now, min(counted(now, 16), self.sessions[0] - 2 * HOUR))

    def unit(self, person: Person) -> list[Person]:
        """Somebody, and the siblings who wait together with them and are where they are, in their order."""
        if person.family is None:
            return [person]
        found = [p for p in self.people if p.family is person.family and p.state == person.state]
        return sorted(found, key=lambda p: self.line.index(p.spot))

    def _could(self, person: Person) -> bool:
        """Whether there is a place for them, and for each of those they wait together with."""
        unit = self.unit(person)
        return all(p.waits for p in unit) and len(unit) <= self.maximum - len(self.held)

    def _comes(self, state: str, applied: datetime) -> Person:
        person = Person(len(self.people) + 1, state, applied)
        person.spot, person.declared = person.own, self.first_day
        self.people.append(person)
        self.line.append(person.own)
        return person

    # Ways in

    def enter(self, now: datetime, many: bool = False) -> Person | None:
        """A place if one is free and nobody waits who could have it, else the queue; None when there is no entry.

        `many`: among many at once from one address, where nobody's identity is known.
        """
        if self.shut(now):
            return None
        asked = many and not self.documented
        room = self.maximum - len(self.held) > self._kept(now)
        takes = room and not asked and not any(self._could(p) for p in self.waiting)
        return self._enters(asked, takes, now)

    def _enters(self, asked: bool, takes: bool, now: datetime) -> Person:
        person = self._comes("queued", now)
        person.asked, person.only_waited = asked, not takes
        if takes:
            self._holds(person, self.free(), now)
        return person

    def enter_family(self, size: int, together: bool, now: datetime) -> list[Person] | None:
        """Siblings in one form: as many as there are places for, or all of them or none."""
        if self.shut(now) or (together and size > self.maximum):
            return None
        room = max(0, self.maximum - len(self.held) - self._kept(now))
        free = 0 if any(self._could(p) for p in self.waiting) else room
        if together and free < size:
            free = 0
        found = [self._enters(False, n < free, now) for n in range(size)]
        if together and not free:
            family = Spot()
            for person in found:
                person.family = family
        return found

    def part(self, person: Person, now: datetime) -> bool:
        """Each takes a place of their own from now on; whether it is heard."""
        if person.family is None:
            return True
        if person.state != "queued":
            return False
        self._heard_of(person)
        family = person.family
        for one in self.people:
            if one.family is family:
                one.family = None
        self.pass_on(now)
        return True

    def _holds(self, person: Person, seat: int | None, now: datetime) -> None:
        person.seat, person.until, person.since, person.only_waited, person.family = seat, None, now, False, None
        person.state = "preliminary"
        if not self.asks or (person.visit == "attended" and person.accepted):
            person.state = "confirmed"

    def receive(self, other: Person, now: datetime) -> Person | None:
        """Somebody comes from another cohort, with the time of their application; None when there is no entry."""
        if self.shut(now):
            return None
        person = self._comes("queued", other.applied)
        person.came = True
        self._stand_by_application(person, now)
        begun = other.visit == "booked" and other.visit_at is not None and other.visit_at <= now
        person.visit = other.visit if other.visit == "attended" or begun else ""
        person.visit_at = other.visit_at
        person.accepted, person.office_cancelled = other.accepted, other.office_cancelled
        person.only_waited = other.only_waited
        ahead = self.waiting[: self.waiting.index(person)]
        if (free := self.free()) is not None and not any(self._could(p) for p in ahead):
            self._holds(person, free, now)
        return person

    def give_away(self, person: Person, now: datetime) -> None:
        person.state, person.seat, person.until, person.skipped, person.family = "transferred", None, None, None, None
        person.visit = "" if person.visit in {"booked", "attended"} else person.visit
        self.pass_on(now)

    # The order

    def _stand_before(self, person: Person, other: Person) -> None:
        person.spot = Spot()
        self.line.insert(self.line.index(other.spot), person.spot)

    def _stand_by_application(self, person: Person, now: datetime) -> None:
        """Before the first who applied later and whom no coordinator has moved, else where they came."""
        person.spot = person.own
        later = [p for p in self.standing(now) if p is not person and p.applied > person.applied and not p.moved]
        if later:
            self._stand_before(person, later[0])

    def let_before(self, person: Person, other: Person, now: datetime) -> bool | None:
        """Whether the order is changed; None when one of them doesn't wait."""
        waiting = self.waiting
        if person not in waiting or other not in waiting:
            return None
        line, movers, ahead = self.standing(now), self._with(person, now), self._with(other, now)[0]
        if any(line.index(ahead) >= line.index(one) for one in movers):
            return False
        for one in movers:
            self._stand_before(one, ahead)
            one.moved = True
        return True

    def put_back(self, person: Person, now: datetime) -> bool:
        if person.state != "queued":
            return False
        for one in self._with(person, now):
            if one.moved:
                one.moved, one.spot = False, one.own
                if one.came:
                    self._stand_by_application(one, now)
        return True

    def skip(self, person: Person, reason: str | None, now: datetime) -> bool:
        if person.state != "queued":
            return False
        if person.skipped != reason:
            for one in self.unit(person):
                one.skipped = reason
            self.pass_on(now)
        return True

    def _heard_of(self, person: Person) -> None:
        for one in self.unit(person):
            one.skipped = None if one.skipped == "unreachable" else one.skipped

    def coming(self, person: Person, now: datetime) -> bool:
        """Who was among many says that they come. The seat is theirs if nobody who can have it stands before them."""
        if not person.asked:
            return True
        if person.state != "queued":
            return False
        self._heard_of(person)
        unit = self.unit(person)
        for one in unit:
            one.asked = False
        ahead = self.waiting[: self.waiting.index(unit[0])]
        enough = len(unit) <= self.maximum - len(self.held) - (self._kept(now) if self._new(person) else 0)
        if enough and person.waits and not any(self._could(p) for p in ahead) and not self.shut(now):
            for one in unit:
                self._holds(one, self.free(), now)
        else:
            self.pass_on(now)
        return True

    def pass_on(self, now: datetime) -> None:
        """Every free place is offered to who comes first of those who wait, if there is time to answer."""
        coming = self.next_session(now)
        until = counted(now, 16)
        if coming is not None:
            if counted(now, 2, every_day=True) > coming - timedelta(hours=2):
                return
            until = min(until, coming - timedelta(hours=2))
        while not self.shut(now) and self.free() is not None:
            first = next((p for p in self.waiting if self._could(p)), None)
            if first is None or self._unjudged(first):
                return
            unit = self.unit(first)
            if self.maximum - len(self.held) <= self._kept(now) and any(self._new(p) for p in unit):
                return
            # One offer is one unit: who was left alone of a family, or comes back from an offer of others, is alone.
            together = Spot() if len(unit) > 1 else None
            for one in unit:
                one.state, one.seat, one.until, one.family = "offered", self.free(), until, together

    # Ways out

    def end(self, person: Person, state: str, now: datetime) -> None:
        self._ends(person, state, now)
        self.pass_on(now)

    def end_offer(self, person: Person, state: str, now: datetime) -> None:
        """One answer, or none, is for all who were offered places together; those are then passed on as one."""
        for one in self.unit(person):
            self._ends(one, state, now)
        self.pass_on(now)

    def _ends(self, person: Person, state: str, now: datetime) -> None:
        if state == "expired":
            # It ended without them: they can read it for a while, and nothing more.
            person.undo, person.left_from, person.family = now + 3 * DAY, person.state, None
        person.state, person.seat, person.until = state, None, None
        # Of a visit whose time has come it can still be noted what became of it, while anything is kept.
        person.left_visit = person.visit == "booked" and person.visit_at is not None and person.visit_at > now
        if person.left_visit:
            person.visit = ""
        if person.undo is None:
            self.forget(person)

    def forget(self, person: Person) -> None:
        """Nothing is kept any more to come back to."""
        person.undo = person.family = None
        person.visit = "" if person.visit == "booked" else person.visit

    def leave(self, person: Person, now: datetime) -> bool:
        """Whether it is heard. An offer, and what is over, is left for good."""
        if person.undo is not None and now < person.undo:
            return True
        if not person.alive:
            return False
        if person.state != "offered" and self.state in RUNNING:
            person.undo, person.left_from = now + HOUR, person.state
        self.end(person, "withdrawn", now)
        return True

    def undo(self, person: Person, now: datetime) -> str:
        """What they have afterwards, `seat` or `queue`; nothing when it can't be undone. Nobody is passed by."""
        if person.alive:
            return "queue" if person.seat is None else "seat"
        if person.state != "withdrawn" or person.undo is None or now >= person.undo or self.state not in RUNNING:
            return ""
        free, wanted = self.free(), any(self._could(p) for p in self.waiting) and not self.shut(now)
        if person.left_from != "queued" and free is not None and not wanted:
            person.state, person.seat, person.undo = person.left_from, free, None
            if person.left_visit and person.visit_at is not None and person.visit_at > now:
                person.visit = "booked"
            return "seat"
        if self.shut(now):
            return ""
        person.state, person.undo = "queued", None
        person.visit = "" if person.visit == "booked" else person.visit
        self._heard_of(person)
        self.pass_on(now)
        return "queue"

    def may_end(self, person: Person, outcome: str, now: datetime) -> bool:
        """Whether staff may say so: nobody completes or drops out of what has not begun for them."""
        begun = bool(self.sessions) and now >= min(self.sessions)
        states = {"declined": ALIVE, "dropped_out": ("preliminary", "confirmed"), "completed": ("confirmed",)}[outcome]
        if outcome == "completed" and (not self.sessions or local_date(now) < local_date(max(self.sessions))):
            return False
        return self.state in RUNNING and person.state in states and (begun or outcome == "declined")

    def visit_by(self, person: Person) -> date | None:
        """The last day to book a study visit: the cohort's, but a week of one's own, and before the first session."""
        since = person.since or person.applied
        last = max(self.visit_day, local_date(since) + timedelta(days=7))
        return last if self.sessions and last < local_date(min(self.sessions)) else None

    def release(self, person: Person, reminded: datetime | None, now: datetime) -> bool:
        """The day is over, they had been told, and for three days there was a time to book: the place goes on."""
        last = self.visit_by(person)
        lacks = person.state == "preliminary" and person.visit in {"", "missed"} and not person.office_cancelled
        if last is None or reminded is None or not lacks or not last < local_date(now) or now >= min(self.sessions):
            return False
        if not any(min(starts, now) - max(reminded, since) >= timedelta(days=3) for since, starts in self.chances):
            return False
        self.end(person, "expired", now)
        return True

    # From preliminary to confirmed

    def accept(self, person: Person, now: datetime) -> bool:
        """Whether yes is heard: not without an offer, nor after it."""
        if person.state in {"preliminary", "confirmed"}:
            return True
        if person.state != "offered" or person.until is None or person.until <= now:
            return False
        for one in self.unit(person):
            self._holds(one, one.seat, now)
        return True

    def done(self, person: Person) -> None:
        """A step has been taken; when it was the last one the place is confirmed."""
        if person.state == "preliminary" and person.visit == "attended" and person.accepted:
            person.state = "confirmed"

    def corrected(self, person: Person, visit: str, now: datetime) -> bool:
        """Whether it may be noted anew what became of a visit that was made: of a confirmed place only before the start."""
        if person.state == "confirmed" and self.sessions and now >= self.sessions[0]:
            return False
        person.visit = visit
        if person.state == "confirmed":
            person.state, person.since = "preliminary", now
        return True

    # The office and the worker

    def limits(self, minimum: int, maximum: int, now: datetime) -> bool:
        """Whether there may be so many places: within the guideline's limits, and never under those who hold one."""
        least, most = self.span
        if not (least <= minimum <= maximum <= most) or maximum < len(self.held):
            return False
        if maximum < self.maximum:
            for number, person in enumerate(self.held, start=1):
                person.seat = number
        raised = maximum > self.maximum
        self.minimum, self.maximum = minimum, maximum
        if raised:
            self.pass_on(now)
        return True

    def cancel(self) -> None:
        self.state, self.sessions = "cancelled", []
        for person in self.people:
            if person.state == "offered":
                person.state, person.seat, person.until = "queued", None, None

    def tick(self, now: datetime) -> None:
        """What the worker does when it looks: what can't be undone, ages, deadlines, free places, queues that are over."""
        for person in self.people:
            if person.undo is not None and person.undo <= now:
                self.forget(person)
        unjudged = [person for person in self.waiting if self._unjudged(person)]
        for person in unjudged:
            person.judged = self.first_day
        if unjudged and self.state in RUNNING:
            self.pass_on(now)
        self._cap(now)
        due = [p for p in self.people if p.until is not None and p.until <= now]
        for person in sorted(due, key=lambda p: (p.until, p.arrival)):
            if person.state == "offered":
                self.end_offer(person, "expired", now)
        if self.state in RUNNING:
            self.pass_on(now)
        if self.over(now):
            self._end_queue(now)

    def _cap(self, now: datetime) -> None:
        """Offers made before a session was moved earlier end before it, with two hours to answer if there are."""
        coming = self.next_session(now)
        if coming is None:
            return
        fair = max(coming - timedelta(hours=2), counted(now, 2, every_day=True))
        for person in self.people:
            if person.until is not None and person.until > max(now, coming - timedelta(hours=2)):
                person.until = min(person.until, coming, fair)

    def _end_queue(self, now: datetime) -> None:
        if self.state in RUNNING:
            for person in self.waiting:
                self.end(person, "expired", now)
        for person in self.people:
            if self.documented and person.only_waited and not person.kept and person.state != "transferred":
                person.state = "erased"
