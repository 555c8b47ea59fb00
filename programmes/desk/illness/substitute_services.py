"""Somebody can't come to a session: asking others to stand in, their answer, holding it without, and being well again.

Everything is written under the cohort's lock. Why somebody can't come is neither asked nor kept.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness.substitute_rules import Request, State, Why, answer_by, others_stand, why_not_yes, why_settled
from programmes.desk.today.staff_message_services import tell

__all__ = ["Why", "answer", "ask", "ask_again", "close_questions", "comes_after_all", "hold_without", "question", "settle"]


@dataclass(frozen=True)
class _Held:
    """A session under its cohort's lock."""

    cohort: CohortFacts
    session: SessionFacts


async def _lock(session_id: int, who: Principal, now: datetime) -> _Held:
    """Lock the cohort of a session that this person works with. Raises NotFound; Conflict `session_over` when nobody has to
    stand there any more."""
    cohort, _ = await cohorts.my_session(who, local_date(now), session_id)
    await cohorts.locked(cohort.cohort_id)
    cohort, session = await cohorts.my_session(who, local_date(now), session_id)
    if why_settled(session.state, session.ends_at, now) or cohort.state in {"closed", "cancelled"}:
        raise Conflict("session_over")
    return _Held(cohort, session)


async def _told_with(held: _Held, absent_id: int, but: Collection[int] = ()) -> list[int]:
    """Who hears what becomes of an absence: the absent one and the coordinators, but for those who have just done it."""
    found = [absent_id, *await queries.coordinators(held.cohort.section, [absent_id, *but])]
    return [staff_id for staff_id in found if staff_id not in but]


async def ask(session_id: int, absent_id: int, asked: Collection[int], who: Principal, now: datetime) -> None:
    """Ask some to stand in for somebody at a session. Who has been asked and has not answered is not asked twice.

    Raises:
        NotFound: not a session of theirs, or the absent one does not stand there.
        Conflict: `session_over`; `not_free`, one of them is busy by now or may not lead the programme; `found_already`.
    """
    async with transaction():
        held = await _lock(session_id, who, now)
        if absent_id not in {one.staff_id for one in await queries.standing(session_id) if not one.away}:
            raise Conflict("found_already") if await _found(session_id, absent_id) else NotFound
        session = held.session
        free = await queries.candidates(session, held.cohort.section, local_date(session.starts_at))
        if not asked or not set(asked) <= {one.staff_id for one in free}:
            raise Conflict("not_free")
        for staff_id in sorted(set(asked)):
            await _ask_one(session, absent_id, staff_id, who, now)


async def _ask_one(session: SessionFacts, absent_id: int, staff_id: int, who: Principal, now: datetime) -> None:
    made = await execute(
        """insert into substitute_request (session_id, absent_id, asked_id, asked_by, asked_at, answer_by, for_start, state)
           values ($1, $2, $3, $4, $5, $6, $7, 'asked') on conflict do nothing returning 1""",
        session.session_id,
        absent_id,
        staff_id,
        who.staff_id,
        now,
        answer_by(session.starts_at, now),
        session.starts_at,
    )
    if made:
        await audit.note("substitute:ask", f"session/{session.session_id}/staff/{staff_id}", who.staff_id, now)
        await tell("asked", [staff_id], session.session_id, f"{absent_id}/{now.isoformat()}", now)


async def _found(session_id: int, absent_id: int) -> bool:
    return any(request.state == "yes" for request in await queries.requests(session_id, absent_id))


async def answer(request_id: int, yes: bool, who: Principal, now: datetime) -> Why | None:
    """Say yes or no to standing in; returns why a yes comes to nothing, or None when it is done. Again, it changes nothing.

    The first yes gets it: access to the group until that day is over, and a place at that session alone. The absent one is
    away from it; participants are told nothing, and their calendars stay as they are.

    Raises:
        NotFound: nobody has asked them this.
    """
    async with transaction():
        session_id = (await queries.request_to(request_id, who.staff_id)).session_id
        held = await _locked(session_id)
        request = await queries.request_to(request_id, who.staff_id)
        if not yes:
            await _say_no(held, request, who, now)
            return None
        if request.state == "yes":
            return None
        why = await _why_not(held, request, now) or await _stand_in(held, request, now)
        if why is None:
            await _settle_others(held, request, who, now)
        return why


async def question(request_id: int, who: Principal, now: datetime) -> tuple[Request, Why | None]:
    """What somebody was asked, and why a yes would come to nothing as things are. Raises NotFound for anybody else."""
    request = await queries.request_to(request_id, who.staff_id)
    if request.state in {"yes", "no"}:
        return request, None
    session = await queries.session(request.session_id)
    return request, await _why_not(_Held(await cohorts.by_id(session.cohort_id), session), request, now)


async def _locked(session_id: int) -> _Held:
    """The same for whoever need not work with the cohort yet."""
    session = await queries.session(session_id)
    cohort = await cohorts.locked(session.cohort_id)
    return _Held(cohort, await queries.session(session_id))


