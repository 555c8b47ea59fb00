"""What should become of everybody who enters a cohort: a model in plain Python, to be held beside the database.

It shares no decision with the services: places, offers and the end of an offer are reckoned anew, as simply as can be.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from programmes.core.clock import local
from programmes.core.days import day_off

QUARTER = timedelta(minutes=15)
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


@dataclass(eq=False)
class Person:
    """One enrolment. Who is `erased` has no row any more."""

    arrival: int
    state: str
    seat: int | None = None
    until: datetime | None = None
    only_waited: bool = False
    visit: str = ""
    accepted: bool = False
    enrolment_id: UUID | None = None

    @property
    def alive(self) -> bool:
        return self.state in ALIVE


@dataclass(eq=False)
class Cohort:
    """A cohort and everybody who ever entered it, by arrival. `asks`: for a study visit and to accept texts.

    `sessions` are the starts of those that are not cancelled; `span` is the guideline's least and most.
    """

    asks: bool
    documented: bool
    span: tuple[int, int]
    minimum: int
    maximum: int
    last_entry: int
    sessions: list[datetime]
    state: str = "open"
    people: list[Person] = field(default_factory=list)

    @property
    def waiting(self) -> list[Person]:
        return [person for person in self.people if person.state == "queued"]

    @property
    def held(self) -> list[Person]:
        return sorted((p for p in self.people if p.seat is not None), key=lambda p: p.seat or 0)

    @property
    def entry_ends(self) -> datetime | None:
        return self.sessions[min(self.last_entry, len(self.sessions)) - 1] if self.sessions else None

    def next_session(self, now: datetime) -> datetime | None:
        return min((start for start in self.sessions if start > now), default=None)

    def shut(self, now: datetime) -> bool:
        return self.state not in RUNNING or self.entry_ends is None or now >= self.entry_ends

    def over(self, now: datetime) -> bool:
        """Whether who still waits does so in vain."""
        if self.state not in RUNNING:
            return True
        days = 1 if self.state == "started" else 7
        return self.entry_ends is not None and now >= self.entry_ends + timedelta(days=days)

    def _free(self) -> int | None:
        taken = [person.seat for person in self.held]
        return min((n for n in range(1, self.maximum + 1) if n not in taken), default=None)

    def enter(self, now: datetime) -> Person | None:
        """A place if one is free and nobody waits, else the queue; None when there is no entry."""
        if self.shut(now):
            return None
        person = Person(len(self.people) + 1, "queued", only_waited=True)
        free = self._free()
        if free is not None and not self.waiting:
            person = Person(person.arrival, "preliminary" if self.asks else "confirmed", free)
        self.people.append(person)
        return person

    def pass_on(self, now: datetime) -> None:
        """Every free place is offered to who came first of those who wait, if there is time to answer."""
        coming = self.next_session(now)
        until = counted(now, 16)
        if coming is not None:
            if counted(now, 2, every_day=True) > coming - timedelta(hours=2):
                return
            until = min(until, coming - timedelta(hours=2))
        while not self.shut(now) and self.waiting and (free := self._free()) is not None:
            first = self.waiting[0]
            first.state, first.seat, first.until = "offered", free, until

    def end(self, person: Person, state: str, now: datetime) -> None:
        person.state, person.seat, person.until = state, None, None
        person.visit = "" if person.visit == "booked" else person.visit
        self.pass_on(now)

    def accept(self, person: Person, now: datetime) -> bool:
        """Whether yes is heard: not without an offer, nor after it."""
        if person.state in {"preliminary", "confirmed"}:
            return True
        if person.state != "offered" or person.until is None or person.until <= now:
            return False
        person.state, person.until, person.only_waited = "preliminary", None, False
        if not self.asks or (person.visit == "attended" and person.accepted):
            person.state = "confirmed"
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
        person.state = "preliminary" if person.state == "confirmed" else person.state
        return True

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
        """What the worker does when it looks: deadlines, places beside which somebody waits, queues that are over."""
        self._cap(now)
        due = [p for p in self.people if p.until is not None and p.until <= now]
        for person in sorted(due, key=lambda p: (p.until, p.arrival)):
            self.end(person, "expired", now)
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
            if self.documented and person.only_waited and not person.alive:
                person.state = "erased"
