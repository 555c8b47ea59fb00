"""What has happened since a decision about a start: whom staff have moved to which starts, and what was held."""

from dataclasses import dataclass
from datetime import datetime

from programmes.core.db import fetch, fetchval
from programmes.enrolment.kept_queries import came_to_nothing


@dataclass(frozen=True)
class Moved:
    """How many staff have moved to other starts, and the names of these."""

    people: int = 0
    to: tuple[str, ...] = ()


async def moved_since(cohort_id: int, since: datetime) -> Moved:
    """Whom staff have moved from a cohort since a decision. Nothing joins somebody who is moved to who they were before, so
    where they are now is read from what the same hand did at the same moment."""
    rows = await fetch(
        """select distinct e.id, c.name from queue_event away join enrolment e on e.id = away.enrolment_id
           left join queue_event here on here.at = away.at and here.staff_id = away.staff_id
                 and here.kind in ('moved_here', 'moved_here_queue')
           left join enrolment n on n.id = here.enrolment_id left join cohort c on c.id = n.cohort_id
           where e.cohort_id = $1 and away.kind = 'moved_away' and away.staff_id is not null and away.at >= $2""",
        cohort_id,
        since,
    )
    return Moved(len({row["id"] for row in rows}), tuple(sorted({row["name"] for row in rows if row["name"]})))


async def noted_since(cohort_id: int, since: datetime) -> bool:
    """Whether a session of the cohort has been noted as held since then."""
    found: bool = await fetchval(
        """select exists (select from cohort_session s join audit_entry a on a.subject = 'session/' || s.id
                          where s.cohort_id = $1 and s.state = 'held' and a.action = 'attendance:note' and a.at >= $2)""",
        cohort_id,
        since,
    )
    return found


async def comes_to_nothing(cohort_id: int) -> bool:
    """Whether all of what was decided to start is cancelled by now, before anything was held."""
    return bool(await fetchval(f"select {came_to_nothing('c')} from cohort c where c.id = $1", cohort_id))
