"""What the cockpit concludes from facts: who is short of what, which starts count for the year. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from programmes.cohorts.rules import Reason, StartChoice, StartFacts
from programmes.cohorts.schedule_rules import Schedule, Slot
from programmes.core.clock import local_date
from programmes.enrolment.rules import people_as
from programmes.enrolment.waiting_rules import undecided_until

SOON = timedelta(days=21)
TILE = timedelta(days=14)


def seen_as(state: str, first_start: datetime | None) -> str:
    """What a form about a start was shown for: it changes with every decision and every new first day."""
    return f"{state}-{first_start:%Y%m%d%H%M}" if first_start else f"{state}-"


@dataclass(frozen=True)
class Start:
    """One undecided start. `required` is the guideline's minimum, None where it has none.

    `other_day` counts those with a place whose age was said, or judged, for another first day than it is by now. `visits`
    counts those who have their study visit left, `leaders` numbers and names. Of a postponed start, how many `can_not`
    come on the new days, and how many are `silent`. `begun`: how many of its `sessions` have begun or are over, though
    nobody has decided; of how many it is noted that they were held (`noted`): a start that took place in part is neither
    postponed nor cancelled. `entry_over`: the last session that one may join at has begun. `kept`: so many
    people of a cancelled start may still move here before newcomers.
    """

    cohort_id: int
    programme_id: int
    name: str
    section: str
    form: str
    exempt: bool
    state: str
    minimum: int
    maximum: int
    required: int | None
    decide_by: date
    first_start: datetime | None
    sessions: int
    confirmed: int
    preliminary: int
    offered: int
    queued: int
    other_day: int = 0
    visits: int = 0
    venue: str = ""
    leaders: tuple[tuple[int, str], ...] = ()
    can_not: int = 0
    silent: int = 0
    programme: str = ""
    begun: int = 0
    entry_over: bool = False
    last_end: datetime | None = None
    noted: int = 0
    kept: int = 0

    @property
    def queue_until(self) -> date | None:
        """Until which day those who wait are kept while nobody decides; None where nobody waits, or one can still enter."""
        if self.last_end is None or not (self.queued and self.entry_over):
            return None
        return local_date(undecided_until(self.last_end))

    @property
    def held(self) -> int:
        return self.confirmed + self.preliminary + self.offered

    @property
    def free(self) -> int:
        return self.maximum - self.held - self.kept_places

    @property
    def kept_places(self) -> int:
        """How many of those that nobody holds are kept for people whose start was cancelled: called free nowhere."""
        return max(0, min(self.kept, self.maximum - self.held))

    @property
    def kinds(self) -> int:
        """Of how many kinds there are people who are not ready: preliminary, in the queue, with a study visit to come."""
        return sum(1 for number in (self.preliminary + self.offered, self.queued, self.visits) if number)

    @property
    def seen(self) -> str:
        return seen_as(self.state, self.first_start)

    @property
    def people(self) -> str:
        return people_as(self)

    @property
    def deciding(self) -> StartFacts:
        return StartFacts(self.section, self.state, self.minimum, self.required, self.sessions)


NextAction = Literal["announce", "start", "fewer", "finish", "fill", "settle"]


def next_action(start: Start, choice: StartChoice, days: int) -> NextAction:
    """The one thing to do next: announce what is only planned; start what can; help those who have something left to do;
    fill what is short; and when the day has come without enough, postpone or cancel."""
    if start.state == "planned":
        return "announce"
    if choice == "start":
        return "start"
    if days <= 0:
        return "fewer" if choice == "fewer" else "settle"
    return "finish" if start.preliminary >= start.minimum - start.confirmed else "fill"


@dataclass(frozen=True)
class Filter:
    """What the cockpit is narrowed to: a section, somebody who leads, a room, a half-year (`2026-2`); empty for all."""

    section: str = ""
    leader: int = 0
    venue: str = ""
    half: str = ""

    def __bool__(self) -> bool:
        return bool(self.section or self.leader or self.venue or self.half)

    def holds(self, start: Start) -> bool:
        return (
            self.section in {"", start.section}
            and self.leader in {0, *(number for number, _name in start.leaders)}
            and self.venue in {"", start.venue}
            and self.half in {"", half_of(start.first_start)}
        )


def half_of(moment: datetime | None) -> str:
    """The half-year of a first session: `2026-2`; empty without one."""
    if moment is None:
        return ""
    day = local_date(moment)
    return f"{day.year}-{1 if day.month <= 6 else 2}"


@dataclass(frozen=True)
class Shortage:
    """How many confirmed are missing to the minimum, and the days left to decide (negative when it is late)."""

    missing: int
    days: int


def shortage(minimum: int, confirmed: int, decide_by: date, today: date) -> Shortage:
    """Only who has done everything counts towards the minimum; preliminary places are shown apart."""
    return Shortage(max(0, minimum - confirmed), (decide_by - today).days)


@dataclass(frozen=True)
class YearStart:
    """A start in a year: its programme's section, the month of its first session, and whether it came to be. `late`: it was
    to begin before now, and nobody has decided."""

    cohort_id: int
    section: str
    month: int
    done: bool
    late: bool = False


@dataclass(frozen=True)
class Planned:
    """A start to come: its month, and how many it is short of (0: it can start). `late`: its first day has been, and nobody
    has decided."""

    cohort_id: int
    month: int
    missing: int
    late: bool = False


@dataclass(frozen=True)
class Year:
    """The starts of one programme in a calendar year. `required` is the guideline's number, None without one."""

    done: tuple[int, ...]
    planned: tuple[Planned, ...]
    required: int | None

    @property
    def counted(self) -> int:
        """Those that came to be and those that could start as they stand. What was to begin and is not decided has not come
        to be, however many it has."""
        return len(self.done) + sum(1 for start in self.planned if not start.missing and not start.late)

    @property
    def lacking(self) -> int:
        """How many starts the year is short of."""
        return max(0, (self.required or 0) - self.counted)

    @property
    def unplanned(self) -> int:
        """How many starts are neither done nor planned."""
        return max(0, (self.required or 0) - len(self.done) - len(self.planned))

    @property
    def needed(self) -> Planned | None:
        """The start without which the year falls short: one that waits for its decision since its first day, else the one to
        come that lacks least; None if there is none."""
        unsure = [start for start in self.planned if start.missing or start.late]
        short = sorted(unsure, key=lambda start: (not start.late, start.missing, start.month))
        return short[0] if self.lacking and short else None


