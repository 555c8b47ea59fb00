"""Booking the talks of a series as it goes on: the next one, or several by a pattern that was seen first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries, schedule_queries
from programmes.cohorts.change_services import noting, renumber
from programmes.cohorts.clash_services import as_said, clash_reasons, clashes_of, shared
from programmes.cohorts.meant_rules import Meant, not_meant
from programmes.cohorts.naming_services import name_by_first_talk
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Clash, Pattern, Schedule, Slot, plan_sessions, seen_digest, with_clashes
from programmes.cohorts.session_services import day_noted, day_off_at
from programmes.cohorts.talk_rules import ALIVE, Tally, next_talk, tally, why_not_book
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal

__all__ = ["Pattern", "Plan", "book_talk", "book_talks", "counted", "one_more_may_be", "plan_talks", "series", "suggested"]


@dataclass(frozen=True)
class Plan:
    """Talks by a pattern, before they are booked: every day, what stands in the way, and what clashes."""

    schedule: Schedule
    reasons: list[Reason]
    clashes: list[Clash]
    digest: str


async def series(cohort_id: int, principal: Principal, now: datetime) -> CohortFacts:
    """A series of talks that this person works with. Raises NotFound: not theirs, or no series."""
    cohort = await queries.mine(principal, local_date(now), cohort_id)
    if cohort.form != "individual":
        raise NotFound
    return cohort


async def counted(cohort: CohortFacts) -> Tally:
    """How many talks a series has towards its edition's number. Who came is not looked at: to that number it is all one."""
    sessions = await queries.sessions(cohort.cohort_id)
    return tally(await catalogue.programme(cohort.programme_id), [(s.state, False) for s in sessions])


async def one_more_may_be(cohort: CohortFacts) -> bool:
    """Whether the series goes on, and has fewer talks than the edition says."""
    return cohort.state in ALIVE and not (await counted(cohort)).full


async def suggested(cohort: CohortFacts, now: datetime) -> Slot:
    """When the next talk could be, by the one before."""
    slots = [session.slot for session in await queries.sessions(cohort.cohort_id)]
    since = min([local_date(now), *(local_date(slot.starts_at) for slot in slots)])
    return next_talk(slots, cohort.every_weeks, await schedule_queries.closures(cohort.venue_id, since), now)


def _standing(sessions: Sequence[SessionFacts]) -> list[Slot]:
    return [session.slot for session in sessions if session.state != "cancelled"]


async def _why_not(cohort: CohortFacts, wanted: Sequence[Slot], venue_id: int, now: datetime) -> list[Reason]:
    others = _standing(await queries.sessions(cohort.cohort_id))
    found = why_not_book(cohort.state, await counted(cohort), others, wanted, now)
    if venue_id not in {venue.venue_id for venue in await schedule_queries.venues()}:
        found.append(Reason("venue_missing", "lokal"))
    return found


async def book_talk(
    cohort_id: int, slot: Slot, venue_id: int, principal: Principal, now: datetime, *, meant: Meant = False
) -> list[Reason]:
    """Book one talk of a series; returns why not, or nothing when it is done.

    As when one is moved, a day off, an eve, a bridge day or a weekend, a room that is taken and a leader who is elsewhere
    stand in the way until somebody says that it is `meant`. It goes on then, whatever had been said of how it ended.

    Raises:
        NotFound: not theirs, or no series.
        Conflict: somebody else has just taken the room, or a leader's time.
    """
    async with transaction():
        await series(cohort_id, principal, now)
        cohort = await queries.locked(cohort_id)
        clashes = await clashes_of(cohort, [slot], venue_id, principal)
        reasons = await _why_not(cohort, [slot], venue_id, now)
        booked = _standing(await queries.sessions(cohort_id))
        asked = [*await day_off_at(venue_id, slot, now), *day_noted(booked, slot, now), *clash_reasons(clashes)]
        reasons += not_meant(asked, meant)
        if reasons:
            return reasons
        await _book(cohort, [slot], venue_id, clashes, principal, now)
    return []


async def plan_talks(
    cohort: CohortFacts, pattern: Pattern, count: int, venue_id: int, principal: Principal, now: datetime
) -> Plan:
    """Talks by a pattern, with days off skipped; nothing is saved."""
    closures = await schedule_queries.closures(venue_id, min(pattern.first, local_date(now)))
    schedule = plan_sessions(pattern, max(0, min(count, 52)), closures)
    clashes = await clashes_of(cohort, schedule.slots, venue_id, principal)
    reasons = await _why_not(cohort, schedule.slots, venue_id, now)
    if schedule.missing:
        reasons.append(Reason("no_days", "dag"))
    digest = seen_digest(schedule, clashes, venue_id, ())
    return Plan(with_clashes(schedule, clashes), reasons, clashes, digest)


async def book_talks(
    cohort_id: int, pattern: Pattern, count: int, venue_id: int, seen: str, principal: Principal, now: datetime
) -> list[Reason]:
    """Book the talks of a plan whose digest was `seen`; returns why not, or nothing when it is done.

    Raises:
        NotFound: not theirs, or no series.
        Conflict: the days or the clashes are no longer those that were seen, or somebody else has just taken the room.
    """
    async with transaction():
        await series(cohort_id, principal, now)
        cohort = await queries.locked(cohort_id)
        planned = await plan_talks(cohort, pattern, count, venue_id, principal, now)
        if planned.reasons:
            return planned.reasons
        if planned.digest != seen or not planned.schedule.slots:
            raise Conflict("schedule_changed")
        slots = planned.schedule.slots
        await _book(cohort, slots, venue_id, planned.clashes, principal, now)
    return []


async def _book(
    cohort: CohortFacts, slots: Sequence[Slot], venue_id: int, clashes: Sequence[Clash], principal: Principal, now: datetime
) -> None:
    """In the transaction, under the lock; `clashes` were said and are meant. Told once, about the first of them, in words
    that have them all. Several are a pattern of their own, with its own weekdays and rhythm (decision 79)."""
    async with noting(cohort.cohort_id, "book", principal, now) as noted, as_said(cohort.cohort_id, clashes):
        rows = await fetch(
            """insert into cohort_session
                   (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at, shares_room,
                    pattern_no)
               select $1, (select coalesce(max(number), 0) from cohort_session where cohort_id = $1)
                          + row_number() over (order by given.starts),
                      given.starts, given.ends, $2, '', 'planned', false, 0, $5, given.shares,
                      (select coalesce(max(pattern_no), 0) + $7 from cohort_session where cohort_id = $1)
               from unnest($3::timestamptz[], $4::timestamptz[], $6::boolean[]) as given (starts, ends, shares)
               returning id, starts_at""",
            cohort.cohort_id,
            venue_id,
            [slot.starts_at for slot in slots],
            [slot.ends_at for slot in slots],
            now,
            shared(slots, clashes),
            int(len(slots) > 1),
        )
        await renumber(cohort.cohort_id)
    await execute("update cohort set ended_how = null where id = $1 and ended_how is not null", cohort.cohort_id)
    booked = sorted(rows, key=lambda row: row["starts_at"])
    programme = await catalogue.programme(cohort.programme_id)
    await name_by_first_talk(cohort.cohort_id, cohort.name, programme, local_date(booked[0]["starts_at"]))
    for row in booked:
        await audit.note("session:book", f"session/{row['id']}", principal.staff_id, now)
    if cohort.state != "planned":
        await jobs.put("talk_booked", {"session": booked[0]["id"], "change": noted.change_id})
