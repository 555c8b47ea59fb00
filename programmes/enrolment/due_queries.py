"""Reads for the worker and the queue: offers that run out, places beside which somebody waits, and queues that are over."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.enrolment.queries import can_be_offered, entry_facts
from programmes.enrolment.rules import ALIVE
from programmes.enrolment.waiting_rules import BEFORE_SESSION, queue_over


async def overdue_offers(now: datetime) -> list[tuple[UUID, int]]:
    """Offers that have run out, the first to do so first: enrolment and cohort."""
    rows = await fetch(
        """select id, cohort_id from enrolment where state = 'offered' and offer_expires_at <= $1
           order by offer_expires_at, arrival""",
        now,
    )
    return [(row["id"], row["cohort_id"]) for row in rows]


async def offers_too_late(now: datetime) -> list[int]:
    """Cohorts with an open offer that lasts beyond the next session, less the time to pass it on: it has been moved."""
    rows = await fetch(
        """select distinct e.cohort_id from enrolment e where e.state = 'offered' and e.offer_expires_at > $1
             and e.offer_expires_at > $2::interval + (
                 select min(s.starts_at) from cohort_session s
                 where s.cohort_id = e.cohort_id and s.state <> 'cancelled' and s.starts_at > $1)
           order by e.cohort_id""",
        now,
        -BEFORE_SESSION,
    )
    return [row["cohort_id"] for row in rows]


async def open_offers(cohort_id: int) -> dict[UUID, datetime]:
    """When the open offers of a cohort end."""
    rows = await fetch("select id, offer_expires_at from enrolment where cohort_id = $1 and state = 'offered'", cohort_id)
    return {row["id"]: row["offer_expires_at"] for row in rows}


async def waiting_beside_a_place() -> list[int]:
    """Cohorts where somebody who can be offered a place waits beside a free one. Whether one may still enter is decided
    under the lock."""
    free = "(c.maximum - (select count(*) from seat s where s.cohort_id = c.id))"
    rows = await fetch(
        f"""select c.id from cohort c where c.state in ('open', 'postponed', 'started') and {free} > 0
             and exists (select 1 from enrolment e where e.cohort_id = c.id and {can_be_offered(free)}) order by c.id"""
    )
    return [row["id"] for row in rows]


async def queues_over(now: datetime) -> list[int]:
    """Cohorts where somebody still waits in vain (`queue_over`). Those that are called off or closed end otherwise."""
    rows = await fetch(
        """select c.id from cohort c where c.state in ('open', 'postponed', 'started')
             and exists (select 1 from enrolment e where e.cohort_id = c.id and e.state = 'queued') order by c.id"""
    )
    return [row["id"] for row in rows if queue_over(await entry_facts(row["id"]), now)]


async def waited_in_vain(now: datetime) -> list[UUID]:
    """Enrolments that are over without ever having had a place, of people with a record, where the queue is over."""
    rows = await fetch(
        """select cohort_id, array_agg(id) as people from enrolment
           where only_waited and participant_id is not null and state <> all ($1::text[]) and undo_until is null
           group by cohort_id""",
        sorted(ALIVE),
    )
    over = [row["people"] for row in rows if queue_over(await entry_facts(row["cohort_id"]), now)]
    return [enrolment_id for people in over for enrolment_id in people]
