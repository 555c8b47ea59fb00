"""The way of a cohort from announcement to erasure: what is done, what is next, who owes it, by when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from programmes.core.clock import local_date
from programmes.desk.closing.rules import KEPT, ErasedList
from programmes.oversight.retention.rules import due as erased

StepKey = Literal[
    "announce", "visits", "agree", "decide", "hold", "note", "evaluate", "transfer", "close", "move_on", "erase"
]
# What goes by itself is nobody's to do.
Owner = Literal["coordinator", "leader", "nobody"]
State = Literal["done", "next", "later"]
# Of everything, not only of what has a working list: one rule, also for what managers hear of and for Idag.
CLOSED_WITHIN = KEPT


@dataclass(frozen=True)
class Way:
    """A cohort, as far as its way depends on it.

    `visits_left` and `to_agree` are people with a place who have no study visit made, or something to accept, where the
    edition asks for it. `unnoted`: sessions that began and lack their note, the first of them on `unnoted_since`.
    `box_open`: an evaluation that is to be and is not closed. `people`: somebody stands on its list, or has a code.
    `may_move`: people of a cancelled start can still use their first right. `can_be_moved`: they have none, and as long as
    one would have lasted there is another start for them; `nowhere`: there is none either. `records`: records of people who
    were in it are kept, so many years (`kept_years`) after the last note of each. `queue_until`: so long those who wait are
    kept while nobody decides about the start, where nobody can enter any more. `ended`: it was decided that a group ends
    which could not start, though a session of it was held. `list_gone`: its list has gone by itself.
    """

    cohort_id: int
    name: str
    section: str
    form: str
    state: str
    exempt: bool
    by_name: bool
    enrol_from: date
    decide_by: date
    visit_days: int
    first_start: datetime | None
    last_end: datetime | None
    closed_at: datetime | None
    study_visit: bool
    agreements: bool
    held: int
    visits_left: int
    to_agree: int
    unnoted: int
    unnoted_since: datetime | None
    evaluated: bool
    box_open: bool
    transferred: bool
    people: bool
    may_move: bool
    leaders: tuple[str, ...] = ()
    records: bool = False
    kept_years: int = 0
    queue_until: date | None = None
    can_be_moved: bool = False
    nowhere: bool = False
    list_gone: ErasedList | None = None
    ended: bool = False


@dataclass(frozen=True)
class Step:
    """One step of the way. `due` is None where no day is set yet."""

    key: StepKey
    state: State
    owner: Owner
    due: date | None


_UNDECIDED = frozenset({"planned", "open", "postponed"})


def steps(way: Way, now: datetime) -> tuple[Step, ...]:
    """Every step of this cohort in order; one at the most is next: the first that isn't done, but a session that lacks its
    note goes before the sessions that are still to come, and before what some people have left when it runs; and from its
    day on so does a decision."""
    found = _cancelled(way) if way.state == "cancelled" else _usual(way, now)
    first = next((key for key, done, owner, _due in found if not done and owner != "nobody"), None)
    if way.unnoted and (first == "hold" or (first in _OF_PEOPLE and _runs(way))):
        first = "note"
    if first in _OF_PEOPLE and way.form == "group" and not _runs(way) and way.decide_by <= local_date(now):
        first = "decide"
    return tuple(
        Step(key, "done" if done else "next" if key == first else "later", owner, due) for key, done, owner, due in found
    )


# What each of the people has to do. Not done for as long as somebody has it left, also after the start.
_OF_PEOPLE: frozenset[StepKey] = frozenset({"visits", "agree"})


def _runs(way: Way) -> bool:
    return way.state not in _UNDECIDED or (way.form != "group" and way.state == "open")


_Found = tuple[StepKey, bool, Owner, date | None]


def _usual(way: Way, now: datetime) -> list[_Found]:
    begun = way.state not in _UNDECIDED
    over = way.state == "closed" or (_runs(way) and way.last_end is not None and way.last_end <= now)
    last = local_date(way.last_end) if way.last_end else None
    close_by = local_date(way.last_end + CLOSED_WITHIN) if way.last_end else None
    found: list[_Found] = [("announce", way.state != "planned", "coordinator", way.enrol_from)]

    def all_have(left: int) -> bool:
        return way.state == "closed" or ((begun or way.held > 0) and not left)

    if way.study_visit:
        found.append(("visits", all_have(way.visits_left), "leader", way.decide_by - timedelta(days=way.visit_days)))
    if way.agreements:
        found.append(("agree", all_have(way.to_agree), "leader", way.decide_by))
    if way.form == "group":
        found.append(("decide", begun, "coordinator", way.decide_by))
    noted_by = local_date(way.unnoted_since) if way.unnoted_since else last
    found += [("hold", over, "leader", last), ("note", over and not way.unnoted, "leader", noted_by)]
    if way.evaluated:
        found.append(("evaluate", way.state == "closed" or (over and not way.box_open), "leader", last))
    if way.by_name:
        found.append(("transfer", way.state == "closed" or way.transferred, "leader", close_by))
    found.append(("close", way.state == "closed", "leader", close_by))
    if not way.exempt:
        found.append(("erase", way.state == "closed" and not way.records, "nobody", _erased_from(way)))
    return found


def _erased_from(way: Way) -> date | None:
    """The first day on which the record of somebody who was in it to the end may be erased."""
    end = max((moment for moment in (way.last_end, way.closed_at) if moment), default=None)
    return erased(local_date(end), way.kept_years).first if end and way.kept_years else None


def _cancelled(way: Way) -> list[_Found]:
    day = local_date(way.closed_at) if way.closed_at else None
    close_by = day + CLOSED_WITHIN if day else None
    found: list[_Found] = [("decide", True, "coordinator", way.decide_by if way.form == "group" else day)]
    if not way.nowhere:
        found.append(("move_on", not (way.may_move or way.can_be_moved), "coordinator", day))
    return [*found, ("close", not way.people, "coordinator", close_by)]


@dataclass(frozen=True)
class Due:
    """The next step of a cohort, in somebody's week."""

    way: Way
    step: Step


def next_of(way: Way, now: datetime) -> Step | None:
    """What is next; None when its way is at its end."""
    return next((step for step in steps(way, now) if step.state == "next"), None)


def week(ways: Sequence[Way], now: datetime, until: date | None = None) -> list[Due]:
    """What is next of every cohort, the most urgent first; only what is due by `until`, where that is said. What has no day
    comes last."""
    found = [Due(way, step) for way in ways if (step := next_of(way, now))]
    if until is not None:
        found = [due for due in found if due.step.due is not None and due.step.due <= until]
    return sorted(found, key=lambda due: (due.step.due or date.max, due.way.name, due.way.cohort_id))


def end_of_week(today: date) -> date:
    """Its Sunday."""
    return today + timedelta(days=7 - today.isoweekday())
