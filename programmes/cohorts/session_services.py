"""Moving and cancelling one session. Calendars and people follow from the stored change and its event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from programmes.cohorts import duty_services, queries, schedule_queries
from programmes.cohorts.change_services import noting, renumber
from programmes.cohorts.clash_services import as_said, clash_reasons, clashes_of, shared
from programmes.cohorts.meant_rules import TICK, Meant, not_meant
from programmes.cohorts.pattern_rules import one_more, usual_weekdays
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import (
    Reason,
    why_not_times,
)
from programmes.cohorts.schedule_rules import Clash, Slot, why_off, worth_knowing
from programmes.cohorts.session_rules import begun, why_not_cancel_session, why_not_move, why_other_order
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.days import day_off
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal


@dataclass(frozen=True)
class _Locked:
    """A session and its cohort, read under the cohort's lock."""

    cohort: CohortFacts
    session: SessionFacts
    others: tuple[SessionFacts, ...]

    @property
    def other_slots(self) -> list[Slot]:
        return [Slot(s.starts_at, s.ends_at) for s in self.others]


async def _lock(session_id: int, seen: int | None, principal: Principal, now: datetime) -> _Locked:
    """Lock the cohort of a session that this person works with. `seen` is the sequence that the form was filled in for.

    Raises:
        NotFound: not theirs.
        Conflict: somebody else has changed the session since.
    """
    cohort, _ = await queries.my_session(principal, local_date(now), session_id)
    await queries.locked(cohort.cohort_id)
    cohort, session = await queries.my_session(principal, local_date(now), session_id)
    if seen is not None and session.sequence != seen:
        raise Conflict("cohort_changed")
    counted = [s for s in await queries.sessions(cohort.cohort_id) if s.state != "cancelled" and s.session_id != session_id]
    return _Locked(cohort, session, tuple(counted))


_MOVE = """
update cohort_session
set starts_at = $2, ends_at = $3, venue_id = $4, state = 'moved', sequence = sequence + 1, revised_at = $5,
    moved_from = coalesce(moved_from, starts_at), shares_room = $6 where id = $1
"""


async def move_session(
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    venue_id: int,
    principal: Principal,
    now: datetime,
    *,
    meant: Meant = False,
    seen: int | None = None,
) -> list[Reason]:
    """Give a session another time or place; returns why not, or nothing when it is done.

    The first time it was to begin is kept. That it has begun, a holiday or closure, an eve, a bridge day or a weekend, a
    room that is taken and a leader who is elsewhere stand in the way until they are `meant`: somebody has ticked that they
    are, as they were said.

    Raises:
        NotFound: not a session this person works with, or no such venue.
        Conflict: somebody else has changed it since it was `seen`, or has just taken the room or somebody's time.
    """
    slot = Slot(starts_at, ends_at)
    async with transaction():
        found = await _lock(session_id, seen, principal, now)
        clashes = await clashes_of(found.cohort, [slot], venue_id, principal, found.session)
        reasons = await _why_not_move(found, slot, venue_id, now)
        instead, slots = await duty_services.instead_of([session_id]), {session_id: slot}
        asked = await _asked_of_move(found, slot, venue_id, now, possible=not reasons)
        asked += [*clash_reasons(clashes), *await duty_services.elsewhere(instead, slots)]
        reasons += not_meant(asked, meant)
        if reasons:
            return reasons
        cohort_id = found.cohort.cohort_id
        async with noting(cohort_id, "move", principal, now) as noted, as_said(cohort_id, clashes):
            await execute(_MOVE, session_id, starts_at, ends_at, venue_id, now, shared([slot], clashes)[0])
            await duty_services.keep_instead(instead, slots)
            await renumber(cohort_id)
        await audit.note("session:move", f"session/{session_id}", principal.staff_id, now)
        await jobs.put("session_moved", {"session": session_id, "change": noted.change_id})
    return []


