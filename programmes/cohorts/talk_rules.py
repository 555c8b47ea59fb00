"""A series of talks that is booked as it goes on: how many there are, whether one more may be booked, and when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from programmes.catalogue.rules import Programme
from programmes.cohorts.pattern_rules import followed, parts_of, planned_at
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Closure, Slot, slot_on, why_off
from programmes.cohorts.session_rules import why_not_move
from programmes.core.clock import local, local_date

ALIVE = frozenset({"planned", "open", "postponed", "started"})
_WEEKS_AHEAD = 156
_USUAL = (time(13), time(14))


@dataclass(frozen=True)
class Tally:
    """The talks of a series that count; a cancelled one does not. `least` and `most` are the edition's, with its `section`.

    `held` took place. `missed` are those that nobody came to: the time was given, so they count towards the edition's
    number, but nobody is told that they were held (decision 28). `booked` are to come, or not noted yet.
    """

    held: int
    missed: int
    booked: int
    section: str = ""
    least: int | None = None
    most: int | None = None

    @property
    def counted(self) -> int:
        return self.held + self.missed + self.booked

    @property
    def left(self) -> int | None:
        """How many more may be booked; None where the edition has no number."""
        return None if self.most is None else max(0, self.most - self.counted)

    @property
    def full(self) -> bool:
        return self.left == 0

    @property
    def too_few(self) -> bool:
        """Whether ending it now is ending before its time."""
        return self.least is not None and self.counted < self.least


def tally(programme: Programme, talks: Sequence[tuple[str, bool]]) -> Tally:
    """What there is of a series, by each talk's state and whether nobody came to it."""
    states = [(state, missed) for state, missed in talks if state != "cancelled"]
    return Tally(
        sum(1 for state, missed in states if state == "held" and not missed),
        sum(1 for state, missed in states if state == "held" and missed),
        sum(1 for state, _missed in states if state != "held"),
        programme.section,
        programme.sessions_min,
        programme.sessions_max,
    )


def why_not_book(state: str, counted: Tally, others: Sequence[Slot], wanted: Sequence[Slot], now: datetime) -> list[Reason]:
    """What stands against booking these talks, every reason once. `others` are those of the series that count."""
    if state not in ALIVE:
        return [Reason("cohort_over")]
    found = [reason for slot in wanted for reason in why_not_move(state, None, "planned", others, slot, now)]
    if counted.left is not None and len(wanted) > counted.left:
        params = {"section": counted.section, "most": counted.most, "left": counted.left}
        full = counted.full
        found.append(Reason("talks_full" if full else "talks_too_many", "dag" if full else "antal", params))
    return list({(reason.code, reason.beside): reason for reason in found}.values())


def next_talk(slots: Sequence[Slot], every: int, closures: Sequence[Closure], now: datetime) -> Slot:
    """What is suggested for the next talk: the weekday and time of the last on a usual weekday, a week later or as many as
    it has been; the first of them that is to come, after all others, and is no day off. `slots` are all that were ever
    booked, cancelled ones too; the latest pattern says what is usual (`followed`).

    Of a series without any it is a weekday a week ahead. When three years hold no such day it is the last one of them.
    """
    if not slots:
        day = local_date(now) + timedelta(weeks=1)
        return slot_on(next((d for d in _days_from(day) if d.weekday() < 5 and not why_off(d, closures)), day), *_USUAL)
    latest = parts_of(slots)[-1]
    usual = followed(latest, closures, every)
    last = max((slot for slot in latest if local(planned_at(slot)).weekday() in usual.weekdays), key=planned_at)
    begins, ends = local(planned_at(last)), local(planned_at(last) + (last.ends_at - last.starts_at))
    after = max(now, *(planned_at(slot) for slot in slots))
    taken = {local_date(slot.starts_at) for slot in slots}
    day = begins.date()
    for _week in range(_WEEKS_AHEAD):
        day += timedelta(weeks=usual.every)
        found = slot_on(day, begins.time(), ends.time())
        if found.starts_at > after and day not in taken and not why_off(day, closures):
            return found
    return slot_on(day, begins.time(), ends.time())


def _days_from(day: date) -> list[date]:
    return [day + timedelta(days=n) for n in range(366)]
