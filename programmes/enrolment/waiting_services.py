"""What becomes of those who waited in vain: their entry ends, and a record of a person who never got a place goes."""

import uuid
from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.erasure import destroy_key
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.rules import ALIVE, queue_over

_WAITED = "person: never got a place, and the queue is over"


async def end_waiting(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """End it for somebody who waits, if the queue is over. Whoever has left or been let in since is left alone."""
    try:
        async with transaction():
            gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
            if (await queries.enrolment(enrolment_id)).state == "queued" and queue_over(gate.entry, now):
                await services.end(enrolment_id, "expired", keys, now, frozenset({"queued"}))
    except NotFound:
        return


async def erase_waited(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """Destroy the key of a record of somebody who never got a place, and delete the record (DESIGN 6)."""
    try:
        async with transaction():
            await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
            facts = await queries.enrolment(enrolment_id)
            if facts.participant_id is None or not facts.only_waited or facts.state in ALIVE or facts.undo_until:
                return
            await destroy_key(keys, "person", facts.participant_id, _WAITED, now)
            await execute("delete from enrolment where id = $1", enrolment_id)
            await execute("delete from participant where id = $1", facts.participant_id)
            await audit.note("person:erase", f"participant/{facts.participant_id}", None, now)
    except NotFound:
        return
