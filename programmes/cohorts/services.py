"""What happens to a cohort as a whole, each under its lock. Decisions that touch places are taken in `oversight`."""

from collections.abc import Sequence
from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries, schedule_queries
from programmes.cohorts.change_services import noting
from programmes.cohorts.clash_services import as_said, clashes_of
from programmes.cohorts.naming_services import name_of_series
from programmes.cohorts.pattern_rules import again_from
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import UNDECIDED, Reason, named_by_us, start_is_told, why_not_postpone
from programmes.cohorts.schedule_rules import Clash, Schedule, Slot, with_clashes
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal

# To whom no group is named: that something clashes is enough.
_NOBODY = Principal(0, "", {})


async def coordinated(cohort_id: int, principal: Principal, now: datetime) -> CohortFacts:
    """Lock a cohort for its coordinator and read it. Inside a transaction.

    Raises:
        NotFound: it is not theirs to see.
        Forbidden: they see it, but do not coordinate its programme.
    """
    seen = await queries.mine(principal, local_date(now), cohort_id)
    if not principal.coordinates(seen.section):
        raise Forbidden
    return await queries.locked(cohort_id)


async def mark_held(session_id: int, now: datetime) -> bool:
    """A session took place; False when that was known already or it is cancelled.

    In the caller's transaction, under the cohort's lock.
    """
    changed = await execute(
        "update cohort_session set state = 'held' where id = $1 and state in ('planned', 'moved') returning 1", session_id
    )
    return changed > 0


async def begin_series(cohort_id: int, principal: Principal, now: datetime) -> bool:
    """A series of talks begins: nobody decides upon it as upon a group's start, and nobody needs to be told.

    In the caller's transaction, under the lock. False, and nothing changed, for anything but an open series.
    """
    begun = await execute(
        """update cohort c set state = 'started', started_at = $2 from programme p
           where c.id = $1 and c.state = 'open' and p.id = c.programme_id and p.form = 'individual' returning 1""",
        cohort_id,
        now,
    )
    if begun:
        await audit.note("cohort:begin", f"cohort/{cohort_id}", principal.staff_id, now)
    return begun > 0


async def announce(cohort_id: int, principal: Principal, now: datetime) -> list[Reason]:
    """Open a planned cohort for enrolment; returns why not, or nothing when it is done.

    Raises:
        NotFound, Forbidden: as `coordinated`.
        Conflict: it is not planned any more.
    """
    async with transaction():
        cohort = await coordinated(cohort_id, principal, now)
        if cohort.state != "planned":
            raise Conflict("cohort_changed")
        if cohort.first_start is None and not cohort.unbooked:
            return [Reason("no_sessions")]
        if cohort.first_start is not None and cohort.first_start <= now:
            return [Reason("past")]
        await execute("update cohort set state = 'open' where id = $1", cohort_id)
        await audit.note("cohort:open", f"cohort/{cohort_id}", principal.staff_id, now)
    return []


async def set_limits(cohort_id: int, minimum: int, maximum: int, principal: Principal, now: datetime) -> None:
    """Change the least and the most number of places. The seats follow; the database refuses to leave one without.

    In the caller's transaction, which has decided that it may be and renumbered the seats (DESIGN 3).
    """
    await execute("update cohort set minimum = $2, maximum = $3 where id = $1", cohort_id, minimum, maximum)
    await audit.note("cohort:limits", f"cohort/{cohort_id}", principal.staff_id, now)


async def name_anew(cohort: CohortFacts) -> None:
    """A series goes by programme and first day, whatever it was called: names were typed once, and are one person's.

    In the caller's transaction, under the lock.
    """
    programme = await catalogue.programme(cohort.programme_id)
    if named_by_us(programme):
        first = local_date(cohort.first_start) if cohort.first_start else cohort.decide_by
        name = await name_of_series(programme, first, cohort.cohort_id)
        await execute("update cohort set name = $2 where id = $1", cohort.cohort_id, name)


async def mark_started(cohort: CohortFacts, confirmed: int, principal: Principal, now: datetime, reason: str = "") -> None:
    """The start is decided; `reason`: why with fewer than the minimum. In the caller's transaction, under the lock.

    Raises:
        Conflict: somebody else has decided.
    """
    refuse_decided(cohort)
    await execute("update cohort set state = 'started', started_at = $2 where id = $1", cohort.cohort_id, now)
    await remember_decision(cohort, "start", reason, confirmed, principal, now)
    if start_is_told(cohort.sessions, await queries.begun(cohort.cohort_id, now)):
        await jobs.put("cohort_started", {"cohort": cohort.cohort_id})


