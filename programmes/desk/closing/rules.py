"""What must be done before a cohort may be closed, in order. Nothing here reads or writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from programmes.attendance.rules import Bounds, Count, Kind

StepKey = Literal["decision", "attendance", "ending", "evaluation", "unique", "own_words", "transfer"]
# What is to be decided of a group of which nobody has: whether it starts, or, where it can't, that it ends (decision 103).
Decision = Literal["", "start", "end"]
Ending = Literal["completed", "ended_early", "cancelled"]
Rule = Literal["closing", "cancelled", "overdue"]
Box = Literal["not_needed", "missing", "open", "counting", "enough", "mixed", "few"]
ENDINGS: tuple[Ending, ...] = ("completed", "ended_early", "cancelled")
# The most that a working list may be kept after the last session (DESIGN 6); an office may decide on fewer days.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class ErasedList:
    """That a working list went by itself, while nobody had closed its cohort: by which rule, on which local day."""

    receipt_id: UUID
    on: date
    rule: str


@dataclass(frozen=True)
class ClosingFacts:
    """A cohort on its way to be closed. `coming` are sessions that are not over, `unnoted` those that lack their note.

    `waiting` is how many messages are still to be written or sent: they need the list. `required` is whether the section
    demands an evaluation (2.1, 2.12). `unended` is whether people still have places and codes. `least` is the fewest talks
    that the edition has, of a series. Until `first_right_until` people of a cancelled start, or who wait for a group that
    ended since it could not start, may still move to another; `promised_until`: so they were told, though that one may be
    decided since.
    `held_until` is when the last message may leave that waits for its hour. `erased`: the list has gone by itself already.
    `decision` is what is to be decided first. How many have a `queued` or offered place: they are told before anything
    goes; and whether somebody is still `reading` that the queue is over.
    """

    kind: Kind
    form: str
    exempt: bool
    state: str
    sessions: int
    coming: int
    unnoted: int
    ending: Ending | None
    required: bool
    box: Box
    own_words: bool
    unique: Count | None
    bounds: Bounds
    transferred: bool
    waiting: int
    unended: bool
    least: int | None = None
    first_right_until: datetime | None = None
    promised_until: datetime | None = None
    held_until: datetime | None = None
    erased: ErasedList | None = None
    decision: Decision = ""
    queued: int = 0
    reading: bool = False


@dataclass(frozen=True)
class Step:
    key: StepKey
    done: bool


def endings(sessions: int, least: int | None = None) -> tuple[Ending, ...]:
    """How a cohort can have ended of which so many sessions were not cancelled: nothing was completed where none is left.
    With fewer talks than the `least` of the edition (2.3: five) it ended before its time."""
    return ENDINGS if sessions >= max(1, least or 0) else tuple(ending for ending in ENDINGS if ending != "completed")


def steps(facts: ClosingFacts) -> tuple[Step, ...]:
    """Everything before the last step, which is closing itself. A start that was cancelled has nothing left to answer."""
    if facts.state == "cancelled":
        return ()
    found = [Step("decision", False)] if facts.decision else []
    found += [
        Step("attendance", not facts.coming and not facts.unnoted),
        Step("ending", facts.ending in endings(facts.sessions, facts.least)),
    ]
    if facts.box != "not_needed":
        found.append(Step("evaluation", _evaluated(facts)))
    if facts.kind == "count" and facts.form == "group":
        fits = facts.unique is not None and not facts.bounds.broken(facts.unique)
        found.append(Step("unique", fits))
    if facts.required and facts.box != "not_needed":
        found.append(Step("own_words", _spoken(facts)))
    if facts.kind == "names":
        found.append(Step("transfer", facts.transferred))
    return tuple(found)


def _evaluated(facts: ClosingFacts) -> bool:
    """The box is closed for good. A group that ended early may never have had one."""
    if facts.box == "missing":
        return facts.ending in {"ended_early", "cancelled"}
    return facts.box != "open"


def _spoken(facts: ClosingFacts) -> bool:
    """Few answers wait to be mixed with others, so the group's own words stand in for them; if it came to an end. Once they
    are mixed they stand in a release, to which no words are added."""
    return facts.box in {"enough", "mixed"} or facts.own_words or facts.ending in {"ended_early", "cancelled"}


def may_close(facts: ClosingFacts) -> bool:
    """Whether the last step can be taken: all the others are, and no message still needs the list."""
    if facts.state == "cancelled":
        return facts.unended and not facts.waiting and facts.first_right_until is None
    if facts.state not in {"open", "started"} or facts.waiting or facts.queued or facts.reading:
        return False
    return all(step.done for step in steps(facts))


def erased_by(last_end: datetime | None, cancelled_at: datetime | None) -> datetime | None:
    """When a working list goes at the latest, closed or not; of a cancelled start counted from that day (DESIGN 6)."""
    last = last_end or cancelled_at
    return last + KEPT if last else None


def erased_again_by(state: str, counted_from: datetime | None, over: bool, now: datetime) -> Rule | None:
    """By which rule a list has no place here that a backup brought back after it had been erased; None where the cohort goes
    on: then everybody had left. `over`: its last session is."""
    if counted_from is not None and counted_from + KEPT <= now:
        return "overdue"
    if state == "cancelled":
        return "cancelled"
    return "closing" if over else None


def box_of(needed: bool, form: str, state: str | None) -> Box:
    """What the ballot box's state means for closing. Individual forms share a box for the half-year, never one of theirs."""
    if not needed or form != "group":
        return "not_needed"
    if state is None:
        return "missing"
    if state in {"preparing", "open"}:
        return "open"
    if state == "closing":
        return "counting"
    known: dict[str, Box] = {"released": "enough", "pooled": "mixed"}
    return known.get(state, "few")


def half_year_day(held: Collection[date], today: date) -> date:
    """The day whose half-year a series is counted in: the last talk's, or today's if none was held."""
    return max(held, default=today)
