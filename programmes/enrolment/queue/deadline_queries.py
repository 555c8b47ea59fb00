"""Reads about the deadline of study visits: a cohort's, who is held to it, and what could be booked."""

from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.core.db import fetch, fetchrow
from programmes.core.errors import NotFound
from programmes.enrolment.queue.deadline_rules import Around, Chance, Holder, lacks_visit, visit_by
from programmes.enrolment.rules import EnrolmentFacts


async def cohorts_with_waiting(now: datetime) -> list[int]:
    """Cohorts before their first session where somebody with a place has no study visit, and one is asked for."""
    rows = await fetch(
        """select c.id, c.programme_id from cohort c where c.state in ('open', 'postponed', 'started')
             and (select min(starts_at) from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled') > $1
             and exists (select 1 from enrolment e left join study_visit v on v.enrolment_id = e.id
                         where e.cohort_id = c.id and e.state = 'preliminary' and coalesce(v.state, 'missed') = 'missed')
           order by c.id""",
        now,
    )
    programmes = await catalogue.programmes({row["programme_id"] for row in rows}) if rows else {}
    return [row["id"] for row in rows if programmes[row["programme_id"]].study_visit]


async def around(cohort_id: int) -> Around:
    """What a cohort's deadline is made of. Raises NotFound."""
    row = await fetchrow(
        """select decide_by, visit_days, (select min(starts_at) from cohort_session s
                                          where s.cohort_id = c.id and s.state <> 'cancelled') as first_start
           from cohort c where id = $1""",
        cohort_id,
    )
    if row is None:
        raise NotFound
    return Around(row["decide_by"], row["visit_days"], row["first_start"])


async def chances(cohort_id: int) -> list[Chance]:
    """The study visits of a cohort that are not cancelled, past and to come."""
    rows = await fetch(
        """select s.free_since, s.starts_at,
                  (s.capacity - (select count(*) from study_visit b where b.slot_id = s.id))::int as left
           from visit_slot s where s.cohort_id = $1 and s.cancelled_at is null order by s.starts_at, s.id""",
        cohort_id,
    )
    return [Chance(**dict(row)) for row in rows]


def holder_of(facts: EnrolmentFacts) -> Holder:
    """What the deadline asks about somebody."""
    state = facts.visit.state if facts.visit else None
    since = max(facts.place_since or facts.applied_at, facts.visit_anew_since or facts.applied_at)
    return Holder(facts.state, state, facts.visit_cancelled_at is not None, since)


async def last_day(facts: EnrolmentFacts) -> date | None:
    """By when this person must have booked; None when there is no such day for them, or nothing left to book."""
    holder = holder_of(facts)
    return visit_by(holder, await around(facts.cohort_id)) if lacks_visit(holder) else None