async def mark_cancelled(cohort: CohortFacts, reason: str, confirmed: int, principal: Principal, now: datetime) -> None:
    """The start is cancelled, with every session that was to come. In the caller's transaction, under the lock.

    Raises:
        Conflict: somebody else has decided.
    """
    refuse_decided(cohort)
    await execute(
        "update cohort set state = 'cancelled', ended_how = 'cancelled', closed_at = $2 where id = $1", cohort.cohort_id, now
    )
    async with noting(cohort.cohort_id, "cancel_start", principal, now) as noted:
        await execute(
            """update cohort_session set state = 'cancelled', number = null, sequence = sequence + 1, revised_at = $2,
                                         cancelled_at = $2 where cohort_id = $1 and state in ('planned', 'moved')""",
            cohort.cohort_id,
            now,
        )
    await remember_decision(cohort, "cancel", reason, confirmed, principal, now)
    if cohort.state != "planned":
        await jobs.put("cohort_cancelled", {"cohort": cohort.cohort_id, "change": noted.change_id})


async def plan_again(
    cohort_id: int, new_first: date, now: datetime, principal: Principal = _NOBODY
) -> tuple[Schedule, list[Clash]]:
    """The sessions that count, by the same pattern from another first day, and what clashes; nothing is saved. Of groups
    that the asker does not coordinate only that they are there."""
    slots = [session.slot for session in await _counted(cohort_id)]
    if not slots:
        return Schedule(()), []
    cohort = await queries.by_id(cohort_id)
    closures = await schedule_queries.closures(cohort.venue_id, local_date(now))
    schedule = again_from(slots, new_first, closures, cohort.every_weeks)
    found = await clashes_of(cohort, schedule.slots, cohort.venue_id, principal)
    return with_clashes(schedule, found), found


async def _counted(cohort_id: int) -> list[queries.SessionFacts]:
    return [session for session in await queries.sessions(cohort_id) if session.state != "cancelled"]


async def mark_postponed(
    cohort: CohortFacts,
    new_first: date,
    decide_by: date,
    reason: str,
    confirmed: int,
    principal: Principal,
    now: datetime,
) -> list[Reason]:
    """Another first day; the sessions follow by the same pattern and everybody keeps their place.

    In the caller's transaction, under the lock. Returns why not, or nothing when it is done. A cohort that is only
    planned stays so: nobody has seen it.

    Raises:
        Conflict: somebody else has decided.
    """
    refuse_decided(cohort)
    schedule, clashes = await plan_again(cohort.cohort_id, new_first, now)
    found = why_not_postpone(cohort.state, cohort.first_start, new_first, decide_by, schedule, now)
    sessions = await _counted(cohort.cohort_id)
    if held := sum(session.state == "held" for session in sessions):
        found.append(Reason("already_held", params={"n": held}))
    if found:
        return found
    state = "planned" if cohort.state == "planned" else "postponed"
    await execute("update cohort set state = $2, decide_by = $3 where id = $1", cohort.cohort_id, state, decide_by)
    shares = [any(note.kind == "room_taken" for note in day.notes) for day in schedule.sessions]
    async with noting(cohort.cohort_id, "postpone", principal, now) as noted, as_said(cohort.cohort_id, clashes):
        await _give_days(sessions, schedule.slots, shares, now)
    await remember_decision(cohort, "postpone", reason, confirmed, principal, now)
    if cohort.state != "planned":
        await jobs.put("cohort_postponed", {"cohort": cohort.cohort_id, "change": noted.change_id})
    return []


async def _give_days(sessions: Sequence[SessionFacts], slots: Sequence[Slot], shares: Sequence[bool], now: datetime) -> None:
    await execute(
        """update cohort_session s set starts_at = given.starts, ends_at = given.ends, moved_from = null, state = 'planned',
                                       sequence = s.sequence + 1, revised_at = $4, shares_room = given.shares,
                                       pattern_start = null
           from unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $5::boolean[]) as given (id, starts, ends, shares)
           where s.id = given.id""",
        [session.session_id for session in sessions],
        [slot.starts_at for slot in slots],
        [slot.ends_at for slot in slots],
        now,
        list(shares),
    )


def refuse_decided(cohort: CohortFacts) -> None:
    """Raises Conflict when it is decided about a start already."""
    if cohort.state not in UNDECIDED:
        raise Conflict("cohort_changed")


async def remember_decision(
    cohort: CohortFacts,
    decision: str,
    reason: str,
    confirmed: int,
    principal: Principal,
    now: datetime,
    *,
    can_be_undone: bool = True,
) -> None:
    """In the caller's transaction, under the lock: who decided what of a start, when and why; with what undoing it would
    give back, where that can be."""
    await execute(
        """insert into start_decision (cohort_id, decision, reason, confirmed, staff_id, decided_at, state_before,
                                       decide_before, minimum) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        cohort.cohort_id,
        decision,
        reason,
        confirmed,
        principal.staff_id,
        now,
        cohort.state if can_be_undone else None,
        cohort.decide_by if can_be_undone else None,
        cohort.minimum,
    )
    await audit.note(f"cohort:{decision}", f"cohort/{cohort.cohort_id}", principal.staff_id, now)
