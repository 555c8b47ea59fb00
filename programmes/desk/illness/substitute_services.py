"""Somebody can't come to a session: asking others to stand in, their answer, holding it without, and being well again.

Everything is written under the cohort's lock. Why somebody can't come is neither asked nor kept.
"""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from programmes.cohorts import duty_services
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness.request_services import (
    Held,
    ask_one,
    close,
    end,
    is_now_for,
    leave,
    locked,
    not_needed,
    stands_again,
    stands_again_if_free,
    stay_away,
    told_with,
)
from programmes.desk.illness.substitute_rules import Request, Why, others_stand, why_not_yes, why_settled
from programmes.desk.today.staff_belief_rules import Stand
from programmes.desk.today.staff_message_services import tell, tell_stands

__all__ = ["Why", "answer", "ask", "comes_after_all", "hold_without", "question"]


async def _lock(session_id: int, who: Principal, now: datetime) -> Held:
    """Lock the cohort of a session that this person works with. Raises NotFound; Conflict `session_over` when nobody has to
    stand there any more."""
    cohort, _ = await cohorts.my_session(who, local_date(now), session_id)
    await cohorts.locked(cohort.cohort_id)
    cohort, session = await cohorts.my_session(who, local_date(now), session_id)
    if why_settled(session.state, session.ends_at, now) or cohort.state in {"closed", "cancelled"}:
        raise Conflict("session_over")
    return Held(cohort, session)


async def ask(session_id: int, absent_id: int, asked: Collection[int], who: Principal, now: datetime) -> None:
    """Ask some to stand in for somebody at a session. Who has been asked and has not answered is not asked twice.

    Raises:
        NotFound: not a session of theirs, or the absent one does not stand there.
        Conflict: `session_over`; `not_free`, one of them is busy by now or may not lead the programme; `found_already`.
    """
    async with transaction():
        held = await _lock(session_id, who, now)
        standing = await queries.standing(session_id)
        absent = next((one for one in standing if one.staff_id == absent_id), None)
        if absent is None:
            raise NotFound
        if absent.away:
            if await _found(session_id, absent_id) or others_stand(standing, absent_id):
                raise Conflict("found_already")
            # Those who were to hold it without them can't: the absent one stands there until somebody says yes, as ever.
            await stands_again_if_free(session_id, absent_id)
        session = held.session
        free = await queries.candidates(session, held.cohort.section, local_date(session.starts_at))
        if not asked or not set(asked) <= {one.staff_id for one in free}:
            raise Conflict("not_free")
        for staff_id in sorted(set(asked)):
            await ask_one(session, absent_id, staff_id, who, now)


async def _found(session_id: int, absent_id: int) -> bool:
    return any(request.state == "yes" for request in await queries.requests(session_id, absent_id))


async def answer(request_id: int, yes: bool, who: Principal, now: datetime) -> Why | None:
    """Say yes or no to standing in; returns why it comes to nothing, or None when it is done. Again, it changes nothing;
    nor does a no after a yes.

    The first yes gets it: access to the group until that day is over, and a place at that session alone. The absent one is
    away from it; participants are told nothing, and their calendars stay as they are.

    Raises:
        NotFound: nobody has asked them this.
    """
    async with transaction():
        session_id = (await queries.request_to(request_id, who.staff_id)).session_id
        held = await locked(session_id)
        request = await queries.request_to(request_id, who.staff_id)
        if not yes:
            await _say_no(held, request, who, now)
            return "said_yes" if request.state == "yes" else None
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
    return request, await _why_not(Held(await cohorts.by_id(session.cohort_id), session), request, now)


async def _why_not(held: Held, request: Request, now: datetime) -> Why | None:
    session = held.session
    settled = why_settled(session.state, session.ends_at, now)
    free = await queries.free(request.asked_id, session, held.cohort.section, local_date(session.starts_at))
    moved = request.other_time(session.starts_at, session.ends_at)
    return why_not_yes(request.state, settled, moved, free)


