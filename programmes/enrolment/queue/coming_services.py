"""„Jag kommer“: who was put into the queue among many at once says that they mean it, and waits no longer than others."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from programmes.catalogue.rules import Programme
from programmes.core import audit
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.person.reached_services import heard_of
from programmes.enrolment.queue import order_queries
from programmes.enrolment.queue.rules import can_have
from programmes.enrolment.queue.services import note_event, note_passed, pass_on, take_seat, tell
from programmes.enrolment.rules import asks_for_more, entry
from programmes.enrolment.together.services import unit_of

# Who is away and may come back to those they waited with is spoken for too.
_SAID = """
with said as (
    update enrolment e set asked_to_come = false from enrolment w
    where w.id = $1 and e.asked_to_come and (e.id = w.id or e.together_id = w.together_id) returning e.id, e.turn)
select id from said order by turn
"""


async def coming(enrolment_id: uuid.UUID, programme: Programme, now: datetime, staff_id: int | None = None) -> None:
    """Somebody says that they come: on Min plats, or to staff by telephone or at the door (`staff_id`).

    If a seat is free and nobody who can have it stands before them, it is theirs: they have just said that they want it.
    Else they wait like everybody, by the time of their application, and are not passed over any longer as not to be
    reached. Said again, it changes nothing. For siblings who wait together one says it for all.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if not facts.asked_to_come:
            return
        if facts.state != "queued":
            raise Conflict("enrolment_over")
        await heard_of(enrolment_id, now, staff_id)
        for row in await fetch(_SAID, enrolment_id):
            await note_event(row["id"], "coming", now, staff_id)
            await audit.note("queue:coming", f"enrolment/{row['id']}", staff_id, now)
        unit = await unit_of(await queries.enrolment(enrolment_id))
        new = await queries.applied_since([unit[0].enrolment_id], gate.kept_since)
        taken = gate.not_for_newcomers if new else gate.taken
        free = [number for number in range(1, gate.maximum + 1) if number not in taken]
        line = await order_queries.line(gate.cohort_id, now)
        before = [waiting for waiting in can_have(line, len(free)) if waiting.turn < unit[0].turn]
        if len(free) < len(unit) or before or _held_back(unit) or entry(gate.entry, now) is not None:
            await pass_on(await queries.lock_gate(gate.cohort_id, now), now)
            return
        await note_passed(gate.cohort_id, unit[0].enrolment_id, now)
        for one, seat in zip(unit, free, strict=False):
            await _take(one, seat, gate, programme, staff_id, now)


def _held_back(unit: Sequence[queries.EnrolmentFacts]) -> bool:
    """Whether one of them is passed over, or has yet to say that they come: each holds all of them back."""
    return any(one.skip_reason or one.asked_to_come for one in unit)


async def _take(
    facts: queries.EnrolmentFacts,
    seat: int,
    gate: queries.Gate,
    programme: Programme,
    staff_id: int | None,
    now: datetime,
) -> None:
    asks = asks_for_more(programme, facts.guardian_ticked)
    await execute(
        "update enrolment set state = $2, confirmed_at = $3, only_waited = false, together_id = null where id = $1",
        facts.enrolment_id,
        "preliminary" if asks else "confirmed",
        None if asks else now,
    )
    await take_seat(gate, facts.enrolment_id, seat)
    await note_event(facts.enrolment_id, "seated", now, staff_id)
    await tell("place_held" if asks else "place_confirmed", facts.enrolment_id)
