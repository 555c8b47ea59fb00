"""Putting right what is kept about a person (GDPR art. 16), where people are documented."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.people import records


async def correct(
    enrolment_id: UUID,
    name: str,
    contact: str,
    safe: tuple[str, ...],
    avoid: str,
    staff_id: int,
    keys: KeyFolder,
    now: datetime,
) -> None:
    """Another name, contact, or what is safe. What else is kept stays; of protected identity no contact is kept.

    Raises:
        NotFound: no such enrolment, or nobody is documented there.
        Conflict: the record has been erased.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.participant_id is None or facts.record is None:
            raise NotFound
        record = records.read(facts.record, facts.participant_id, keys)
        if record is None:
            raise Conflict("cohort_changed")
        kept = "" if facts.protected else contact
        put_right = replace(record, name=name, contact=kept, safe=safe if kept else (), avoid=avoid)
        await records.change(put_right, keys, facts.participant_id)
        await audit.note("person:correct", f"participant/{facts.participant_id}", staff_id, now)
