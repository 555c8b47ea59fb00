"""Putting right what is kept about a person (GDPR art. 16), where people are documented."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import Language
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.records import language_services
from programmes.enrolment.records.protection_services import ask_elsewhere, time_is_over
from programmes.enrolment.records.services import other_of, record_of
from programmes.enrolment.rules import ALIVE
from programmes.people import records
from programmes.people.record_rules import NotKept, as_kept, why_not_keep


async def correct(
    enrolment_id: UUID,
    right: records.PersonRecord,
    protected: bool,
    staff_id: int,
    keys: KeyFolder,
    now: datetime,
    seen: str | None = None,
    language: Language | None = None,
) -> None:
    """Keep a record as it is right. Of protected identity no contact is kept, and the calendar that there was ends. It is a
    note from which the record's years are counted anew, unless they have passed already.

    An age that was judged by another birth date is judged anew: if it doesn't fit, staff are warned and decide.

    Records elsewhere with the same number are hidden when this one becomes protected, and their own coordinators asked
    (`protection_services`). Whether the number stands somewhere else, protected or not, nobody learns here. A number that
    staff had read off a document was another one: that is taken back. `seen` is the `mark_of` the record that was shown,
    None to write whatever it says by now. `language` is what they are written to in from now on, None for as before.

    Raises:
        NotFound: no such enrolment, or nobody is documented there.
        Conflict: the record has been erased; `record_seen`, somebody has changed it since it was shown.
        NotKept: it is none that may be kept (`record_rules`).
    """
    if wrong := why_not_keep(as_kept(right, protected), local_date(now)):
        raise NotKept(wrong)
    async with transaction():
        # Two records of one number may be corrected in two groups at once, and each hides the other.
        await records.lock_numbers()
        shown = await _as_shown(enrolment_id, keys, now, seen)
        facts, person_id, was = shown.facts, shown.person_id, shown.record
        right_contact = _with_contact(right, protected, facts, keys)
        await _believe_another(facts, "" if protected else right_contact.contact, keys, now)
        action = await _write(person_id, right_contact, protected, keys, now)
        if _reached_otherwise(was, right_contact):
            await _judge_held_anew(person_id)
        if language is not None:
            await language_services.change(enrolment_id, language)
        await audit.note(action, f"participant/{person_id}", staff_id, now)
        if right.birth_date != was.birth_date:
            await _judge_age_anew(person_id)
        if right.number != was.number:
            await _number_unread(person_id)
        # What a record elsewhere only asks for is nobody's word yet, until it is kept here.
        if protected and (not facts.protected or facts.protection_asked or right.number != was.number):
            await ask_elsewhere(person_id, staff_id, keys, now)


@dataclass(frozen=True)
class _Shown:
    """Whose record it is, and what it says before it is put right."""

    facts: queries.EnrolmentFacts
    person_id: UUID
    record: records.PersonRecord


async def _as_shown(enrolment_id: UUID, keys: KeyFolder, now: datetime, seen: str | None) -> _Shown:
    """Read what is to be put right, under the lock of its cohort's gate. Raises what `correct` does."""
    await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
    facts = await queries.enrolment(enrolment_id)
    if facts.participant_id is None or facts.record is None:
        raise NotFound
    record = record_of(facts, keys, "rewrite")
    if record is None:
        raise Conflict("cohort_changed")
    if seen is not None and seen != mark_of(facts):
        raise Conflict("record_seen")
    return _Shown(facts, facts.participant_id, record)


def _with_contact(
    right: records.PersonRecord, protected: bool, facts: queries.EnrolmentFacts, keys: KeyFolder
) -> records.PersonRecord:
    """Who says that a record is not protected, as was asked, was not shown the contact that is still kept: it stays, unless
    another one is given."""
    if protected or right.contact or not facts.protection_asked or not facts.participant_id or not facts.record:
        return right
    kept = other_of(records.SealedRecord(facts.participant_id, facts.record, facts.cohort_id, protected=False), keys)
    return replace(right, contact=kept.contact, safe=kept.safe) if kept else right


def mark_of(facts: queries.EnrolmentFacts) -> str:
    """What tells the record as it is kept now from what it was before; it says nothing of what stands there."""
    assert facts.record is not None
    return hashlib.sha256(facts.record + (b"1" if facts.protected else b"0")).hexdigest()[:32]


async def _write(person_id: UUID, right: records.PersonRecord, protected: bool, keys: KeyFolder, now: datetime) -> str:
    """Write it, found by its number from now on. Returns how the trail calls that."""
    over = await time_is_over(person_id, now)
    await records.change(right, protected, keys, person_id, None if over else now)
    return "person:complete" if over else "person:correct"


async def _believe_another(facts: queries.EnrolmentFacts, contact: str, keys: KeyFolder, now: datetime) -> None:
    """Another address is not the one from which mail has come back, and what failed before did not go there."""
    if not facts.participant_id or not facts.record:
        return
    kept = other_of(records.SealedRecord(facts.participant_id, facts.record, facts.cohort_id, protected=False), keys)
    if kept is None or kept.contact.casefold() != contact.casefold():
        await execute(
            "update enrolment set contact_bounced = false where participant_id = $1 and contact_bounced",
            facts.participant_id,
        )
        await execute("update participant set contact_changed_at = $2 where id = $1", facts.participant_id, now)


def _reached_otherwise(was: records.PersonRecord, right: records.PersonRecord) -> bool:
    return (was.contact, was.safe, was.avoid) != (right.contact, right.safe, right.avoid)


async def _judge_held_anew(person_id: UUID) -> None:
    """What waits for its hour is looked at by what holds now, and before anything that is written later. A decision about
    a start (`notices.rules.OF_DECISIONS`) waits for as long as it can be taken back, whatever somebody's hours are."""
    await execute(
        r"""update notice n set look_again_at = null from enrolment e
            where e.id = n.enrolment_id and e.participant_id = $1 and n.state = 'waiting' and n.kind not like 'cohort\_%'""",
        person_id,
    )


async def _judge_age_anew(person_id: UUID) -> None:
    await execute(
        """update enrolment set declared_for = null, age_checked_for = null
           where participant_id = $1 and state = any($2::text[])""",
        person_id,
        sorted(ALIVE),
    )


async def _number_unread(person_id: UUID) -> None:
    """The number that staff had read off a document was another one."""
    await execute("update identity_check set number_read = false where participant_id = $1 and number_read", person_id)
