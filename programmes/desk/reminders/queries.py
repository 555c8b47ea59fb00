"""What people are to be reminded of: study visits that they have booked, and the day on which a group is evaluated."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.desk.reminders.rules import LATEST, REMIND_BEFORE


async def visits(now: datetime, states: Collection[str]) -> list[UUID]:
    """Enrolments in these states with a study visit within a day, booked before that, of which nothing has reminded yet."""
    rows = await fetch(
        """select y.enrolment_id
           from study_visit y join visit_slot v on v.id = y.slot_id join enrolment e on e.id = y.enrolment_id
           where y.state = 'booked' and v.cancelled_at is null and e.state = any($3::text[])
             and v.starts_at > $1 and v.starts_at <= $2 and y.booked_at <= v.starts_at - $4::interval
             and not exists (select from notice n where n.enrolment_id = y.enrolment_id and n.kind = 'soon_visit'
                             and n.created_at > y.booked_at)
           order by y.enrolment_id""",
        now + LATEST,
        now + REMIND_BEFORE,
        list(states),
        REMIND_BEFORE,
    )
    return [row["enrolment_id"] for row in rows]


async def evaluations(now: datetime) -> list[int]:
    """Sessions within a day at whose end a group is evaluated for the first time (slips are drawn at the last two), of which
    nobody has been reminded since they were last changed."""
    rows = await fetch(
        """select s.id from ballot b join cohort c on c.id = b.cohort_id join lateral (
               select * from (select id, starts_at, revised_at from cohort_session
                              where cohort_id = c.id and state <> 'cancelled' order by starts_at desc limit 2) last
               order by starts_at limit 1) s on true
           where c.state = 'started' and b.state in ('preparing', 'open') and s.starts_at > $1 and s.starts_at <= $2
             and exists (select from enrolment e where e.cohort_id = c.id and e.state = 'confirmed')
             and not exists (select from notice n where n.session_id = s.id and n.kind = 'soon_evaluation'
                             and n.created_at >= s.revised_at)
           order by s.id""",
        now + LATEST,
        now + REMIND_BEFORE,
    )
    return [row["id"] for row in rows]
