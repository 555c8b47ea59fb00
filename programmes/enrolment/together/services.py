"""Siblings who wait together: who they are, and when they would rather take places one by one."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.person.reached_services import heard_of
from programmes.enrolment.queue.services import note_event, pass_on
from programmes.enrolment.together import queries as together_queries


async def unit_of(facts: queries.EnrolmentFacts) -> Sequence[queries.EnrolmentFacts]:
    """Somebody, and the siblings who wait together with them and are in the same state, in the order of the queue."""
    if facts.together_id is None:
        return (facts,)
    return [one for one in await together_queries.siblings(facts.together_id) if one.state == facts.state]


async def one_by_one(enrolment_id: uuid.UUID, now: datetime, staff_id: int | None = None) -> None:
    """From now on each of the siblings takes a place of their own as soon as there is one. They keep their turns, and
    what is free is offered at once. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: they don't wait any more.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.together_id is None:
            return
        if facts.state != "queued":
            raise Conflict("not_waiting")
        if staff_id is None:
            await heard_of(enrolment_id, now)
        for one in await unit_of(facts):
            await note_event(one.enrolment_id, "apart", now, staff_id)
        await execute("update enrolment set together_id = null where together_id = $1", facts.together_id)
        await audit.note("queue:apart", f"cohort/{gate.cohort_id}", staff_id, now)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)
