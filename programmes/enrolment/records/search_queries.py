"""Reads about where somebody whose record was found takes part, among the cohorts that the asker works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.cohorts.queries import MINE, access
from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.enrolment.queries import EnrolmentFacts, several
from programmes.enrolment.records.search_rules import LONGEST, MOST
from programmes.people.look_rules import NOBODY


@dataclass(frozen=True)
class Found:
    """One way of somebody's through a cohort."""

    facts: EnrolmentFacts
    cohort: str


async def ways_of(people: Sequence[UUID], principal: Principal, today: date) -> list[Found]:
    """The enrolments of these records in cohorts that this person works with, newest first. Of others nothing is said."""
    rows = await fetch(
        f"""select e.id, c.name
            from enrolment e join cohort c on c.id = e.cohort_id join programme p on p.id = c.programme_id
            where e.participant_id = any($4::uuid[]) and e.state <> 'transferred' and {MINE}
            order by e.applied_at desc, e.id""",
        *access(principal, today),
        list(people),
    )
    facts = {one.enrolment_id: one for one in await several(row["id"] for row in rows)}
    return [Found(facts[row["id"]], row["name"]) for row in rows]


async def empty_searches(staff_id: int, now: datetime) -> list[datetime]:
    """When the last searches of one member of staff found nobody, the newest first, no more of them than matter."""
    rows = await fetch(
        """select at from record_look where at > $2 and at <= $3 and staff_id = $1 and participant_id = $4
           order by at desc limit $5""",
        staff_id,
        now - LONGEST,
        now,
        NOBODY,
        MOST,
    )
    return [row["at"] for row in rows]