async def _stand_in(held: Held, request: Request, now: datetime) -> Why | None:
    """Access until the day is over, a place at this session, and the absent one away. What a rule could not see the database
    refuses: somebody who stands elsewhere then, and a second yes."""
    try:
        async with transaction():
            await _let_in(held, request.asked_id)
            # First away, then there: between the two nobody is at two places.
            await stay_away(request.session_id, request.absent_id)
            await execute(
                """insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
                   values ($1, $2, $3, $4, false, true, false, false)
                   on conflict (session_id, staff_id) do update set given = true, away = false""",
                request.session_id,
                request.asked_id,
                held.session.starts_at,
                held.session.ends_at,
            )
            await is_now_for(request, held.session, request.answer_by)
            await end([request.request_id], "yes", now)
    except (asyncpg.ExclusionViolationError, asyncpg.DeadlockDetectedError):
        return "elsewhere"
    except asyncpg.UniqueViolationError:
        return "taken"
    return None


async def _let_in(held: Held, staff_id: int) -> None:
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


async def _settle_others(held: Held, request: Request, who: Principal, now: datetime) -> None:
    """Somebody stands in: the others need not answer, and who waited hears of it."""
    await close(request.session_id, request.absent_id, "taken", now)
    told = await told_with(held, request.absent_id, [request.asked_id])
    session = held.session
    # What the absent one believes goes with it: if it is cancelled before they hear of the yes, they hear that.
    led = Stand(session.starts_at, session.ends_at, session.venue_id, on=True, leads=True)
    await tell_stands("found", request.absent_id, {session.session_id: led}, f"yes/{request.request_id}", now)
    coordinating = [staff_id for staff_id in told if staff_id != request.absent_id]
    await tell("found", coordinating, request.session_id, str(request.request_id), now)
    await audit.note("substitute:yes", f"session/{request.session_id}/staff/{request.asked_id}", who.staff_id, now)


async def _say_no(held: Held, request: Request, who: Principal, now: datetime) -> None:
    if request.state != "asked":
        return
    await end([request.request_id], "no", now)
    await audit.note("substitute:no", f"session/{request.session_id}/staff/{request.asked_id}", who.staff_id, now)
    others = await queries.requests(request.session_id, request.absent_id)
    if not any(one.state in {"asked", "yes"} for one in others):
        told = await told_with(held, request.absent_id, [request.asked_id])
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
        await stay_away(session_id, absent_id)
        await close(session_id, absent_id, "withdrawn", now)
        told = [*(one.staff_id for one in others), *await queries.coordinators(held.cohort.section, [])]
        await tell("alone", set(told) - {who.staff_id, absent_id}, session_id, f"{absent_id}/{now.isoformat()}", now)
        await audit.note("session:away", f"session/{session_id}/staff/{absent_id}", who.staff_id, now)


async def comes_after_all(session_id: int, absent_id: int, who: Principal, now: datetime) -> None:
    """Somebody can come after all: nobody is asked any more, and who had said yes need not come, nor whoever stands in for
    those. Again, it changes nothing.

    Raises:
        NotFound: not a session of theirs.
        Conflict: `session_over`; `elsewhere_now`, they stand at something else by now; `led_instead`, a coordinator has let
            somebody else lead it.
    """
    async with transaction():
        held = await _lock(session_id, who, now)
        standing = {one.staff_id: one for one in await queries.standing(session_id)}
        if absent_id not in standing:
            raise NotFound
        asked = [one for one in await queries.requests(session_id, absent_id) if one.state in {"asked", "yes", "no"}]
        if not standing[absent_id].away and not asked:
            return
        chosen = standing[absent_id].away and not asked and await duty_services.instead_of([session_id])
        if chosen and not who.coordinates(held.cohort.section):
            raise Conflict("led_instead")
        await _send_home(session_id, absent_id, now)
        await stands_again(session_id, absent_id)
        await audit.note("session:comes", f"session/{session_id}/staff/{absent_id}", who.staff_id, now)


async def _send_home(session_id: int, absent_id: int, now: datetime) -> None:
    """Nobody stands in for somebody, nor for who did, however far that goes."""
    await close(session_id, absent_id, "withdrawn", now)
    for request in await queries.requests(session_id, absent_id):
        if request.state not in {"yes", "no"}:
            continue
        await end([request.request_id], "withdrawn", now)
        if request.state == "yes":
            away = any(one.staff_id == request.asked_id and one.away for one in await queries.standing(session_id))
            await _send_home(session_id, request.asked_id, now)
            await leave(request)
            if not away:  # Who can't come themselves knows.
                await not_needed(request, now)
