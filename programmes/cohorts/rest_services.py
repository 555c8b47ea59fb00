"""Moving a session and all that follow it, in time or place: planned first, and saved only as it was seen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from programmes.cohorts import duty_services, queries, schedule_queries
from programmes.cohorts.change_services import noting, renumber
from programmes.cohorts.clash_services import as_said, clashes_of, shared
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rest_rules import Hours, hours, rest_from, why_not_rest
from programmes.cohorts.rules import (
    UNDECIDED,
    Reason,
)
from programmes.cohorts.schedule_rules import Clash, Day, Schedule, Slot, seen_digest, with_clashes
from programmes.cohorts.session_rules import why_not_cancel_session
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal


@dataclass(frozen=True)
class Wanted:
    """Where the first of them is to be. Who follow get its room only if it is another one than before."""

    day: date
    hours: Hours
    venue_id: int


@dataclass(frozen=True)
class Rest:
    """What saving would give. `sessions` are those that move, in order; `digest` stands for all that there was to see."""

    sessions: tuple[SessionFacts, ...]
    schedule: Schedule
    venues: tuple[int, ...]
    clashes: tuple[Clash, ...]
    reasons: tuple[Reason, ...]
    digest: str

    @property
    def slots(self) -> dict[int, Slot]:
        """When each of them would be, by its id."""
        return {s.session_id: slot for s, slot in zip(self.sessions, self.schedule.slots, strict=False)}

    @property
    def other_times(self) -> bool:
        """Whether more than the room becomes another one."""
        now_at = [(s.starts_at, s.ends_at) for s in self.sessions]
        return now_at != [(slot.starts_at, slot.ends_at) for slot in self.schedule.slots]

    @property
    def other_places(self) -> bool:
        """Whether the room of any of them becomes another one."""
        return any(s.venue_id != venue for s, venue in zip(self.sessions, self.venues, strict=False))


async def plan_rest(cohort: CohortFacts, session: SessionFacts, wanted: Wanted, principal: Principal, now: datetime) -> Rest:
    """Plan it; nothing is saved. The caller has made sure that the session is theirs to change."""
    every = await queries.sessions(cohort.cohort_id)
    rest = [s for s in every if s.state in {"planned", "moved"} and s.starts_at >= session.starts_at]
    before = [s for s in every if s.state != "cancelled" and s.starts_at < session.starts_at]
    schedule = await _schedule(cohort, session, rest, wanted, now)
    venues = tuple(wanted.venue_id if wanted.venue_id != session.venue_id else s.venue_id for s in rest)
    reasons = [*why_not_cancel_session(cohort.state, session.state, 2, None)]
    if not reasons:
        decide_by = cohort.decide_by if cohort.form == "group" and cohort.state in UNDECIDED else None
        previous = Slot(before[-1].starts_at, before[-1].ends_at) if before else None
        reasons = why_not_rest(schedule, previous, decide_by, now)
        if wanted.venue_id not in {venue.venue_id for venue in await schedule_queries.venues()}:
            reasons.append(Reason("venue_missing", "lokal"))
        if _as_before(rest, schedule.slots, venues):
            reasons.append(Reason("unchanged", "dag"))
    clashes = await _clashes(cohort, rest, schedule.slots, venues, principal)
    schedule = with_clashes(schedule, clashes)
    sequences = [(s.session_id, s.sequence) for s in rest]
    text = f"{seen_digest(schedule, clashes, wanted.venue_id, ())} {venues} {sequences}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Rest(tuple(rest), schedule, venues, tuple(clashes), tuple(reasons), digest)


async def _schedule(
    cohort: CohortFacts, session: SessionFacts, rest: Sequence[SessionFacts], wanted: Wanted, now: datetime
) -> Schedule:
    """Where only the room is another one, everything stays when it is; of one that is over or off nothing may be left."""
    if not rest:
        return Schedule(())
    slots = [s.slot for s in rest]
    now_at = local_date(session.starts_at), hours(Slot(session.starts_at, session.ends_at))
    if (wanted.day, wanted.hours) == now_at:
        days = [Day(local_date(s.starts_at), Slot(s.starts_at, s.ends_at), s.number) for s in rest]
        return Schedule(tuple(days))
    closures = await schedule_queries.closures(wanted.venue_id, min(wanted.day, local_date(now)))
    planned = rest_from(slots, wanted.day, wanted.hours, closures, cohort.every_weeks)
    ahead = (rest[0].number or 1) - 1
    return replace(planned, days=tuple(replace(d, number=d.number and d.number + ahead) for d in planned.days))


def _as_before(rest: Sequence[SessionFacts], slots: Sequence[Slot], venues: Sequence[int]) -> bool:
    return [(s.starts_at, s.ends_at, s.venue_id) for s in rest] == [
        (slot.starts_at, slot.ends_at, venue) for slot, venue in zip(slots, venues, strict=False)
    ]


async def _clashes(
    cohort: CohortFacts, rest: Sequence[SessionFacts], slots: Sequence[Slot], venues: Sequence[int], principal: Principal
) -> list[Clash]:
    """Each session in its own room; who leads is asked for once."""
    found: list[Clash] = []
    for venue_id in sorted(set(venues)):
        there = [slot for slot, venue in zip(slots, venues, strict=False) if venue == venue_id]
        found.extend(await clashes_of(cohort, there, venue_id, principal))
    return sorted(found, key=lambda clash: (clash.day, clash.who))


_MOVE = """
update cohort_session s
set starts_at = given.starts, ends_at = given.ends, venue_id = given.venue, state = 'moved', sequence = s.sequence + 1,
    revised_at = $6, moved_from = coalesce(s.moved_from, s.starts_at), shares_room = given.shares
from unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::boolean[])
    as given (id, starts, ends, venue, shares)
where s.id = given.id and (s.starts_at, s.ends_at, s.venue_id) is distinct from (given.starts, given.ends, given.venue)
"""

# What moves with the rest is no exception to the pattern any more. Where they followed several patterns they still do.
_PATTERN = """
update cohort_session s
set pattern_start = given.starts,
    pattern_no = s.pattern_no - (select min(r.pattern_no) from cohort_session r where r.id = any($1::int[])) + coalesce(
        (select max(b.pattern_no) + 1 from cohort_session b
         where b.cohort_id = s.cohort_id and b.state <> 'cancelled' and b.id <> all($1::int[])), 0)
from unnest($1::int[], $2::timestamptz[]) as given (id, starts) where s.id = given.id
"""


async def move_rest(session_id: int, wanted: Wanted, seen: str, principal: Principal, now: datetime) -> list[Reason]:
    """Move a session and all that follow; returns why not, or nothing when it is done. Everybody is told once.

    Raises:
        NotFound: not a session this person works with.
        Conflict: it would give something else than what was `seen` (a plan's digest), or somebody has just taken a room or
            somebody's time.
    """
    async with transaction():
        cohort, _ = await queries.my_session(principal, local_date(now), session_id)
        await queries.locked(cohort.cohort_id)
        cohort, session = await queries.my_session(principal, local_date(now), session_id)
        plan = await plan_rest(cohort, session, wanted, principal, now)
        if plan.reasons:
            return list(plan.reasons)
        if plan.digest != seen:
            raise Conflict("schedule_changed")
        slots = plan.schedule.slots
        instead = await duty_services.instead_of([s.session_id for s in plan.sessions])
        async with (
            noting(cohort.cohort_id, "move_rest", principal, now) as noted,
            as_said(cohort.cohort_id, plan.clashes),
        ):
            await execute(
                _MOVE,
                [s.session_id for s in plan.sessions],
                [slot.starts_at for slot in slots],
                [slot.ends_at for slot in slots],
                list(plan.venues),
                shared(slots, plan.clashes),
                now,
            )
            if plan.other_times:
                await execute(_PATTERN, [s.session_id for s in plan.sessions], [slot.starts_at for slot in slots])
            await duty_services.keep_instead(instead, plan.slots)
            await renumber(cohort.cohort_id)
        await audit.note("session:move_rest", f"session/{session_id}", principal.staff_id, now)
        await jobs.put("rest_moved", {"cohort": cohort.cohort_id, "change": noted.change_id})
    return []
