"""Reads for a group's page that no single feature has: who works with it, and which notices reached people."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from programmes.cohorts.queries import LEADS
from programmes.core.db import fetch
from programmes.notices.rules import REMINDERS


@dataclass(frozen=True)
class Worker:
    """Somebody who works with a cohort. `until` is a substitute's last day; `works` not, who has no account or role for it
    any more."""

    staff_id: int
    name: str
    role: str
    until: date | None
    works: bool = True


async def workers(cohort_id: int, today: date) -> list[Worker]:
    """Who works with a cohort now: leaders in the order they were added, then substitutes whose time isn't over."""
    rows = await fetch(
        f"""select s.id, s.display_name, cs.role, cs.until, s.active and {LEADS} as works
           from cohort_staff cs join staff s on s.id = cs.staff_id join cohort c on c.id = cs.cohort_id
           join programme p on p.id = c.programme_id
           where cs.cohort_id = $1 and (cs.until is null or cs.until >= $2) order by cs.role, cs.id""",
        cohort_id,
        today,
    )
    return [Worker(row["id"], row["display_name"], row["role"], row["until"], row["works"]) for row in rows]


async def last_notices(cohort_id: int) -> dict[UUID, str]:
    """The state of each person's latest notice, but for reminders: `waiting`, `failed`, `no_channel`, or `sent`, also when
    staff told them."""
    rows = await fetch(
        """select distinct on (n.enrolment_id) n.enrolment_id,
                  case when n.sent_at is null then n.state else 'sent' end as state
           from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = $1 and n.kind <> all($2::text[])
           order by n.enrolment_id, n.created_at desc, n.id""",
        cohort_id,
        sorted(REMINDERS),
    )
    return {row["enrolment_id"]: row["state"] for row in rows}
