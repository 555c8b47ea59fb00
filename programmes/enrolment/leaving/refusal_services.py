"""Staff turn somebody down who has a place or waits, for conditions of the programme's own, and may take it back."""

import uuid
from collections.abc import Collection
from datetime import datetime

from programmes.catalogue.refusal_rules import refusable
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core import audit, jobs
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving.refusal_rules import LONGEST, left_from
from programmes.enrolment.leaving.rules import Return
from programmes.enrolment.queue.services import note_event, pass_on, tell
from programmes.enrolment.rules import ALIVE


async def refuse(
    enrolment_id: uuid.UUID, conditions: Collection[str], programme: Programme, staff_id: int, now: datetime
) -> None:
    """The place, the offer or the wait ends, and the seat is passed on at once.

    What is sealed stays until the person could read why (`refusal_rules`), as it does when somebody leaves. Said again,
    it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`; `cohort_over`.
        ValueError: no condition, or one that staff can't find unmet in this programme.
    """
    if not conditions or not set(conditions) <= set(refusable(programme)):
        raise ValueError("conditions must be of the programme's own")
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state == "refused":
            return
        if facts.state not in ALIVE:
            raise Conflict("enrolment_over")
        if (await cohorts.by_id(gate.cohort_id)).state in {"cancelled", "closed"}:
            raise Conflict("cohort_over")
        await services.step_down(facts, "refused", now)
        await _keep_why(facts, conditions, now)
        await note_event(enrolment_id, "refused", now, staff_id)
        await _note(facts, conditions, staff_id, now)
        await tell("place_refused", enrolment_id)
        await pass_on(await queries.lock_gate(gate.cohort_id, now), now)


async def _keep_why(facts: queries.EnrolmentFacts, conditions: Collection[str], now: datetime) -> None:
    await leaving_services.keep_for_undo(facts, left_from(facts.state), now + LONGEST, now)
    await execute(
        "insert into condition_unmet (enrolment_id, condition) select $1, unnest($2::text[])",
        facts.enrolment_id,
        sorted(conditions),
    )


async def _note(facts: queries.EnrolmentFacts, conditions: Collection[str], staff_id: int, now: datetime) -> None:
    """Of documented people the trail has the conditions by their names; of others only that somebody was turned down."""
    await audit.note("enrolment:refused", f"cohort/{facts.cohort_id}", staff_id, now)
    if facts.participant_id is not None:
        for condition in sorted(conditions):
            await audit.note(f"refused:{condition}", f"enrolment/{facts.enrolment_id}", staff_id, now)


async def take_back(enrolment_id: uuid.UUID, staff_id: int, now: datetime) -> Return:
    """It was wrong: the seat again if it is to be had, else the queue; the person is told. Again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `undo_over`, nothing is kept any more; `enrolment_over`, it ended in another way since; `undo_nothing`,
            there is nothing to come back to.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        repeated = (await queries.enrolment(enrolment_id)).state in ALIVE
        outcome = await leaving_services.undo(enrolment_id, now, staff_id)
        if not repeated:
            await jobs.put("place_back", {"enrolment": str(enrolment_id), "event": str(uuid.uuid4())})
    return outcome
