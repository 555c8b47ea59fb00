"""Ending what runs before its time: every session that is left is cancelled at once, and everybody is told once. And that a
group ends which could not start, though a session of it was held."""

from datetime import datetime

from programmes.cohorts import queries
from programmes.cohorts.change_services import noting
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import ends_early
from programmes.cohorts.services import refuse_decided, remember_decision
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal


async def cancel_rest(cohort_id: int, seen: str, principal: Principal, now: datetime) -> None:
    """Cancel every session that has not begun. `seen` is how many there were when it was asked for.

    Sent again, it changes nothing. How it ended is then known too, if something was held; of talks in any case, as otherwise
    the series would stand there as one whose next talk is yet to be booked.

    Raises:
        NotFound: not theirs.
        Conflict: it does not run, or there are other sessions left than were seen.
    """
    async with transaction():
        await queries.mine(principal, local_date(now), cohort_id)
        cohort = await queries.locked(cohort_id)
        left = await queries.left(cohort_id, now)
        if not left:
            return
        if not ends_early(cohort.state, cohort.form) or str(len(left)) != seen:
            raise Conflict("cohort_changed")
        async with noting(cohort_id, "cancel_rest", principal, now) as noted:
            await execute(
                """update cohort_session set state = 'cancelled', number = null, sequence = sequence + 1, revised_at = $2,
                                             cancelled_at = $2 where id = any($1::int[])""",
                [session.session_id for session in left],
                now,
            )
        await execute(
            """update cohort c set ended_how = case when h.held then 'ended_early' else 'cancelled' end
               from (select exists (select 1 from cohort_session s where s.cohort_id = $1 and s.state = 'held') as held) h
               where c.id = $1 and (h.held or $2)""",
            cohort_id,
            cohort.form == "individual",
        )
        await audit.note("cohort:cancel_rest", f"cohort/{cohort_id}", principal.staff_id, now)
        await jobs.put("rest_cancelled", {"cohort": cohort_id, "change": noted.change_id})


async def mark_ended(cohort: CohortFacts, confirmed: int, principal: Principal, now: datetime) -> None:
    """The start is decided: it ends with what was held, since it may not start (`rules.ends_by_decision`). It stands as one
    that took place in part and ended before its time, and who decided, when and with how many is kept; nothing takes it
    back. In the caller's transaction, under the lock; what is left is cancelled apart (`cancel_rest`).

    Raises:
        Conflict: somebody else has decided.
    """
    refuse_decided(cohort)
    # Nobody has decided that it starts, so there is no moment of that (`started_at`).
    await execute("update cohort set state = 'started', ended_how = 'ended_early' where id = $1", cohort.cohort_id)
    await remember_decision(cohort, "cancel", "too_few", confirmed, principal, now, can_be_undone=False)
