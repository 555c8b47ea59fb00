"""What becomes of those who waited in vain: their entry ends, and a record of a person who never got a place goes."""

import uuid
from datetime import datetime

from programmes.core.clock import local_date
from programmes.core.db import fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.restoring import Restoring, beside_no_restore
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.records import erasing_services
from programmes.enrolment.rules import ALIVE
from programmes.enrolment.waiting_rules import queue_over
from programmes.people.hold_queries import is_held

_HAD_A_PLACE = "select true from enrolment where participant_id = $1 and not only_waited limit 1"
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
    """Erase the record of somebody who never got a place (DESIGN 6). Not while it is held, nor while a backup is put back,
    nor if they have had a place elsewhere: then it is kept as long as that asks for."""
    try:
        async with transaction():
            person_id = (await queries.enrolment(enrolment_id)).participant_id
            if person_id is None or not await erasing_services.lock_person(person_id):
                return
            await beside_no_restore(keys)
            facts = await queries.enrolment(enrolment_id)
            if not facts.only_waited or facts.state in ALIVE or facts.undo_until:
                return
            if await is_held(person_id, local_date(now)) or await fetchval(_HAD_A_PLACE, person_id):
                return
            await erasing_services.erase_person(person_id, _WAITED, keys, now)
    except (NotFound, Restoring):
        return
