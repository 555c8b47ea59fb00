"""Who stands at a session instead of somebody else: this once, or from then on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from programmes.cohorts import queries, schedule_queries
from programmes.cohorts.change_services import noting
from programmes.cohorts.clash_services import as_said, clash_reasons
from programmes.cohorts.meant_rules import Meant, not_meant
from programmes.cohorts.queries import SessionFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_queries import Standing
from programmes.cohorts.schedule_rules import Clash, Slot, clashes
from programmes.cohorts.services import coordinated
from programmes.cohorts.session_rules import why_not_cancel_session
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.people.queries import leaders


async def on_duty(session: SessionFacts) -> list[Standing]:
    """Who comes to a session, in order of their ids."""
    day = local_date(session.starts_at)
    found = await schedule_queries.standing(session.cohort_id)
    return [one for one in found if one.stands(day, session.session_id, stays=True)]


async def clashes_for(staff_id: int, name: str, session: SessionFacts, rest: bool, principal: Principal) -> list[Clash]:
    """Where somebody is elsewhere at a session, or at it and all that follow."""
    every = await queries.sessions(session.cohort_id)
    left = [s for s in every if s.state in {"planned", "moved"} and s.starts_at >= session.starts_at]
    slots = [Slot(s.starts_at, s.ends_at) for s in left if rest or s.session_id == session.session_id]
    if not slots:
        return []
    last = max(slot.ends_at for slot in slots)
    booked = await schedule_queries.bookings(None, [staff_id], slots[0].starts_at, last, principal, session.cohort_id)
    return clashes(slots, None, {staff_id: name}, booked)


_GIVEN = """
insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
select id, $2, starts_at, ends_at, state = 'cancelled', true, false, false from cohort_session where id = $1
on conflict (session_id, staff_id) do update set away = false
"""


# Whose time is over before that day keeps what they had, session by session, and gets only this one more.
_AS_GIVEN = """
update session_duty d set given = true from cohort_session s, cohort_staff w
where s.id = d.session_id and s.cohort_id = $1 and w.cohort_id = $1 and w.staff_id = $2 and d.staff_id = $2
  and w.until < $3
"""
_ACCESS = """
insert into cohort_staff (cohort_id, staff_id, role, until, every_session) values ($1, $2, 'substitute', $3, false)
on conflict (cohort_id, staff_id) do update set until = excluded.until, every_session = false
where cohort_staff.until < excluded.until
"""


async def give(session: SessionFacts, staff_id: int) -> None:
    """Let somebody stand at one session, with access until that day at least. In the caller's transaction, under the lock,
    inside `as_said`."""
    day = local_date(session.starts_at)
    await execute(_AS_GIVEN, session.cohort_id, staff_id, day)
    await execute(_ACCESS, session.cohort_id, staff_id, day)
    await execute(_GIVEN, session.session_id, staff_id)


async def stay_away(session_id: int, staff_id: int) -> None:
    """Somebody does not come to a session. In the caller's transaction, under the lock."""
    await execute("update session_duty set away = true where session_id = $1 and staff_id = $2", session_id, staff_id)


@dataclass(frozen=True)
class Instead:
    """Somebody leads one session this once, and who stays away from it for that."""

    session_id: int
    staff_id: int
    name: str
    out: tuple[int, ...]


async def instead_of(session_ids: Collection[int]) -> list[Instead]:
    """Who leads these sessions this once because a coordinator said so. Whoever was asked and said yes is asked again about
    another day."""
    rows = await fetch(
        """select d.session_id, d.staff_id, t.display_name as name,
                  array(select o.staff_id from session_duty o where o.session_id = d.session_id and o.away) as out
           from session_duty d join staff t on t.id = d.staff_id
           where d.session_id = any($1::int[]) and d.given and not d.away and not exists (
               select from substitute_request r
               where r.session_id = d.session_id and r.asked_id = d.staff_id and r.state = 'yes')
           order by d.session_id, d.staff_id""",
        list(session_ids),
    )
    return [Instead(row["session_id"], row["staff_id"], row["name"], tuple(row["out"])) for row in rows]


async def elsewhere(instead: Sequence[Instead], slots: Mapping[int, Slot]) -> list[Reason]:
    """Which of them has something else when their session is to be, as a clash that has to be meant."""
    return [
        Reason("instead_elsewhere", "anda", {"who": one.name, "day": local_date(slots[one.session_id].starts_at)})
        for one in instead
        if one.session_id in slots and await _busy(one, slots[one.session_id])
    ]


