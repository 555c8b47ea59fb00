"""Protected identity belongs to the person, and a number only says who somebody may be: records elsewhere with the number of
one that becomes protected are hidden at once, and lose nothing, until the coordinator there has decided (decision 35)."""

from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import fetch, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.jobs import put
from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, period_end
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.person.note_queries import last_notes
from programmes.enrolment.records.services import other_of
from programmes.people import records
from programmes.people.looks import Look


async def ask_elsewhere(person_id: UUID, staff_id: int, keys: KeyFolder, now: datetime) -> None:
    """In the open transaction, under `records.lock_numbers`: staff have said that this record is protected. Every other with
    its number is hidden from now on, and its calendars end; whoever said it learns nothing of them."""
    hidden = await records.hide_others(person_id, keys, now)
    for other_id in hidden:
        await audit.note("person:protection_asked", f"participant/{other_id}", staff_id, now)
    await end_calendars([person_id, *hidden])


async def end_calendars(people: list[UUID]) -> None:
    """In the open transaction: the calendars of these records end, as soon as the worker comes to it."""
    ways = "select id, participant_id from enrolment where participant_id = any($1::uuid[]) order by id"
    for row in await fetch(ways, people):
        await put("person_protected", {"enrolment": str(row["id"]), "person": str(row["participant_id"])})


async def decide(enrolment_id: UUID, protected: bool, staff_id: int, keys: KeyFolder, now: datetime) -> None:
    """The coordinator's answer: it is protected, and its contact goes; or it is not, and is as it was.

    Raises:
        NotFound: no such enrolment, or nobody is documented there.
        Conflict: `cohort_changed`, nobody asks that (any more).
    """
    async with transaction():
        await records.lock_numbers()
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.participant_id is None or facts.record is None:
            raise NotFound
        # As it lies there: what is hidden of a protected record is what this is about.
        whole = records.SealedRecord(facts.participant_id, facts.record, facts.cohort_id, protected=False)
        record = other_of(whole, keys) if facts.protection_asked else None
        if record is None:
            raise Conflict("cohort_changed")
        noted_at = None if await time_is_over(facts.participant_id, now) else now
        await records.change(record, protected, keys, facts.participant_id, noted_at)
        action = "person:protected" if protected else "person:not_protected"
        await audit.note(action, f"participant/{facts.participant_id}", staff_id, now)


async def elsewhere(facts: queries.EnrolmentFacts, look: Look, keys: KeyFolder) -> bool:
    """Whether another record with this one's number is of protected identity, for the coordinator, who is to check whose
    number it is. That this was told of those others is a look at each of them."""
    if facts.participant_id is None or facts.protected:
        return False
    others = await records.protected_others(facts.participant_id, keys)
    rows = await fetch(
        "select distinct participant_id, cohort_id from enrolment where participant_id = any($1::uuid[])", others
    )
    for row in rows:
        look.see(row["participant_id"], row["cohort_id"], protected=True)
    return bool(others)


async def time_is_over(person_id: UUID, now: datetime) -> bool:
    """Whether the years after the last note have passed: what is put right then, as a birth date that says whether the
    record goes to the archive, keeps it no longer."""
    noted = (await last_notes([person_id])).get(person_id, now)
    years, unit = await amount_of("protected_record"), RULES["protected_record"].unit
    return local_date(now) > period_end(local_date(noted), years, unit)
