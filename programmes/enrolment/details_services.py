"""Putting right what is kept about a person (GDPR art. 16), where people are documented."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.jobs import put
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.record_services import record_of
from programmes.enrolment.rules import ALIVE
from programmes.people import records


async def correct(
    enrolment_id: UUID,
    right: records.PersonRecord,
    protected: bool,
    staff_id: int,
    keys: KeyFolder,
    now: datetime,
) -> None:
    """Keep a record as it is right. Of protected identity no contact is kept, and the calendar that there was ends.

    An age that was judged by another birth date is judged anew: if it doesn't fit, staff are warned and decide.

    Raises:
        NotFound: no such enrolment, or nobody is documented there.
        Conflict: the record has been erased.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.participant_id is None or facts.record is None:
            raise NotFound
        record = record_of(facts, keys, "rewrite")
        if record is None:
            raise Conflict("cohort_changed")
        kept = replace(right, contact="", safe=()) if protected else right
        await records.change(kept, protected, keys, facts.participant_id, now)
        if kept.birth_date != record.birth_date:
            await execute(
                """update enrolment set declared_for = null, age_checked_for = null
                   where participant_id = $1 and state = any($2::text[])""",
                facts.participant_id,
                sorted(ALIVE),
            )
        if protected and not facts.protected:
            await put("person_protected", {"enrolment": str(enrolment_id)})
        await audit.note("person:correct", f"participant/{facts.participant_id}", staff_id, now)