async def _why_not_move(found: _Locked, slot: Slot, venue_id: int, now: datetime) -> list[Reason]:
    cohort, session = found.cohort, found.session
    # Only a group's start is decided upon.
    decide_by = cohort.decide_by if cohort.form == "group" else None
    reasons = why_not_move(cohort.state, decide_by, session.state, found.other_slots, slot, now)
    if venue_id not in {venue.venue_id for venue in await schedule_queries.venues()}:
        reasons.append(Reason("venue_missing", "lokal"))
    if (session.starts_at, session.ends_at, session.venue_id) == (slot.starts_at, slot.ends_at, venue_id):
        reasons.append(Reason("unchanged", "dag"))
    return reasons


async def _asked_of_move(found: _Locked, slot: Slot, venue_id: int, now: datetime, possible: bool) -> list[Reason]:
    """What has to be meant beside clashes: that it has begun, and a day off; where it is `possible` then, another order, and
    what there is to know of another day."""
    was = found.session
    asked = begun(was.slot, now)
    if possible and found.cohort.form != "drop_in":
        asked += why_other_order(found.other_slots, was.starts_at, slot.starts_at)
    asked += await day_off_at(venue_id, slot, now)
    if possible and local_date(slot.starts_at) != local_date(was.starts_at):
        asked += day_noted([was.slot, *(other.slot for other in found.others)], slot, now)
    return asked


def why_no_such_time(day: date, starts: time, ends: time) -> list[Reason]:
    """That one of these does not exist on the wall clock that day, or exists twice; empty on nearly every day."""
    return [reason for reason in why_not_times(starts, ends, day) if reason.code.startswith("clock_")]


def why_fixed(cohort: CohortFacts, session: SessionFacts) -> list[Reason]:
    """Why nothing about a session can be changed any more; empty while it can."""
    return why_not_cancel_session(cohort.state, session.state, 2, None)


async def day_off_at(venue_id: int, slot: Slot, now: datetime) -> list[Reason]:
    """That nothing is usually scheduled then in that venue, to be meant; of a time to come."""
    day = local_date(slot.starts_at)
    off = why_off(day, await schedule_queries.closures(venue_id, local_date(now)))
    return [Reason("day_off", TICK, {"day": day, "off": off})] if off and slot.starts_at > now else []


def day_noted(slots: Sequence[Slot], slot: Slot, now: datetime) -> list[Reason]:
    """That a day that was chosen by itself is one that the planner of a group warns of, to be meant. `slots` are all of the
    group; of a holiday, whose name says more, nothing is said."""
    day = local_date(slot.starts_at)
    notes = () if day_off(day) or slot.starts_at <= now else worth_knowing(day, usual_weekdays(slots))
    return [Reason("day_noted", TICK, {"day": day, "notes": notes})] if notes else []


async def slot_at_end(cohort: CohortFacts) -> Slot | None:
    """When a session that makes up for a cancelled one would be."""
    slots, off = await _slots(cohort)
    return await _at_end(cohort, slots, off)


async def slots_at_end(cohort: CohortFacts, cancelled: Sequence[SessionFacts]) -> list[Slot]:
    """When those would be that make up for each of these sessions, if they are cancelled one after the other; fewer where
    there is no day for more."""
    found: list[Slot] = []
    slots, off = await _slots(cohort)
    for session in cancelled:
        added = await _at_end(cohort, slots, off)
        if added is None:
            break
        found.append(added)
        slots = [*(slot for slot in slots if slot != session.slot), added]
        off = [*off, session.slot]
    return found


async def _slots(cohort: CohortFacts) -> tuple[list[Slot], list[Slot]]:
    """The times of its sessions: of those that count, and of those that are cancelled."""
    sessions = await queries.sessions(cohort.cohort_id)
    return [s.slot for s in sessions if s.state != "cancelled"], [s.slot for s in sessions if s.state == "cancelled"]


async def _at_end(cohort: CohortFacts, slots: Sequence[Slot], off: Sequence[Slot]) -> Slot | None:
    if not slots:
        return None
    if not cohort.one_at_a_time:
        last = max(local_date(slot.starts_at) for slot in slots)
        return one_more(slots, await schedule_queries.closures(cohort.venue_id, last), cohort.every_weeks)
    first = min(local_date(slot.starts_at) for slot in [*slots, *off])
    closures = await schedule_queries.closures(cohort.venue_id, first)
    return one_more(slots, closures, cohort.every_weeks, booked=True, cancelled=off)


