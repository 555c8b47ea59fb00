"""Reads about the order of a queue, and about all that has become of its applications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from programmes.core.days import day_off
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.enrolment import queries
from programmes.enrolment.kept_queries import kept_places
from programmes.enrolment.queue.rules import EventKind, NewMaximum, Waiting
from programmes.enrolment.rules import EnrolmentFacts
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.waiting_rules import Leads, leads


@dataclass(frozen=True)
class Event:
    """One line of the history. `by` is the member of staff who did it, None for the person or the service itself."""

    event_id: int
    enrolment_id: UUID
    arrival: int
    applied_at: datetime
    at: datetime
    kind: EventKind
    reason: str | None
    turn_before: Decimal | None
    turn_after: Decimal | None
    by: str | None


async def line(cohort_id: int, now: datetime) -> list[Waiting]:
    """Who waits, in the order of the queue; also those who are passed over, and who has left and can still come back."""
    rows = await fetch(
        """select id as enrolment_id, arrival, turn, applied_at, order_reason,
                  skip_reason is not null or asked_to_come as passed_over, together_id, state <> 'queued' as away
           from enrolment where cohort_id = $1
             and (state = 'queued' or state in ('withdrawn', 'refused') and undo_until > $2) order by turn""",
        cohort_id,
        now,
    )
    return [Waiting(**dict(row)) for row in rows]


async def taken_turns(cohort_id: int) -> Sequence[Decimal]:
    """Every turn of a cohort that somebody has, or may be given back, whatever has become of them."""
    rows = await fetch(
        "select turn from enrolment where cohort_id = $1 union select arrival from enrolment where cohort_id = $1", cohort_id
    )
    return [row["turn"] for row in rows]


async def came_from_elsewhere(enrolment_id: UUID) -> bool:
    """Whether somebody was moved here from another cohort."""
    kinds = ["moved_here", "moved_here_queue"]
    return bool(
        await fetch(
            "select 1 from queue_event where enrolment_id = $1 and kind = any($2::text[]) limit 1", enrolment_id, kinds
        )
    )


async def history(cohort_id: int) -> list[Event]:
    """Everything that has become of a cohort's applications, in order of time."""
    rows = await fetch(
        """select q.id as event_id, q.enrolment_id, e.arrival, e.applied_at, q.at, q.kind, q.reason, q.turn_before,
                  q.turn_after, s.display_name as by
           from queue_event q join enrolment e on e.id = q.enrolment_id left join staff s on s.id = q.staff_id
           where e.cohort_id = $1 order by q.id""",
        cohort_id,
    )
    return [Event(**dict(row)) for row in rows]


async def new_maxima(cohort_id: int) -> list[NewMaximum]:
    """Every change of a cohort's most places, in order."""
    rows = await fetch(
        """select m.after_event, m.at, m.before, m.after, s.display_name as by
           from queue_maximum m left join staff s on s.id = m.staff_id where m.cohort_id = $1 order by m.id""",
        cohort_id,
    )
    return [NewMaximum(**dict(row)) for row in rows]


@dataclass(frozen=True)
class CameBefore:
    """Those who had applied earlier and were put before somebody who already waited: how many had left and came `back`, how
    many were moved from another start, and when that was last."""

    back: int
    moved: int
    last: datetime


async def came_before(facts: EnrolmentFacts) -> CameBefore | None:
    """Who was put before a person who already waited, by the time of their application. None when that never happened."""
    row = await fetchrow(
        """select count(distinct e.id) filter (where q.kind = 'came_back_queue')::int as back,
                  count(distinct e.id) filter (where q.kind = 'moved_here_queue')::int as moved, max(q.at) as last
           from queue_event q join enrolment e on e.id = q.enrolment_id
           where e.cohort_id = $1 and e.turn < $2 and q.at > $3 and q.kind in ('came_back_queue', 'moved_here_queue')""",
        facts.cohort_id,
        facts.turn,
        facts.applied_at,
    )
    return CameBefore(**dict(row)) if row and row["last"] else None


async def moved_here(enrolment_id: UUID) -> datetime | None:
    """When staff moved somebody here from another start, or None."""
    found: datetime | None = await fetchval(
        "select max(at) from queue_event where enrolment_id = $1 and kind in ('moved_here', 'moved_here_queue')",
        enrolment_id,
    )
    return found


async def moved_oneself(enrolment_id: UUID) -> bool:
    """Whether somebody came from another start without staff having moved them."""
    return bool(
        await fetchval(
            """select true from queue_event where enrolment_id = $1 and kind in ('moved_here', 'moved_here_queue')
               and staff_id is null limit 1""",
            enrolment_id,
        )
    )


async def was_offered(enrolment_id: UUID) -> bool:
    """Whether somebody has ever been offered a place here."""
    return bool(
        await fetchval("select true from queue_event where enrolment_id = $1 and kind = 'offered' limit 1", enrolment_id)
    )


async def offers_ended(cohort_id: int) -> frozenset[UUID]:
    """Whose offer ended when a start was cancelled, as it is, or when a group ended since it could not start; of any other
    nobody's."""
    rows = await fetch(
        """select q.enrolment_id from cohort c join enrolment e on e.cohort_id = c.id
           join queue_event q on q.enrolment_id = e.id and q.kind = 'offer_ended'
             and q.at = case c.state when 'cancelled' then c.closed_at else (
                 select max(d.decided_at) from start_decision d where d.cohort_id = c.id and d.decision = 'cancel'
                   and d.undone_at is null and d.state_before is null) end
           where c.id = $1 and c.state in ('cancelled', 'started')""",
        cohort_id,
    )
    return frozenset(row["enrolment_id"] for row in rows)


async def where_waiting_leads(cohort_id: int, now: datetime) -> Leads:
    """To what waiting leads now, read without a lock, for showing (`rules.leads`). Raises NotFound."""
    around = await queries.entry_facts(cohort_id)
    next_session = await fetchval(
        "select min(starts_at) from cohort_session where cohort_id = $1 and state <> 'cancelled' and starts_at > $2",
        cohort_id,
        now,
    )
    return leads(around, next_session, day_off, now)


async def next_by_word(cohort_id: int, now: datetime) -> frozenset[UUID]:
    """Who can have a free place now by saying yes to staff, read without a lock, for showing and telling: the first in the
    queue who can be given one, or the siblings who are. Nobody when no place is free, or an offer can be made. Raises
    NotFound."""
    if await where_waiting_leads(cohort_id, now) != "word":
        return frozenset()
    row = await fetchrow(
        f"""select c.maximum - (select count(*) from seat s where s.cohort_id = c.id)::int as free,
                  (select min(starts_at) from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled') as first,
                  {kept_places("$2")}
           from cohort c where c.id = $1""",
        cohort_id,
        now,
    )
    first = await together_queries.next_in_line(cohort_id, row["free"]) if row and row["free"] > 0 else []
    if row is None or not first or await queries.kept_from(first, row["free"], row["kept"], row["kept_since"]):
        return frozenset()
    # Whose age is of another day is judged first, as before any offer.
    return frozenset(first) if await queries.age_checked(first, row["first"]) else frozenset()
