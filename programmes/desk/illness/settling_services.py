"""What becomes of questions and answers when the session, or who stands there, is otherwise than was asked about."""

from collections.abc import Collection
from datetime import datetime

from programmes.cohorts import queries as cohorts
from programmes.cohorts.change_services import UNDO_FOR
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.desk.illness import request_services as requests
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness.request_services import Held, locked, told_with
from programmes.desk.illness.substitute_rules import Request, answer_by, why_settled
from programmes.desk.today.staff_message_services import tell


async def close_questions(session_id: int, absent_id: int, but: Collection[int], now: datetime) -> None:
    """In the caller's transaction, under the lock: somebody else has the session instead of the absent one, so nobody has to
    answer any more. Those who were asked hear so, `but` for some; so does the one who goes, if they stood in by a yes."""
    await requests.close(session_id, absent_id, "over", now, but)
    for request in await queries.yes_of(session_id, absent_id):
        await requests.end([request.request_id], "over", now)
        await requests.not_needed(request, now)


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
    for (session_id, absent_id), told in found.items():
        held = await locked(session_id)
        for request in told:
            await requests.leave(request)
        await requests.stands_again(session_id, absent_id)
        day = local_date(held.session.starts_at)
        free = {one.staff_id for one in await queries.candidates(held.session, held.cohort.section, day)}
        asked = [request for request in told if request.asked_id in free]
        for request in asked:
            await requests.ask_one(held.session, absent_id, request.asked_id, who, now)
        if not asked:
            await requests.end([request.request_id for request in told], "no", now)
            await tell("nobody", await told_with(held, absent_id), session_id, f"again/{now.isoformat()}", now)


async def settle(now: datetime) -> None:
    """Put right what was asked about something that is no longer so, say when nobody has answered in time, and end access
    that nothing needs any more."""
    await let_go(now)
    for request_id in await queries.stale(now):
        async with transaction():
            await _settle_one(request_id, now)
    for session_id, absent_id, until in await queries.late(now):
        async with transaction():
            held = await locked(session_id)
            if any(one.state == "asked" for one in await queries.requests(session_id, absent_id)):
                await tell("nobody", await told_with(held, absent_id), session_id, f"{absent_id}/{until.isoformat()}", now)


async def let_go(now: datetime) -> None:
    """Whoever stood in at sessions that are cancelled, and may have been told not to come, sees the group as long as the
    cancelling can be undone: that brings them back, and whoever cancels may have people to ring. Then no longer."""
    for cohort_id, staff_id, _until in await queries.to_let_go(local_date(now), now - UNDO_FOR):
        async with transaction():
            await cohorts.locked(cohort_id)
            for one in await queries.to_let_go(local_date(now), now - UNDO_FOR):
                if one[:2] == (cohort_id, staff_id):
                    await execute("update cohort_staff set until = $3 where cohort_id = $1 and staff_id = $2", *one)


async def _settle_one(request_id: int, now: datetime) -> None:
    held = await locked((await queries.by_id(request_id)).session_id)
    request = await queries.by_id(request_id)
    if request.state not in {"asked", "yes", "no"}:
        return
    if local_date(request.for_start) != local_date(held.session.starts_at) and held.session.state != "cancelled":
        await _other_day(held, request.absent_id, now)
    elif request.state == "asked":
        await _question(held, request, now)
    elif request.state == "yes":
        await _yes(held, request, now)


async def _other_day(held: Held, absent_id: int, now: datetime) -> None:
    """Whether somebody can come on another day is another question: nobody stands in, and the absent one is expected. Those
    who were to stand in hear it, and so do the absent one and the coordinators."""
    session_id = held.session.session_id
    for request in await queries.requests(session_id, absent_id):
        if request.state not in {"asked", "yes", "no"}:
            continue
        await requests.end([request.request_id], "over", now)
        if request.state == "yes":
            # Their access stays as the move left it: otherwise that could not be undone.
            await requests.stand_there_no_longer(request)
        if request.state != "no":
            await requests.not_needed(request, now)
    await requests.stands_again_if_free(session_id, absent_id)
    if held.session.ends_at > now and await _stands(held, absent_id):
        await tell("expected", await told_with(held, absent_id), session_id, f"{absent_id}/{held.session.sequence}", now)


async def _stands(held: Held, staff_id: int) -> bool:
    return any(one.staff_id == staff_id and not one.away for one in await queries.standing(held.session.session_id))


async def _question(held: Held, request: Request, now: datetime) -> None:
    """At another time of the same day they are asked about that; who is not free then need not come, and where that was the
    last one it is known that nobody does."""
    session = held.session
    if why_settled(session.state, session.ends_at, now):
        await requests.end([request.request_id], "over", now)
        if session.ends_at > now:
            await requests.not_needed(request, now)
        return
    if not request.other_time(session.starts_at, session.ends_at):
        await requests.is_now_for(request, session, request.answer_by)
        return
    free = await queries.free(request.asked_id, session, held.cohort.section, local_date(session.starts_at))
    if free.can_come:
        await requests.is_now_for(request, session, answer_by(session.starts_at, now))
        await tell("asked", [request.asked_id], session.session_id, f"{request.absent_id}/again/{session.sequence}", now)
        return
    await requests.end([request.request_id], "no", now)
    await requests.not_needed(request, now)
    left = await queries.requests(session.session_id, request.absent_id)
    if not any(one.state in {"asked", "yes"} for one in left):
        await tell("nobody", await told_with(held, request.absent_id), session.session_id, str(request.request_id), now)


async def _yes(held: Held, request: Request, now: datetime) -> None:
    """They hear of another time of the day, another end and another room. Who can't come themselves, and has somebody to
    stand in for them or leaves it to the others, knows."""
    session = held.session
    there = next((one for one in await queries.standing(session.session_id) if one.staff_id == request.asked_id), None)
    if session.state == "cancelled":
        await requests.end([request.request_id], "over", now)
        if session.ends_at > now and not (there and there.away):
            await requests.not_needed(request, now)
    elif there is None or not there.works:
        await _lost(held, request, now)
    elif there.away and not any(one.state == "yes" for one in await queries.requests(session.session_id, request.asked_id)):
        await requests.end([request.request_id], "over", now)
    else:
        await requests.is_now_for(request, session, request.answer_by)
        if not there.away:
            await tell("moved", [request.asked_id], session.session_id, str(session.sequence), now)


async def _lost(held: Held, request: Request, now: datetime) -> None:
    """Who had said yes was taken out, or may not lead any more. Whoever stands in for them stands in for the absent one;
    where nobody does, the absent one and the coordinators hear it, and it stands on Idag until somebody says yes."""
    session_id = request.session_id
    await requests.end([request.request_id], "over", now)
    await requests.leave(request)
    await execute(
        """update substitute_request set absent_id = $3
           where session_id = $1 and absent_id = $2 and asked_id <> $3 and state in ('asked', 'yes')""",
        session_id,
        request.asked_id,
        request.absent_id,
    )
    if any(one.state == "yes" for one in await queries.requests(session_id, request.absent_id)):
        return
    await requests.end([request.request_id], "no", now)
    await requests.stands_again_if_free(session_id, request.absent_id)
    await requests.not_needed(request, now)
    await tell("lost", await told_with(held, request.absent_id), session_id, str(request.request_id), now)