async def clashes_at_end(cohort: CohortFacts, principal: Principal) -> list[Clash]:
    """Where a session that makes up for a cancelled one would meet those of others."""
    added = await slot_at_end(cohort)
    return await clashes_of(cohort, [added], cohort.venue_id, principal) if added else []


async def cancel_session(
    session_id: int,
    add_at_end: bool,
    principal: Principal,
    now: datetime,
    *,
    meant: Meant = False,
    seen: int | None = None,
    shown: Collection[str] | None = None,
) -> list[Reason]:
    """Cancel a session and, if wanted, add one at the end by the same pattern, so that ten sessions stay ten.

    Returns why not, or nothing when it is done. That the added one would be at another time than was `shown` (the signs of
    one or several) stands in the way, so that nobody gets a day that they have not seen. So does that it has begun, and a
    room or leader that is taken then, until it is `meant`.

    Raises:
        NotFound: not a session this person works with.
        Conflict: somebody else has changed it since it was `seen`, or has just taken the room or somebody's time.
    """
    async with transaction():
        found = await _lock(session_id, seen, principal, now)
        cohort, session = found.cohort, found.session
        added = await slot_at_end(cohort) if add_at_end else None
        clashes = await clashes_of(cohort, [added], cohort.venue_id, principal) if added else []
        # A drop-in makes up for nothing, and its last occasion may be cancelled like any other; of talks the next is booked.
        left = len(found.others) + 1 if cohort.form == "group" else 2
        reasons = why_not_cancel_session(cohort.state, session.state, left, added)
        if add_at_end and added is None:
            reasons.append(Reason("no_day_at_end", "sedan"))
        if added and shown is not None and added.sign not in shown:
            reasons.append(Reason("added_changed", "sedan", {"starts_at": added.starts_at, "sign": added.sign}))
        reasons += [] if reasons else not_meant([*begun(session.slot, now), *clash_reasons(clashes)], meant)
        if reasons:
            return reasons
        kind = "replace" if added else "cancel"
        async with noting(cohort.cohort_id, kind, principal, now) as noted, as_said(cohort.cohort_id, clashes):
            await execute(_CANCEL, session_id, now)
            if added:
                await _add(cohort, added, shared([added], clashes)[0], session_id, now)
            await renumber(cohort.cohort_id)
        await audit.note("session:cancel", f"session/{session_id}", principal.staff_id, now)
        await jobs.put("session_cancelled", {"session": session_id, "change": noted.change_id})
    return []


_CANCEL = """
update cohort_session set state = 'cancelled', number = null, sequence = sequence + 1, revised_at = $2, cancelled_at = $2
where id = $1
"""


_AGAIN = """
update cohort_session s
set state = case when s.moved_from is null then 'planned' else 'moved' end, sequence = s.sequence + 1, revised_at = $5,
    cancelled_at = null, shares_room = $6, makes_up_for = $7, pattern_no = $8, pattern_start = s.starts_at,
    number = (select coalesce(max(number), 0) + 1 from cohort_session where cohort_id = $1)
where s.id = (select id from cohort_session
              where cohort_id = $1 and state = 'cancelled' and starts_at = $2 and ends_at = $3 and venue_id = $4 and id <> $7
              order by sequence desc, id limit 1)
returning 1
"""


async def _add(cohort: CohortFacts, slot: Slot, shares_room: bool, instead_of: int, now: datetime) -> None:
    """A session at the end, for a cancelled one. It follows the pattern of those before it. Its number is put right by the
    renumbering that follows. One that was to be just then and there, and is cancelled, takes place after all: otherwise
    calendars showed both."""
    if await execute(
        _AGAIN, cohort.cohort_id, slot.starts_at, slot.ends_at, cohort.venue_id, now, shares_room, instead_of, slot.pattern
    ):
        return
    await fetchval(
        """insert into cohort_session
               (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at, shares_room,
                makes_up_for, pattern_no)
           values ($1, (select coalesce(max(number), 0) + 1 from cohort_session where cohort_id = $1), $2, $3, $4, '',
                   'planned', true, 0, $5, $6, $7, $8) returning id""",
        cohort.cohort_id,
        slot.starts_at,
        slot.ends_at,
        cohort.venue_id,
        now,
        shares_room,
        instead_of,
        slot.pattern,
    )
