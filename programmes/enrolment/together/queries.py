"""Reads about siblings who wait together."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch, fetchrow, fetchval
from programmes.enrolment import queries


async def siblings(together_id: UUID) -> list[queries.EnrolmentFacts]:
    """Those who wait together, or have been offered places together, in the order of the queue."""
    rows = await fetch("select id from enrolment where together_id = $1 order by turn", together_id)
    found = {facts.enrolment_id: facts for facts in await queries.several(row["id"] for row in rows)}
    return [found[row["id"]] for row in rows]


async def held_by(facts: queries.EnrolmentFacts) -> str | None:
    """Why siblings who wait together are passed over, for one of them who has no reason of their own: it holds all of them
    back. None for everybody else."""
    if facts.state != "queued" or facts.skip_reason or facts.together_id is None:
        return None
    found: str | None = await fetchval(
        """select skip_reason from enrolment
           where together_id = $1 and state = 'queued' and skip_reason is not null order by turn limit 1""",
        facts.together_id,
    )
    return found


async def next_in_line(cohort_id: int, free: int) -> list[UUID]:
    """Who is offered a place next when so many are free: one person, or siblings who wait for one each. In the order of
    the queue; nobody when nobody waits who can be offered one."""
    first = await fetchrow(
        f"""select id, together_id from enrolment e where cohort_id = $1 and {queries.can_be_offered("$2::int")}
            order by turn limit 1""",
        cohort_id,
        free,
    )
    if first is None:
        return []
    if first["together_id"] is None:
        return [first["id"]]
    rows = await fetch(
        "select id from enrolment where together_id = $1 and state = 'queued' order by turn", first["together_id"]
    )
    return [row["id"] for row in rows]


async def units_waiting(cohort_id: int) -> list[int]:
    """How many they are of those who wait together, for each family in the queue."""
    rows = await fetch(
        """select count(*)::int as n from enrolment where cohort_id = $1 and state = 'queued' and together_id is not null
           group by together_id having count(*) > 1 order by min(turn)""",
        cohort_id,
    )
    return [row["n"] for row in rows]


async def passed_by(cohort_id: int) -> dict[UUID, tuple[str, datetime]]:
    """Of those who wait, who was passed by as there were too few places for all who wait together, or as they had yet to say
    that they come, and still have: which of the two (`passed_together`, `passed_asked`), and when last."""
    rows = await fetch(
        """select distinct on (e.id) e.id, q.kind, q.at from enrolment e join queue_event q on q.enrolment_id = e.id
           where e.cohort_id = $1 and e.state = 'queued'
             and (e.asked_to_come and q.kind = 'passed_asked' or e.together_id is not null and q.kind = 'passed_together')
           order by e.id, q.id desc""",
        cohort_id,
    )
    return {row["id"]: (row["kind"], row["at"]) for row in rows}


async def last_passed(enrolment_id: UUID) -> dict[str, datetime]:
    """When somebody behind them was last given a place, by why: there were too few for all who wait together
    (`passed_together`), or they had yet to say that they come (`passed_asked`)."""
    rows = await fetch(
        """select kind, max(at) as at from queue_event
           where enrolment_id = $1 and kind in ('passed_together', 'passed_asked') group by kind""",
        enrolment_id,
    )
    return {row["kind"]: row["at"] for row in rows}
