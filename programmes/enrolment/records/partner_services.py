"""A partner's record (2.14): kept beside the participant's while their consent stands, never part of it."""

import uuid
from datetime import datetime

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.db import execute, fetchval, transaction
from programmes.core.erasure import destroy_key
from programmes.core.errors import Conflict, NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.records.partner_queries import mark_of, over, partner_of
from programmes.enrolment.records.partner_rules import has_partner_contact, may_keep
from programmes.people import records
from programmes.people.record_rules import NotKept, why_not_keep_partner

__all__ = ["erase_over", "erase_without_consent", "has_partner_contact", "keep", "may_keep", "remove"]

_OVER = "partner: no consent, or no place any more"
_REMOVED = "partner: removed by staff"


async def _may_keep(facts: queries.EnrolmentFacts) -> bool:
    """Raises NotFound where the programme has no contact with partners."""
    programme = await catalogue.programme((await cohorts.by_id(facts.cohort_id)).programme_id)
    asked = has_partner_contact(programme)
    if not asked:
        raise NotFound
    return may_keep(asked, facts.state, facts.participant_id is not None, facts.partner_consent)


async def keep(
    enrolment_id: uuid.UUID,
    record: records.PartnerRecord,
    staff_id: int,
    keys: KeyFolder,
    now: datetime,
    seen: str | None = None,
) -> None:
    """Write down whom staff may contact, or another content of it under the key that it has.

    A record that can't be read any more is replaced, under a new key; the old one is destroyed. `seen` is the `mark_of` what
    was shown, None to write whatever is there by now.

    Raises:
        NotFound: no such enrolment, or the programme has no contact with partners.
        Conflict: there is no consent, or no place any more; `record_seen`, something else is kept than was shown, nothing
            any more, or it was another consent. Nothing is written.
        NotKept: it is none that may be kept (`record_rules`).
    """
    if wrong := why_not_keep_partner(record):
        raise NotKept(wrong)
    key_id = keys.create("person")
    used = False
    try:
        async with transaction():
            await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
            facts = await queries.enrolment(enrolment_id)
            if not await _may_keep(facts):
                raise Conflict("no_consent")
            if seen is not None and seen != await mark_of(enrolment_id):
                raise Conflict("record_seen")
            before = await partner_of(enrolment_id)
            if before is not None:
                await _erase(before.partner_id, keys, _REMOVED, now)
            await execute(
                "insert into partner_record (id, enrolment_id, sealed, kept_at) values ($1, $2, $3, $4)",
                key_id,
                enrolment_id,
                records.seal_partner(record, keys, key_id),
                now,
            )
            await audit.note("partner:keep", f"enrolment/{enrolment_id}", staff_id, now)
            used = True
    finally:
        if not used:
            keys.discard("person", key_id)


async def remove(enrolment_id: uuid.UUID, staff_id: int, keys: KeyFolder, now: datetime) -> None:
    """Erase a partner's record, also one that was saved after who says so had looked: it can be asked for once more, and
    what was erased too late cannot be taken back. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: the person has been moved, and what is kept about a partner went along. Nothing is erased: only who works
            with that start decides of it, and whether there is anything is not said here.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        if (await queries.enrolment(enrolment_id)).state == "transferred":
            raise Conflict("partner_moved")
        if before := await partner_of(enrolment_id):
            await _erase(before.partner_id, keys, _REMOVED, now)
            await audit.note("partner:remove", f"enrolment/{enrolment_id}", staff_id, now)


async def erase_without_consent(enrolment_id: uuid.UUID, keys: KeyFolder, now: datetime) -> None:
    """In the transaction that takes the consent back: the record goes with it."""
    if before := await partner_of(enrolment_id):
        await _erase(before.partner_id, keys, _OVER, now)


async def erase_over(keys: KeyFolder, now: datetime) -> None:
    """The worker's tick: records whose time is over go, whatever ended it. Safe to run twice and late: nobody reads them."""
    for partner_id in await over():
        async with transaction():
            # Read anew under the lock: who undid leaving in between keeps it.
            locked = await fetchval("select id from partner_record where id = $1 for update", partner_id)
            if locked is not None and partner_id in await over():
                await _erase(partner_id, keys, _OVER, now)


async def _erase(partner_id: uuid.UUID, keys: KeyFolder, why: str, now: datetime) -> None:
    await destroy_key(keys, "person", partner_id, why, now)
    await execute("delete from partner_record where id = $1", partner_id)
