"""Whether the room or those who lead are somewhere else at the same time, asked before a schedule is saved."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date

import asyncpg

from programmes.cohorts import schedule_queries
from programmes.cohorts.queries import CohortFacts, SessionFacts, sessions
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Clash, Slot, clashes
from programmes.core.clock import local_date
from programmes.core.db import execute
from programmes.core.errors import Conflict
from programmes.core.principal import Principal

_TAKEN = {"one_group_per_room": "room_taken", "one_place_at_a_time": "leader_taken"}


@contextmanager
def refused_in_words() -> Iterator[None]:
    """Around a statement that takes a room or somebody's time: who has taken it since it was asked is said, and nothing is
    written. Two who take it at the same time each wait for the other to be done; of these the database refuses one.

    Raises:
        Conflict: `room_taken`, `leader_taken`.
    """
    try:
        yield
    except asyncpg.ExclusionViolationError as error:
        raise Conflict(_TAKEN.get(error.constraint_name or "", "room_taken")) from error
    except asyncpg.DeadlockDetectedError as error:
        raise Conflict("leader_taken" if "session_duty" in (error.context or "") else "room_taken") from error


_MEANT = """
update session_duty d set meant = true from cohort_session s, unnest($2::date[], $3::int[]) as said (day, staff_id)
where s.id = d.session_id and s.cohort_id = $1 and d.staff_id = said.staff_id
  and (s.starts_at at time zone 'Europe/Stockholm')::date = said.day and s.state <> 'cancelled'
"""


@asynccontextmanager
async def as_said(cohort_id: int, said: Sequence[Clash]) -> AsyncIterator[None]:
    """Around the statements that change when a cohort's sessions are or who stands there: those whose clash was `said`, and
    meant, may be at two places. Anybody else is refused by the database, also whom nobody could know of a moment ago.

    Inside a transaction.

    Raises:
        Conflict: as `refused_in_words`.
    """
    pairs = sorted({(clash.day, clash.staff_id) for clash in said if clash.staff_id is not None})
    with refused_in_words():
        await execute("set constraints one_place_at_a_time deferred")
        yield
        if pairs:
            await execute(_MEANT, cohort_id, [day for day, _who in pairs], [staff_id for _day, staff_id in pairs])
        await execute("set constraints one_place_at_a_time immediate")


async def clashes_of(
    cohort: CohortFacts, slots: Sequence[Slot], venue_id: int, principal: Principal, session: SessionFacts | None = None
) -> list[Clash]:
    """Where sessions of a cohort would meet those of others, in the order of the days. Nothing is said of a group that the
    asker neither coordinates nor leads but that it is there. `session`: the one that the only slot is for; otherwise they
    are new."""
    if not slots:
        return []
    first, last = min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots)
    staff = await schedule_queries.standing(cohort.cohort_id)
    booked = await schedule_queries.bookings(
        venue_id, [one.staff_id for one in staff], first, last, principal, cohort.cohort_id
    )
    found: list[Clash] = []
    for slot in slots:
        there = {one.staff_id: one.name for one in staff if _stands(one, local_date(slot.starts_at), session)}
        found.extend(clashes([slot], venue_id, there, booked))
    return found


async def clashes_with(cohort_id: int, staff_id: int, name: str, until: date | None, principal: Principal) -> list[Clash]:
    """Where somebody who is to stand at a cohort's sessions, until a day, is or was elsewhere; also those that have been."""
    theirs = [
        Slot(s.starts_at, s.ends_at)
        for s in await sessions(cohort_id)
        if s.state != "cancelled" and (until is None or local_date(s.starts_at) <= until)
    ]
    if not theirs:
        return []
    booked = await schedule_queries.bookings(
        None, [staff_id], theirs[0].starts_at, max(slot.ends_at for slot in theirs), principal, cohort_id
    )
    return clashes(theirs, None, {staff_id: name}, booked)


def _stands(one: schedule_queries.Standing, day: date, session: SessionFacts | None) -> bool:
    if session is None:
        return one.stands(day)
    return one.stands(day, session.session_id, stays=local_date(session.starts_at) == day)


def clash_reasons(found: Sequence[Clash]) -> list[Reason]:
    """Each room or person that is taken, once, with all that it is taken by; with a tick beside that it is meant."""
    seen: dict[int | None, list[Clash]] = {}
    for clash in found:
        seen.setdefault(clash.staff_id, []).append(clash)
    return [_taken(staff_id, by) for staff_id, by in seen.items()]


def _taken(staff_id: int | None, by: Sequence[Clash]) -> Reason:
    # What is said goes by `every` one; the rest stays in the sign, which a page of the release before carries too.
    first, days = by[0], {clash.day for clash in by}
    said = {"who": first.who, "cohort": first.cohort, "day": first.day, "until": first.until, "more": len(days) - 1}
    every = [(clash.day, clash.until, clash.cohort) for clash in by]
    return Reason("room_taken" if staff_id is None else "leader_taken", "anda", {**said, "staff": staff_id, "every": every})


def shared(slots: Sequence[Slot], found: Sequence[Clash]) -> list[bool]:
    """Of each session whether it shares its room with another group, by what was found."""
    taken = {clash.day for clash in found if not clash.who}
    return [local_date(slot.starts_at) in taken for slot in slots]
