"""Changes of sessions as staff make them: whom they reach is counted before, whoever must be kept apart is asked for."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime

from programmes.calendar.queries import fetched
from programmes.cohorts import change_queries, duty_services, rest_services, session_services, talk_services
from programmes.cohorts import change_services as changes
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.meant_rules import Meant, not_meant
from programmes.cohorts.queries import CohortFacts, SessionFacts, locked, my_session, sessions
from programmes.cohorts.rest_services import Rest, Wanted
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Pattern, Slot
from programmes.cohorts.session_rules import begun
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes.duty_told_services import tell_on_again, telling_staff
from programmes.desk.changes.rules import Whom, counted, soon
from programmes.desk.illness.settling_services import ask_again, close_questions
from programmes.enrolment.queries import enrolments
from programmes.enrolment.records.apart_queries import days_apart
from programmes.enrolment.rules import HOLDING
from programmes.notices.reach_services import away, way


async def whom(cohort: CohortFacts, keys: KeyFolder) -> Whom:
    """How many of those with a place are told in which way; nobody is named."""
    people = await enrolments(cohort.cohort_id, HOLDING)
    ways = [(facts.enrolment_id, way(facts, keys)) for facts in people]
    return counted(ways, await fetched(cohort.cohort_id), await away())


async def _apart(cohort_id: int, slots: Sequence[Slot], venues: Sequence[int]) -> list[Reason]:
    """Where two would meet who must not, as the bare word; who they are, is never said."""
    days = await days_apart(cohort_id, [(s.starts_at, s.ends_at, v) for s, v in zip(slots, venues, strict=False)])
    return [Reason("apart", "anda", {"day": day}) for day in days]


async def move(
    session_id: int,
    slot: Slot,
    venue_id: int,
    principal: Principal,
    now: datetime,
    *,
    meant: Meant = False,
    seen: int | None = None,
    soon: Sequence[Reason] = (),
) -> list[Reason]:
    """As `session_services.move_session`; whom it would bring together is one more clash. `soon`: what has to be meant too,
    since it begins soon (`rules.soon`)."""
    cohort, _ = await my_session(principal, local_date(now), session_id)
    apart = await _apart(cohort.cohort_id, [slot], [venue_id])
    async with unless([*apart, *soon], meant) as refused, telling_staff(cohort.cohort_id, principal, now):
        refused.extend(
            await session_services.move_session(
                session_id, slot.starts_at, slot.ends_at, venue_id, principal, now, meant=meant, seen=seen
            )
        )
    return refused


def begins_soon(cohort: CohortFacts, slot: Slot, now: datetime) -> list[Reason]:
    """As `rules.soon`."""
    return soon(slot, cohort.state, cohort.form, now)


@asynccontextmanager
async def unless(apart: Sequence[Reason], meant: Meant) -> AsyncIterator[list[Reason]]:
    """What is done inside is undone where something clashes and is not `meant`; gives the list of everything that stands
    in the way."""
    refused: list[Reason] = []
    try:
        async with transaction():
            yield refused
            if not_meant(apart, meant):
                raise _Clashes
    except _Clashes:
        refused += {reason.code: reason for reason in reversed(apart)}.values()


class _Clashes(Exception):
    """Undoes what was done."""


async def book_talk(
    cohort_id: int, slot: Slot, venue_id: int, principal: Principal, now: datetime, *, meant: Meant = False
) -> list[Reason]:
    """As `talk_services.book_talk`; whom it would bring together is one more clash."""
    apart = await _apart(cohort_id, [slot], [venue_id])
    async with unless(apart, meant) as refused, telling_staff(cohort_id, principal, now, new=True):
        refused.extend(await talk_services.book_talk(cohort_id, slot, venue_id, principal, now, meant=meant))
    return refused


async def book_talks(
    cohort_id: int, pattern: Pattern, count: int, venue_id: int, seen: str, principal: Principal, now: datetime
) -> list[Reason]:
    """As `talk_services.book_talks`."""
    async with transaction(), telling_staff(cohort_id, principal, now, new=True):
        return await talk_services.book_talks(cohort_id, pattern, count, venue_id, seen, principal, now)


async def talks_apart(cohort_id: int, slots: Sequence[Slot], venue_id: int) -> list[Reason]:
    """Where several talks would bring two together who must not meet."""
    return await _apart(cohort_id, slots, [venue_id] * len(slots))


async def undo(cohort_id: int, change_id: int, principal: Principal, now: datetime) -> list[Reason]:
    """As `change_services.undo` of cohorts, of every cohort in which the same tap changed something that they can undo;
    unless it would bring two together who must not meet. Who had been asked or had said yes to stand in, and was told that
    it is off, is asked again; coordinators who were told that it is cancelled hear that it is not."""
    refused = list[Reason]()
    try:
        async with transaction():
            for number, change in await changes.with_same_tap(cohort_id, change_id, principal, now):
                refused += await _undo_one(number, change, principal, now)
                if refused:
                    raise _Clashes
    except _Clashes:
        pass
    return refused


async def _undo_one(cohort_id: int, change_id: int, principal: Principal, now: datetime) -> list[Reason]:
    before = await _meetings(cohort_id, now)
    made_at = await change_queries.made_at(cohort_id, change_id)
    async with telling_staff(cohort_id, principal, now):
        refused = await changes.undo(cohort_id, change_id, principal, now)
        if not refused and made_at:
            await ask_again(cohort_id, made_at, principal, now)
            await tell_on_again(cohort_id, made_at, principal, now)
    found = sorted(await _meetings(cohort_id, now) - before) if not refused else []
    return refused or [Reason("apart_again", params={"day": day}) for day in found[:1]]


async def _meetings(cohort_id: int, now: datetime) -> set[date]:
    """The days to come on which somebody of a cohort meets whom they must not, as its sessions are."""
    coming = [s for s in await sessions(cohort_id) if s.state in {"planned", "moved"} and s.ends_at > now]
    return set(await days_apart(cohort_id, [(s.starts_at, s.ends_at, s.venue_id) for s in coming]))


async def plan_rest(
    cohort: CohortFacts, session: SessionFacts, wanted: Wanted, principal: Principal, now: datetime
) -> tuple[Rest, list[Reason]]:
    """As `rest_services.plan_rest`, with which of them have begun and where somebody would meet whom they are kept apart
    from; seen together."""
    plan = await rest_services.plan_rest(cohort, session, wanted, principal, now)
    apart = await _apart(cohort.cohort_id, plan.schedule.slots, plan.venues)
    instead = await duty_services.instead_of([s.session_id for s in plan.sessions])
    over = [reason for one in plan.sessions for reason in begun(one.slot, now)]
    return plan, [*over, *apart, *await duty_services.elsewhere(instead, plan.slots)]


def seen_rest(plan: Rest, apart: Sequence[Reason]) -> str:
    """The digest of all that there was to see."""
    return "-".join([plan.digest, *(f"{reason.params['day']:%y%m%d}" for reason in apart)])


async def move_rest(session_id: int, wanted: Wanted, seen: str, principal: Principal, now: datetime) -> list[Reason]:
    """As `rest_services.move_rest`."""
    cohort, _ = await my_session(principal, local_date(now), session_id)
    async with transaction(), telling_staff(cohort.cohort_id, principal, now):
        return await rest_services.move_rest(session_id, wanted, seen, principal, now)


async def at_end(cohort: CohortFacts, principal: Principal) -> list[Reason]:
    """What a session that makes up for a cancelled one would meet."""
    added = await session_services.slot_at_end(cohort)
    apart = await _apart(cohort.cohort_id, [added], [cohort.venue_id]) if added else []
    return [*clash_reasons(await session_services.clashes_at_end(cohort, principal)), *apart]


async def cancel(
    session_id: int,
    add_at_end: bool,
    principal: Principal,
    now: datetime,
    *,
    meant: Meant = False,
    seen: int | None = None,
    shown: Collection[str] | None = None,
) -> list[Reason]:
    """As `session_services.cancel_session`; whom the added one would bring together is one more clash."""
    cohort, _ = await my_session(principal, local_date(now), session_id)
    async with transaction():
        # Under the lock: who else adds one at the end comes before or after.
        cohort = await locked(cohort.cohort_id)
        added = await session_services.slot_at_end(cohort) if add_at_end else None
        apart = await _apart(cohort.cohort_id, [added], [cohort.venue_id]) if added else []
        # Who leads the added one hears of it with the cancelled one.
        async with unless(apart, meant) as refused, telling_staff(cohort.cohort_id, principal, now, new=add_at_end):
            refused.extend(
                await session_services.cancel_session(
                    session_id, add_at_end, principal, now, meant=meant, seen=seen, shown=shown
                )
            )
    return refused


async def change_leader(
    session_id: int,
    out_id: int,
    in_id: int,
    rest: bool,
    principal: Principal,
    now: datetime,
    *,
    meant: Meant = False,
    seen: int | None = None,
) -> list[Reason]:
    """As `duty_services.change_leader`; who had been asked to stand in for who does not come need not answer any more."""
    cohort, session = await my_session(principal, local_date(now), session_id)
    async with transaction(), telling_staff(cohort.cohort_id, principal, now):
        refused = await duty_services.change_leader(session_id, out_id, in_id, rest, principal, now, meant=meant, seen=seen)
        if not refused:
            every = [s.session_id for s in await sessions(cohort.cohort_id) if rest and s.starts_at > session.starts_at]
            for one in (session_id, *every):
                await close_questions(one, out_id, [in_id], now)
    return refused
