"""One session and all that follow it, moved together: they keep their pattern or distance, and skip days off. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from programmes.cohorts.pattern_rules import moved_from
from programmes.cohorts.rules import FURTHEST, Reason, why_not_times
from programmes.cohorts.schedule_rules import Closure, Day, Schedule, Slot, slot_on
from programmes.core.clock import local, local_date

Hours = tuple[time, time]


def hours(slot: Slot) -> Hours:
    """From when to when, on the wall clock."""
    return local(slot.starts_at).time(), local(slot.ends_at).time()


def rest_from(slots: Sequence[Slot], first: date, wanted: Hours, closures: Sequence[Closure], every: int) -> Schedule:
    """As many sessions as `slots` from another first day, the first with the hours `wanted`.

    Those that are usually at the same hours get them too; others, of another weekday, begin as much earlier or later as the
    first does. A session that would end on another day keeps its hours, and `why_not_rest` says so.
    """
    planned = moved_from(slots, first, closures, every)
    if not planned.sessions:
        return planned
    usual = hours(planned.slots[0])
    return replace(planned, days=tuple(_at(day, usual, wanted) for day in planned.days))


def _at(day: Day, usual: Hours, wanted: Hours) -> Day:
    found = hours(day.slot)
    if found == usual:
        return replace(day, slot=slot_on(day.day, *wanted))
    later = datetime.combine(date.min, wanted[0]) - datetime.combine(date.min, usual[0])
    shifted = _shifted(found[0], later), _shifted(found[1], later)
    return day if None in shifted else replace(day, slot=slot_on(day.day, *(t for t in shifted if t)))


def _shifted(clock_time: time, later: timedelta) -> time | None:
    moment = datetime.combine(date(2000, 1, 2), clock_time) + later
    return moment.time() if moment.date() == date(2000, 1, 2) else None


def why_not_rest(schedule: Schedule, previous: Slot | None, decide_by: date | None, now: datetime) -> list[Reason]:
    """What stands against these days. `previous` is the session before them; `decide_by` when a start is still to be decided
    upon."""
    if schedule.missing or not schedule.sessions:
        return [Reason("no_days", "dag", {"missing": schedule.missing})]
    found, first, last = [], schedule.slots[0], schedule.slots[-1]
    if first.starts_at <= now:
        found.append(Reason("past", "dag"))
    elif last.starts_at > now + FURTHEST:
        found.append(Reason("too_far", "dag"))
    elif decide_by is not None and schedule.sessions[0].day < decide_by:
        found.append(Reason("before_decision", "dag", {"day": decide_by}))
    if previous is not None and first.starts_at < previous.ends_at:
        found.append(Reason("before_previous", "dag", {"day": local_date(previous.starts_at)}))
    wrong = [reason for slot in schedule.slots for reason in why_not_times(*hours(slot))]
    if wrong:
        found.append(wrong[0])
    return found
