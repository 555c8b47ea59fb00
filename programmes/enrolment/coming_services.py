"""„Jag kommer“: who was put into the queue among many at once says that they mean it, and waits no longer than others."""

import uuid
from datetime import datetime

from programmes.catalogue.rules import Programme
from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import order_queries, queries
from programmes.enrolment.queue_services import note_event, pass_on, take_seat, tell
from programmes.enrolment.rules import asks_for_more, entry, lowest_free


async def coming(enrolment_id: uuid.UUID, programme: Programme, now: datetime, staff_id: int | None = None) -> None:
    """Somebody says that they come: on Min plats, or to staff by telephone or at the door (`staff_id`).

    If a seat is free and nobody who can have it stands before them, it is theirs: they have just said that they want it.
    Else they wait like everybody, by the time of their application. Said again, it changes nothing.

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
        await execute("update enrolment set asked_to_come = false where id = $1", enrolment_id)
        await note_event(enrolment_id, "coming", now, staff_id)
        await audit.note("queue:coming", f"enrolment/{enrolment_id}", staff_id, now)
        before = [w for w in await order_queries.line(gate.cohort_id) if w.turn < facts.turn and not w.passed_over]
        seat = lowest_free(gate.taken, gate.maximum)
        if seat is None or before or facts.skip_reason or entry(gate.entry, now) is not None:
            await pass_on(gate, now)
            return
        asks = asks_for_more(programme, facts.guardian_ticked)
        await execute(
            "update enrolment set state = $2, confirmed_at = $3, only_waited = false where id = $1",
            enrolment_id,
            "preliminary" if asks else "confirmed",
            None if asks else now,
        )
        await take_seat(gate, enrolment_id, seat)
        await note_event(enrolment_id, "accepted", now, staff_id)
        await tell("place_held" if asks else "place_confirmed", enrolment_id)
