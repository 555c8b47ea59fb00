"""What asking, answering and settling have in common, each in the caller's transaction under the cohort's lock."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness.substitute_rules import Request, State, answer_by
from programmes.desk.today.staff_message_services import tell


@dataclass(frozen=True)
class Held:
    """A session under its cohort's lock."""

    cohort: CohortFacts
    session: SessionFacts


async def locked(session_id: int) -> Held:
    """Lock the cohort of a session, for whoever need not work with it yet."""
    session = await queries.session(session_id)
    cohort = await cohorts.locked(session.cohort_id)
    return Held(cohort, await queries.session(session_id))


async def told_with(held: Held, absent_id: int, but: Collection[int] = ()) -> list[int]:
    """Who hears what becomes of an absence: the absent one and the coordinators, but for those who have just done it."""
    found = [absent_id, *await queries.coordinators(held.cohort.section, [absent_id, *but])]
    return [staff_id for staff_id in found if staff_id not in but]


async def ask_one(session: SessionFacts, absent_id: int, staff_id: int, who: Principal, now: datetime) -> None:
    """Ask somebody, unless they have been asked and have not answered."""
    made = await execute(
        """insert into substitute_request (session_id, absent_id, asked_id, asked_by, asked_at, answer_by, for_start,
                                           for_end, for_venue, state)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'asked') on conflict do nothing returning 1""",
        session.session_id,
        absent_id,
        staff_id,
        who.staff_id,
        now,
        answer_by(session.starts_at, now),
        session.starts_at,
        session.ends_at,
        session.venue_id,
    )
    if made:
        await audit.note("substitute:ask", f"session/{session.session_id}/staff/{staff_id}", who.staff_id, now)
        await tell("asked", [staff_id], session.session_id, f"{absent_id}/{now.isoformat()}", now)


async def is_now_for(request: Request, session: SessionFacts, until: datetime) -> None:
    """What was asked, or said yes to, is about the session as it is now; an answer is waited for `until`."""
    await execute(
        "update substitute_request set for_start = $2, for_end = $3, for_venue = $4, answer_by = $5 where id = $1",
        request.request_id,
        session.starts_at,
        session.ends_at,
        session.venue_id,
        until,
    )


async def stay_away(session_id: int, staff_id: int) -> None:
    """Somebody does not come."""
    await execute("update session_duty set away = true where session_id = $1 and staff_id = $2", session_id, staff_id)


async def stands_again(session_id: int, absent_id: int) -> None:
    """They do come, or are to until somebody stands in. Raises Conflict `elsewhere_now`: they stand at something else."""
    try:
        async with transaction():
            await execute(
                "update session_duty set away = false where session_id = $1 and staff_id = $2", session_id, absent_id
            )
    except asyncpg.ExclusionViolationError as error:
        raise Conflict("elsewhere_now") from error


async def stands_again_if_free(session_id: int, absent_id: int) -> None:
    """As `stands_again`, where nobody is there to be told that it can't be."""
    with suppress(Conflict):
        await stands_again(session_id, absent_id)


async def end(request_ids: Collection[int], state: State, now: datetime) -> None:
    """Requests come to an end."""
    await execute(
        "update substitute_request set state = $2, ended_at = $3 where id = any($1::int[])", list(request_ids), state, now
    )


async def close(session_id: int, absent_id: int, state: State, now: datetime, but: Collection[int] = ()) -> None:
    """Nobody has to answer any more, and those who were asked hear so, `but` for some."""
    waiting = [one for one in await queries.requests(session_id, absent_id) if one.state == "asked"]
    await end([one.request_id for one in waiting], state, now)
    for one in waiting:
        if one.asked_id not in but:
            await not_needed(one, now)


async def not_needed(request: Request, now: datetime) -> None:
    """Whoever was asked, or had said yes, hears that they need not come."""
    await tell("not_needed", [request.asked_id], request.session_id, str(request.request_id), now)


async def stand_there_no_longer(request: Request) -> None:
    """Who had said yes does not stand there, with the access that they have."""
    await execute(
        "delete from session_duty where session_id = $1 and staff_id = $2 and given", request.session_id, request.asked_id
    )


async def leave(request: Request) -> None:
    """Who had said yes stands there no longer; access that rested on it alone ends with it."""
    await stand_there_no_longer(request)
    await execute(
        """delete from cohort_staff w using cohort_session s
           where s.id = $1 and w.cohort_id = s.cohort_id and w.staff_id = $2 and not w.every_session and not exists (
               select from session_duty d join cohort_session o on o.id = d.session_id
               where o.cohort_id = w.cohort_id and d.staff_id = w.staff_id)""",
        request.session_id,
        request.asked_id,
    )
