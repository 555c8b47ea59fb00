"""Noting attendance. Each is safe to send again: the second time changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.attendance import queries
from programmes.attendance.rules import (
    MARKS,
    MOST,
    Bound,
    Bounds,
    Count,
    Kind,
    Mark,
    Overtaken,
    Refused,
    kind,
    mark_of,
    merged,
    more_than_places,
    unique_bounds,
    why_not,
)
from programmes.catalogue.queries import programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.services import begin_series, mark_held
from programmes.core.audit import note
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal

__all__ = [
    "MARKS",
    "MOST",
    "Count",
    "Kind",
    "Mark",
    "OutOfBounds",
    "Overtaken",
    "Refused",
    "count",
    "held",
    "kind",
    "mark",
    "mark_of",
    "more_than_places",
    "why_not",
]


@dataclass(frozen=True)
class OutOfBounds:
    """A number of different people that cannot be, with the bounds and which of them it breaks."""

    bounds: Bounds
    broken: tuple[Bound, ...]


async def mark(
    session_id: int,
    marks: Mapping[UUID, Mark],
    principal: Principal,
    now: datetime,
    seen: Mapping[UUID, str] | None = None,
) -> Refused | Overtaken | None:
    """Note who was there. People who have left the group since are passed over; never a reason, only the mark.

    `seen` is how each stood on the page: what somebody else has noted since of others stays, and of the same person
    otherwise it is said, and nothing is noted.

    Raises:
        NotFound: not a session this person works with, or somebody of another cohort is among the marks.
    """
    async with transaction():
        session = await _ready(session_id, "names", principal, now)
        if isinstance(session, Refused):
            return session
        on_roll = {entry.enrolment_id: entry.mark or "" for entry in await queries.roll(session_id)}
        if not on_roll and await queries.all_erased(session_id):
            return Refused(("erased",))
        await _refuse_strangers(session_id, set(marks) - set(on_roll))
        typed = {key: value for key, value in marks.items() if key in on_roll}
        wanted, apart = merged(typed, seen or {}, on_roll)
        if apart:
            return Overtaken(apart)
        changed = await execute(
            """insert into attendance (session_id, enrolment_id, mark, marked_at)
               select $1, given.id, given.mark, $4 from unnest($2::uuid[], $3::text[]) as given (id, mark)
               on conflict (session_id, enrolment_id) do update set mark = excluded.mark, marked_at = excluded.marked_at
               where attendance.mark <> excluded.mark returning 1""",
            session_id,
            list(wanted),
            list(wanted.values()),
            now,
        )
        await _held(session, changed, principal, now)
    return None


async def count(
    session_id: int, counted: Count, principal: Principal, now: datetime, seen: str | None = None
) -> Refused | Overtaken | None:
    """Note how many came, by sex, where the section lists just that. `seen` is the `mark_of` what was noted when the page
    was shown: if somebody else has noted another number since, that is said, and nothing is noted.

    Raises:
        NotFound: not a session this person works with.
    """
    async with transaction():
        session = await _ready(session_id, "count", principal, now)
        if isinstance(session, Refused):
            return session
        stored = (await queries.noted([session_id]))[session_id].count
        if stored and stored != counted and seen is not None and seen != mark_of(stored):
            return Overtaken(count=stored)
        changed = await execute(
            """insert into head_count (session_id, women, men, other, counted_at) values ($1, $2, $3, $4, $5)
               on conflict (session_id) do update
               set women = excluded.women, men = excluded.men, other = excluded.other, counted_at = excluded.counted_at
               where (head_count.women, head_count.men, head_count.other)
                     is distinct from (excluded.women, excluded.men, excluded.other) returning 1""",
            session_id,
            counted.women,
            counted.men,
            counted.other,
            now,
        )
        await _held(session, changed, principal, now)
    return None


async def held(session_id: int, principal: Principal, now: datetime) -> Refused | None:
    """Note that a session was held, and nothing else.

    Raises:
        NotFound: not a session this person works with.
    """
    async with transaction():
        session = await _ready(session_id, "held", principal, now)
        if isinstance(session, Refused):
            return session
        await _held(session, 0, principal, now)
    return None


async def count_unique(cohort_id: int, counted: Count, principal: Principal, now: datetime) -> OutOfBounds | None:
    """Note how many different people took part, for closing; it must fit the sessions' head counts.

    Raises:
        NotFound: not a cohort this person works with, or not one whose heads are counted.
    """
    async with transaction():
        await cohorts.mine(principal, local_date(now), cohort_id)
        cohort = await cohorts.locked(cohort_id)
        if cohort.state not in {"open", "started"} or await kind_of(cohort) != "count":
            raise NotFound
        bounds = unique_bounds([entry.count for entry in await queries.counts(cohort_id)])
        if broken := bounds.broken(counted):
            return OutOfBounds(bounds, broken)
        await execute(
            """insert into unique_participants (cohort_id, women, men, other) values ($1, $2, $3, $4)
               on conflict (cohort_id) do update
               set women = excluded.women, men = excluded.men, other = excluded.other""",
            cohort_id,
            counted.women,
            counted.men,
            counted.other,
        )
        await note("attendance:unique", f"cohort/{cohort_id}", principal.staff_id, now)
    return None


async def kind_of(cohort: cohorts.CohortFacts) -> Kind:
    """Which kind of note this cohort's sessions need."""
    return kind(cohort.exempt, (await programme(cohort.programme_id)).figures)


async def _ready(session_id: int, wanted: Kind, principal: Principal, now: datetime) -> cohorts.SessionFacts | Refused:
    """Lock the cohort (closing holds the same lock) and read the session, or say what stands against noting this kind."""
    today = local_date(now)
    cohort, _ = await cohorts.my_session(principal, today, session_id)
    await cohorts.lock(cohort.cohort_id)
    cohort, session = await cohorts.my_session(principal, today, session_id)
    reasons = why_not(cohort.state, session.state, session.starts_at, now)
    if await kind_of(cohort) != wanted:
        reasons = (*reasons, "other_kind")
    return Refused(reasons) if reasons else session


async def _refuse_strangers(session_id: int, unknown: set[UUID]) -> None:
    if not unknown:
        return
    known = await execute(
        """select 1 from enrolment e join cohort_session s on s.cohort_id = e.cohort_id
           where s.id = $1 and e.id = any($2::uuid[])""",
        session_id,
        list(unknown),
    )
    if known != len(unknown):
        raise NotFound


async def _held(session: cohorts.SessionFacts, changed: int, principal: Principal, now: datetime) -> None:
    """The session took place; in the trail only when something changed."""
    await mark_held(session.session_id, now)
    await begin_series(session.cohort_id, principal, now)
    if changed or session.state != "held":
        await note("attendance:note", f"session/{session.session_id}", principal.staff_id, now)