async def _why_not(held: _Held, request: Request, now: datetime) -> Why | None:
    session = held.session
    settled = why_settled(session.state, session.ends_at, now)
    free = await queries.free(request.asked_id, session, held.cohort.section, local_date(session.starts_at))
    moved = session.starts_at != request.for_start
    return why_not_yes(request.state, settled, moved, free)


async def _stand_in(held: _Held, request: Request, now: datetime) -> Why | None:
    """Access until the day is over, a place at this session, and the absent one away. What a rule could not see the database
    refuses: somebody who stands elsewhere then, and a second yes."""
    try:
        async with transaction():
            await _let_in(held, request.asked_id)
            # First away, then there: between the two nobody is at two places.
            await _away(request.session_id, request.absent_id, True)
            await execute(
                """insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
                   values ($1, $2, $3, $4, false, true, false, false)
                   on conflict (session_id, staff_id) do update set given = true, away = false""",
                request.session_id,
                request.asked_id,
                held.session.starts_at,
                held.session.ends_at,
            )
            await _end([request.request_id], "yes", now)
    except asyncpg.ExclusionViolationError:
        return "elsewhere"
    except asyncpg.UniqueViolationError:
        return "taken"
    return None


async def _let_in(held: _Held, staff_id: int) -> None:
    """Access to the group until the day of the session is over. Who was a substitute at every session for a time keeps what
    they stood at, and gets no more than this one."""
    await execute(
        """update session_duty d set given = true from cohort_session s
           where s.id = d.session_id and s.cohort_id = $1 and d.staff_id = $2""",
        held.cohort.cohort_id,
        staff_id,
    )
    await execute(
        """insert into cohort_staff as w (cohort_id, staff_id, role, until, every_session)
           values ($1, $2, 'substitute', $3, false) on conflict (cohort_id, staff_id) do update
           set every_session = false, until = greatest(w.until, excluded.until) where w.role = 'substitute'""",
        held.cohort.cohort_id,
        staff_id,
        local_date(held.session.starts_at),
    )


async def _away(session_id: int, staff_id: int, away: bool) -> None:
    await execute("update session_duty set away = $3 where session_id = $1 and staff_id = $2", session_id, staff_id, away)


async def _end(request_ids: Collection[int], state: State, now: datetime) -> None:
    await execute(
        "update substitute_request set state = $2, ended_at = $3 where id = any($1::int[])", list(request_ids), state, now
    )


async def _settle_others(held: _Held, request: Request, who: Principal, now: datetime) -> None:
    """Somebody stands in: the others need not answer, and who waited hears of it."""
    await _close(request.session_id, request.absent_id, "taken", now)
    told = await _told_with(held, request.absent_id, [request.asked_id])
    await tell("found", told, request.session_id, str(request.request_id), now)
    await audit.note("substitute:yes", f"session/{request.session_id}/staff/{request.asked_id}", who.staff_id, now)


async def close_questions(session_id: int, absent_id: int, but: Collection[int], now: datetime) -> None:
    """In the caller's transaction, under the lock: somebody else has the session instead of the absent one, so nobody has to
    answer any more. Those who were asked hear so, `but` for some."""
    await _close(session_id, absent_id, "over", now, but)


async def ask_again(cohort_id: int, since: datetime, who: Principal, now: datetime) -> None:
    """In the transaction in which a change made then is undone, under the lock: whoever had been asked or had said yes to
    stand in and was told that it is off does not come. They are asked again where they are still free; where nobody is, the
    absent one and the coordinators hear that nobody comes. The absent one stands there until somebody says yes, as ever.

    Raises:
        Conflict: `elsewhere_now`, the absent one stands at something else by now.
    """
    found: dict[tuple[int, int], list[Request]] = {}
    for request in await queries.told_off(cohort_id, since, now):
        found.setdefault((request.session_id, request.absent_id), []).append(request)
    for (session_id, absent_id), requests in found.items():
        held = await _locked(session_id)
        for request in requests:
            await _leave(request)
        await _stands_again(session_id, absent_id)
        day = local_date(held.session.starts_at)
        free = {one.staff_id for one in await queries.candidates(held.session, held.cohort.section, day)}
        asked = [request for request in requests if request.asked_id in free]
        for request in asked:
            await _ask_one(held.session, absent_id, request.asked_id, who, now)
        if not asked:
            await _end([request.request_id for request in requests], "no", now)
            await tell("nobody", await _told_with(held, absent_id), session_id, f"again/{now.isoformat()}", now)


async def _stands_again(session_id: int, absent_id: int) -> None:
    try:
        async with transaction():
            await _away(session_id, absent_id, False)
    except asyncpg.ExclusionViolationError as error:
        raise Conflict("elsewhere_now") from error


async def _close(session_id: int, absent_id: int, state: State, now: datetime, but: Collection[int] = ()) -> None:
    """Nobody has to answer any more, and those who were asked hear so."""
    waiting = [one for one in await queries.requests(session_id, absent_id) if one.state == "asked"]
    await _end([one.request_id for one in waiting], state, now)
    for one in waiting:
        if one.asked_id in but:
            continue
        await tell("not_needed", [one.asked_id], session_id, str(one.request_id), now)


