"""Putting right what is kept about a person (GDPR art. 16), where people are documented."""

import hashlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.jobs import put
from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, period_end
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.person.note_queries import last_notes
from programmes.enrolment.records.services import other_of, record_of
from programmes.enrolment.rules import ALIVE
from programmes.people import records
from programmes.people.lookup_services import is_protected


async def correct(
    enrolment_id: UUID,
    right: records.PersonRecord,
    protected: bool,
    staff_id: int,
    keys: KeyFolder,
    now: datetime,
    seen: str | None = None,
    open_meant: bool = False,
) -> None:
    """Keep a record as it is right. Of protected identity no contact is kept, and the calendar that there was ends. It is a
    note from which the record's years are counted anew, unless they have passed already.

    An age that was judged by another birth date is judged anew: if it doesn't fit, staff are warned and decide.

    Protected identity belongs to the person: with it every record of the same number is protected. A record that gets the
    number of a protected one is not by itself, as somebody else may have given that number: staff are asked, and say that
    it is `open_meant`. `seen` is the `mark_of` the record that was shown, None to write whatever it says by now.

    Raises:
        NotFound: no such enrolment, or nobody is documented there.
        Conflict: the record has been erased; `record_seen`, somebody has changed it since it was shown; `number_protected`,
            the number is a protected record's, and nothing is written.
    """
    async with transaction():
        # Two records of one number may be corrected in two groups at once, and each writes the other.
        await records.lock_numbers()
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.participant_id is None or facts.record is None:
            raise NotFound
        record = record_of(facts, keys, "rewrite")
        if record is None:
            raise Conflict("cohort_changed")
        if seen is not None and seen != mark_of(facts):
            raise Conflict("record_seen")
        another_number = right.number not in {"", record.number}
        if another_number and not protected and not open_meant and await is_protected(right.number, keys):
            raise Conflict("number_protected")
        action = await _write(facts.participant_id, right, protected, keys, now)
        await audit.note(action, f"participant/{facts.participant_id}", staff_id, now)
        if right.birth_date != record.birth_date:
            await _judge_age_anew(facts.participant_id)
        if protected and (not facts.protected or right.number != record.number):
            await _protect_all(facts.participant_id, staff_id, keys, now)


def mark_of(facts: queries.EnrolmentFacts) -> str:
    """What tells the record as it is kept now from what it was before; it says nothing of what stands there."""
    assert facts.record is not None
    return hashlib.sha256(facts.record + (b"1" if facts.protected else b"0")).hexdigest()[:32]


async def _write(person_id: UUID, right: records.PersonRecord, protected: bool, keys: KeyFolder, now: datetime) -> str:
    """Write it, found by its number from now on. Returns how the trail calls that."""
    over = await _time_is_over(person_id, now)
    kept = replace(right, contact="", safe=()) if protected else right
    await records.change(kept, protected, keys, person_id, None if over else now)
    return "person:complete" if over else "person:correct"


async def _judge_age_anew(person_id: UUID) -> None:
    await execute(
        """update enrolment set declared_for = null, age_checked_for = null
           where participant_id = $1 and state = any($2::text[])""",
        person_id,
        sorted(ALIVE),
    )


async def _protect_all(person_id: UUID, staff_id: int, keys: KeyFolder, now: datetime) -> None:
    """This record is protected from now on: so is every other with its number, and the calendars of all of them end."""
    others = [
        (other.person_id, other_of(other, keys)) for other in await records.unprotected_with_number_of(person_id, keys)
    ]
    for other_id, record in others:
        if record is not None:
            action = await _write(other_id, record, True, keys, now)
            await audit.note(action, f"participant/{other_id}", staff_id, now)
    people = [person_id, *(other_id for other_id, _record in others)]
    ways = "select id, participant_id from enrolment where participant_id = any($1::uuid[]) order by id"
    for row in await fetch(ways, people):
        await put("person_protected", {"enrolment": str(row["id"]), "person": str(row["participant_id"])})


async def _time_is_over(person_id: UUID, now: datetime) -> bool:
    """Whether the years after the last note have passed: what is put right then, as a birth date that says whether the
    record goes to the archive, keeps it no longer."""
    noted = (await last_notes([person_id])).get(person_id, now)
    years, unit = await amount_of("protected_record"), RULES["protected_record"].unit
    return local_date(now) > period_end(local_date(noted), years, unit)
