"""A free place that no offer could be answered for in time: staff give it to the first in the queue who says yes to them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue.rules import Programme
from programmes.core import audit
from programmes.core.db import transaction
from programmes.core.errors import Conflict, NotFound
from programmes.enrolment import queries, services
from programmes.enrolment.queue import order_queries
from programmes.enrolment.queue.services import note_passed, offer
from programmes.enrolment.rules import entry
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.waiting_rules import LEAST_TO_ANSWER


@dataclass(frozen=True)
class Seatable:
    """Who is the first in the queue that can have a place now (siblings who wait together are several), and how many are
    free."""

    people: Sequence[uuid.UUID]
    free: int


async def seatable(cohort_id: int, now: datetime) -> Seatable | None:
    """To whom staff can give a free place now; None when nobody waits for one, none is free, or an offer can be made. For
    showing: `seat_next` looks again. Raises NotFound."""
    if await order_queries.where_waiting_leads(cohort_id, now) != "word":
        return None
    async with transaction():
        return await _first(await queries.lock_gate(cohort_id, now))


async def _first(gate: queries.Gate) -> Seatable | None:
    free = gate.maximum - len(gate.taken)
    first = await together_queries.next_in_line(gate.cohort_id, free) if free > 0 else []
    # Whose age is of another day is judged first, and what is kept is kept, as before any offer.
    if not first or await queries.kept_from(first, free, gate.kept, gate.kept_since):
        return None
    return Seatable(first, free) if await queries.age_checked(first, gate.first_start) else None


async def seat_next(cohort_id: int, enrolment_id: uuid.UUID, programme: Programme, staff_id: int, now: datetime) -> None:
    """Somebody said yes to staff, by telephone or at the door: an offer, and the answer to it, in one. Only to who is next,
    and until the last session of entry begins. Siblings who wait together said yes with it. Said again, it changes nothing.

    Raises:
        NotFound: nobody of this cohort.
        Conflict: `not_waiting`; `not_next`, somebody else is, no place is free, or nobody can enter any more.
    """
    async with transaction():
        gate = await queries.lock_gate(cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.cohort_id != cohort_id:
            raise NotFound
        if facts.state in {"preliminary", "confirmed"}:
            return
        if facts.state != "queued":
            raise Conflict("not_waiting")
        first = await _first(gate)
        if first is None or enrolment_id not in first.people or entry(gate.entry, now) is not None:
            raise Conflict("not_next")
        if gate.waits_aside:
            await note_passed(cohort_id, first.people[0], now)
        # It is answered in the same transaction: no message says that it was made.
        await offer(gate, gate.taken, first.people, now + LEAST_TO_ANSWER, now, staff_id)
        for one in first.people:
            await audit.note("queue:seat_next", f"enrolment/{one}", staff_id, now)
        await services.accept_offer(enrolment_id, programme, now)