async def _busy(one: Instead, slot: Slot) -> bool:
    return bool(
        await fetchval(
            """select exists (select from session_duty d where d.staff_id = $1 and d.session_id <> $2 and not d.cancelled
                              and not d.away and d.starts_at < $4 and d.ends_at > $3)
                   or exists (select from visit_slot v where v.staff_id = $1 and v.cancelled_at is null
                              and v.starts_at < $4 and v.ends_at > $3)""",
            one.staff_id,
            one.session_id,
            slot.starts_at,
            slot.ends_at,
        )
    )


_YES_WAS_FOR_THAT_DAY = """
delete from session_duty d using substitute_request r
where d.session_id = any($1::int[]) and r.session_id = d.session_id and r.asked_id = d.staff_id and r.state = 'yes'
  and d.given and (d.starts_at at time zone 'Europe/Stockholm')::date <> (r.for_start at time zone 'Europe/Stockholm')::date
"""


async def keep_instead(instead: Sequence[Instead], slots: Mapping[int, Slot]) -> None:
    """After their sessions got other times, in the same transaction inside `as_said`: they lead them then too, unless they
    have something else; another day would leave it to those who usually do. It does where somebody stood in by a yes."""
    await execute(_YES_WAS_FOR_THAT_DAY, list(slots))
    for one in instead:
        slot = slots.get(one.session_id)
        if slot is None or await _busy(one, slot):
            continue
        cohort_id = await fetchval("select cohort_id from cohort_session where id = $1", one.session_id)
        await execute(_ACCESS, cohort_id, one.staff_id, local_date(slot.starts_at))
        await execute(_GIVEN, one.session_id, one.staff_id)
        for staff_id in one.out:
            await stay_away(one.session_id, staff_id)


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
    """Somebody stands at a session instead of somebody else; with `rest` they take over from then on. Returns why not, or
    nothing when it is done. Participants are told nothing: neither time nor place is another one.

    Raises:
        NotFound: no such session, or nobody who can lead it.
        Forbidden: they do not coordinate it.
        Conflict: the session has changed since, `out_id` does not stand there any more, or `in_id` has just been taken.
    """
    async with transaction():
        _, session = await queries.my_session(principal, local_date(now), session_id)
        cohort = await coordinated(session.cohort_id, principal, now)
        _, session = await queries.my_session(principal, local_date(now), session_id)
        there = {one.staff_id for one in await on_duty(session)}
        if (seen is not None and session.sequence != seen) or out_id not in there:
            raise Conflict("cohort_changed")
        names = {leader.staff_id: leader.name for leader in await leaders(cohort.section)}
        if in_id not in names:
            raise NotFound
        clashes = await clashes_for(in_id, names[in_id], session, rest, principal)
        reasons = why_not_cancel_session(cohort.state, session.state, 2, None)
        if session.ends_at <= now and not reasons:
            reasons.append(Reason("past"))
        if in_id in there:
            reasons.append(Reason("stands_already", "vem"))
        reasons += [] if reasons else not_meant(clash_reasons(clashes), meant)
        if reasons:
            return reasons
        kind = "leader_rest" if rest else "leader"
        async with noting(cohort.cohort_id, kind, principal, now), as_said(cohort.cohort_id, clashes):
            await (_take_over(session, out_id, in_id) if rest else _once(session, out_id, in_id))
        await audit.note("session:leader", f"session/{session_id}/staff/{in_id}", principal.staff_id, now)
    return []


async def _once(session: SessionFacts, out_id: int, in_id: int) -> None:
    await give(session, in_id)
    await stay_away(session.session_id, out_id)


async def _take_over(session: SessionFacts, out_id: int, in_id: int) -> None:
    """Who goes has access until the day before; who comes is on duty from this day, and sees the group at once."""
    day = local_date(session.starts_at)
    await execute(
        """update cohort_staff set until = least(until, $3) where cohort_id = $1 and staff_id = $2""",
        session.cohort_id,
        out_id,
        day - timedelta(days=1),
    )
    await execute(
        """insert into cohort_staff (cohort_id, staff_id, role, every_session, duty_from) values ($1, $2, 'leader', true, $3)
           on conflict (cohort_id, staff_id) do update set role = 'leader', until = null, every_session = true,
               duty_from = case when cohort_staff.every_session then least(cohort_staff.duty_from, $3) else $3 end""",
        session.cohort_id,
        in_id,
        day,
    )