def years(required: Mapping[str, int | None], found: Sequence[YearStart], short: Mapping[int, int]) -> dict[str, Year]:
    """The year of each programme, by section. `short` is how many each undecided start lacks to its minimum."""
    made = {}
    for section, needed in required.items():
        mine = [start for start in found if start.section == section]
        done = tuple(start.month for start in mine if start.done)
        planned = tuple(Planned(s.cohort_id, s.month, short.get(s.cohort_id, 0), s.late) for s in mine if not s.done)
        made[section] = Year(done, planned, needed)
    return made


def without(year: Year, cohort_id: int) -> Year:
    """The year if that start never came to be."""
    return Year(year.done, tuple(start for start in year.planned if start.cohort_id != cohort_id), year.required)


def soon(decide_by: Sequence[date], today: date, most: int) -> int:
    """How many of the decisions, nearest first, are to be shown in full."""
    return min(most, sum(1 for day in decide_by if day <= today + SOON))


@dataclass(frozen=True)
class Visit:
    """A study visit on offer before a cohort: when, and for how many. `row` is its row in the form."""

    row: int
    slot: Slot
    capacity: int


def why_not_visits(visits: Sequence[Visit], schedule: Schedule, now: datetime) -> list[Reason]:
    """Study visits are to come, and over before the first session begins (2.7, 2.8)."""
    found = []
    for visit in visits:
        earlier = [other.slot for other in visits if other.row < visit.row]
        if any(slot.starts_at < visit.slot.ends_at and slot.ends_at > visit.slot.starts_at for slot in earlier):
            found.append(Reason("visit_overlaps", f"besok{visit.row}"))
        if visit.slot.starts_at <= now:
            found.append(Reason("past", f"besok{visit.row}"))
        elif schedule.slots and visit.slot.ends_at > schedule.slots[0].starts_at:
            found.append(Reason("visit_after_start", f"besok{visit.row}"))
    return found