async def _say_no(held: _Held, request: Request, who: Principal, now: datetime) -> None:
    if request.state != "asked":
        return
    await _end([request.request_id], "no", now)
    await audit.note("substitute:no", f"session/{request.session_id}/staff/{request.asked_id}", who.staff_id, now)
    others = await queries.requests(request.session_id, request.absent_id)
    if not any(one.state in {"asked", "yes"} for one in others):
        told = await _told_with(held, request.absent_id, [request.asked_id])
        await tell("nobody", told, request.session_id, str(request.request_id), now)


async def hold_without(session_id: int, absent_id: int, who: Principal, now: datetime) -> None:
    """The others who stand at a session hold it without somebody. Again, it changes nothing.

    Raises:
        NotFound: not a session of theirs, or the absent one does not stand there.
        Conflict: `session_over`; `nobody_left`, there is nobody else who can.
    """
    async with transaction():
        held = await _lock(session_id, who, now)
        standing = await queries.standing(session_id)
        absent = next((one for one in standing if one.staff_id == absent_id), None)
        if absent is None:
            raise NotFound
        others = others_stand(standing, absent_id)
        if not others:
            raise Conflict("nobody_left")
        if absent.away:
            return
        await _away(session_id, absent_id, True)
        await _close(session_id, absent_id, "withdrawn", now)
        told = [*(one.staff_id for one in others), *await queries.coordinators(held.cohort.section, [])]
        await tell("alone", set(told) - {who.staff_id, absent_id}, session_id, f"{absent_id}/{now.isoformat()}", now)
        await audit.note("session:away", f"session/{session_id}/staff/{absent_id}", who.staff_id, now)


async def comes_after_all(session_id: int, absent_id: int, who: Principal, now: datetime) -> None:
    """Somebody can come after all: nobody is asked any more, and who had said yes need not come. Again, it changes nothing.

    Raises:
        NotFound: not a session of theirs.
        Conflict: `session_over`; `elsewhere_now`, they stand at something else by now.
    """
    async with transaction():
        await _lock(session_id, who, now)
        standing = {one.staff_id: one for one in await queries.standing(session_id)}
        if absent_id not in standing:
            raise NotFound
        requests = [one for one in await queries.requests(session_id, absent_id) if one.state in {"asked", "yes", "no"}]
        if not standing[absent_id].away and not requests:
            return
        await _close(session_id, absent_id, "withdrawn", now)
        await _end([one.request_id for one in requests if one.state == "no"], "withdrawn", now)
        for request in requests:
            if request.state == "yes":
                await _stand_down(request, now)
        await _stands_again(session_id, absent_id)
        await audit.note("session:comes", f"session/{session_id}/staff/{absent_id}", who.staff_id, now)


async def _stand_down(request: Request, now: datetime) -> None:
    """Who had said yes stands there no longer; access that rested on it alone ends with it."""
    await _end([request.request_id], "withdrawn", now)
    await _leave(request)
    await tell("not_needed", [request.asked_id], request.session_id, str(request.request_id), now)


async def _leave(request: Request) -> None:
    await execute(
        "delete from session_duty where session_id = $1 and staff_id = $2 and given", request.session_id, request.asked_id
    )
    await execute(
        """delete from cohort_staff w using cohort_session s
           where s.id = $1 and w.cohort_id = s.cohort_id and w.staff_id = $2 and not w.every_session and not exists (
               select from session_duty d join cohort_session o on o.id = d.session_id
               where o.cohort_id = w.cohort_id and d.staff_id = w.staff_id)""",
        request.session_id,
        request.asked_id,
    )


async def settle(now: datetime) -> None:
    """End what was asked about something that is no longer so, and say when nobody has answered in time."""
    for request_id in await queries.stale(now):
        async with transaction():
            await _settle_one(request_id, now)
    for session_id, absent_id, until in await queries.late(now):
        async with transaction():
            held = await _locked(session_id)
            if any(one.state == "asked" for one in await queries.requests(session_id, absent_id)):
                await tell("nobody", await _told_with(held, absent_id), session_id, f"{absent_id}/{until.isoformat()}", now)


async def _settle_one(request_id: int, now: datetime) -> None:
    """Of a session at another time on the same day who had said yes hears the new time. Who can't come themselves knows."""
    held = await _locked((await queries.by_id(request_id)).session_id)
    request, session = await queries.by_id(request_id), held.session
    there = next((one for one in await queries.standing(session.session_id) if one.staff_id == request.asked_id), None)
    if request.state == "yes" and session.state != "cancelled" and there and not there.away:
        await execute("update substitute_request set for_start = $2 where id = $1", request_id, session.starts_at)
        await tell("moved", [request.asked_id], session.session_id, session.starts_at.isoformat(), now)
        return
    if request.state in {"asked", "yes"}:
        await _end([request_id], "over", now)
        if session.ends_at > now and not (there and there.away):
            await tell("not_needed", [request.asked_id], session.session_id, str(request_id), now)
