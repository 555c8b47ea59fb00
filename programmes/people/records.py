"""Protected records: everything about a person in one sealed text under a key of the person's own (DESIGN 6)."""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog

from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.sealing import KeyFolder, KeyGone, KeysAway, Unreadable
from programmes.people import lookup_services
from programmes.people.look_rules import Purpose
from programmes.people.looks import Look
from programmes.people.lookup_services import entries_of
from programmes.people.record_rules import PartnerRecord, PersonRecord, as_kept

__all__ = ["PartnerRecord", "PersonRecord"]

log = structlog.get_logger()


async def lock_numbers() -> None:
    """In the open transaction, before any other lock: protection spreads by number, one correction after the other."""
    await execute("select pg_advisory_xact_lock(hashtext('correct_record'))")


async def keep(record: PersonRecord, protected: bool, keys: KeyFolder, person_id: uuid.UUID, now: datetime) -> None:
    """Write a record in the open transaction. The key `person_id` must be on disk already (`keys.create("person")`). Of
    protected identity no contact is kept."""
    record = as_kept(record, protected)
    found_by = entries_of(record.name, record.number, record.contact, protected, keys)
    await execute(
        """with person as (insert into participant (id, sealed, protected_identity, created_at)
                          values ($1, $2, $3, $4) returning id)
           insert into person_lookup (participant_id, kind, digest, made_under)
           select person.id, term.kind, term.digest, $7
           from person, unnest($5::text[], $6::bytea[]) as term (kind, digest)""",
        person_id,
        keys.seal("person", person_id, json.dumps(asdict(record))),
        protected,
        now,
        [entry.kind for entry in found_by],
        [entry.digest for entry in found_by],
        lookup_services.made_under(keys),
    )


async def change(
    record: PersonRecord, protected: bool, keys: KeyFolder, person_id: uuid.UUID, noted_at: datetime | None
) -> None:
    """Write another content of a record, under the key that it has, in the open transaction. It is found by that from now
    on, and by nothing of what it was; whether it is protected is decided by this. `noted_at` is None when it is not to be
    kept longer for that. The row is locked first: a key that is being rotated may then become another. Of protected
    identity no contact is kept."""
    record = as_kept(record, protected)
    await execute("select 1 from participant where id = $1 for no key update", person_id)
    await execute(
        """update participant set sealed = $2, protected_identity = $3, protection_asked_at = null,
           changed_at = coalesce($4, changed_at) where id = $1""",
        person_id,
        keys.seal("person", person_id, json.dumps(asdict(record))),
        protected,
        noted_at,
    )
    await execute("delete from person_lookup where participant_id = $1", person_id)
    await _index(record, protected, keys, person_id)


async def seal_anew(person_id: uuid.UUID, keys: KeyFolder) -> None:
    """Seal a record's content, a participant's or a partner's, under the key that its own is becoming, in the open
    transaction that holds its row."""
    for table in ("participant", "partner_record"):
        sealed = await fetchval(f"select sealed from {table} where id = $1", person_id)
        if sealed is not None:
            again = keys.seal("person", person_id, keys.open("person", person_id, sealed))
            await execute(f"update {table} set sealed = $2 where id = $1", person_id, again)


async def index_anew(person_id: uuid.UUID, keys: KeyFolder) -> None:
    """Make a record findable under the key that its hashes' own is becoming, in the open transaction that holds its row."""
    row = await fetchrow("select sealed, protected_identity from participant where id = $1", person_id)
    record = _opened(person_id, row["sealed"], keys) if row else None
    if row is None or record is None:
        return
    await execute("delete from person_lookup where participant_id = $1", person_id)
    await _index(record, row["protected_identity"], keys, person_id)


async def _index(record: PersonRecord, protected: bool, keys: KeyFolder, person_id: uuid.UUID) -> None:
    found_by = entries_of(record.name, record.number, record.contact, protected, keys)
    await execute(
        """insert into person_lookup (participant_id, kind, digest, made_under)
           select $1, term.kind, term.digest, $4 from unnest($2::text[], $3::bytea[]) as term (kind, digest)
           on conflict do nothing""",
        person_id,
        [entry.kind for entry in found_by],
        [entry.digest for entry in found_by],
        lookup_services.made_under(keys),
    )


async def index_missing(keys: KeyFolder) -> int:
    """Make the records findable that were written before records could be searched, and those whose hashes lie under another
    key than there is, as in a backup from before that was rotated; returns how many. Until then nobody finds them by number,
    nor does protection by it."""
    rows = await fetch(
        """select id from participant p
           where not exists (select 1 from person_lookup l where l.participant_id = p.id)
              or exists (select 1 from person_lookup l where l.participant_id = p.id
                         and (l.made_under is null or l.made_under <> all($1::bytea[])))
           order by id""",
        lookup_services.fits(keys),
    )
    made = 0
    for row in rows:
        async with transaction():
            await execute("select 1 from participant where id = $1 for no key update", row["id"])
            made += await _index_or_leave(row["id"], keys)
    return made


async def _index_or_leave(person_id: uuid.UUID, keys: KeyFolder) -> bool:
    try:
        await index_anew(person_id, keys)
    except (Unreadable, KeysAway) as error:
        _only_this_one(error, keys)
        return False
    return True


@dataclass(frozen=True)
class SealedRecord:
    """A record as it lies in the database, and in which cohort it is looked at."""

    person_id: uuid.UUID
    content: bytes
    cohort_id: int
    protected: bool


async def same_number(person_id: uuid.UUID, keys: KeyFolder) -> list[uuid.UUID]:
    """This record and every other of the same person, which is who has the same number, the oldest first. The record is
    opened for its number alone, which goes nowhere: hashes can't be held against each other while their key is rotated.

    Raises:
        KeysAway: no record can be read at all.
    """
    row = await fetchrow("select sealed from participant where id = $1", person_id)
    record = _shown(person_id, row["sealed"], keys) if row else None
    return await lookup_services.same_number(person_id, record.number if record else "", keys)


async def hide_others(person_id: uuid.UUID, keys: KeyFolder, now: datetime) -> list[uuid.UUID]:
    """In the open transaction: every other record with the number of this one that is not of protected identity is shown as
    if it were, until somebody decides; nothing of it goes. Found by its number alone. Returns which."""
    rows = await fetch(
        """update participant set protected_identity = true, protection_asked_at = $2
           where id = any($1::uuid[]) and not protected_identity returning id""",
        [one for one in await same_number(person_id, keys) if one != person_id],
        now,
    )
    hidden = sorted(row["id"] for row in rows)
    await execute("delete from person_lookup where participant_id = any($1::uuid[]) and kind <> 'number'", hidden)
    return hidden


async def protected_others(person_id: uuid.UUID, keys: KeyFolder) -> list[uuid.UUID]:
    """The other records with the number of this one that are of protected identity."""
    rows = await fetch(
        "select id from participant where id = any($1::uuid[]) and protected_identity order by id",
        [one for one in await same_number(person_id, keys) if one != person_id],
    )
    return [row["id"] for row in rows]


async def protected_elsewhere(person_id: uuid.UUID, keys: KeyFolder) -> bool:
    """Whether another record with the number of this one is of protected identity."""
    return bool(await protected_others(person_id, keys))


def read(sealed: SealedRecord, keys: KeyFolder, by: Look | Purpose) -> PersonRecord | None:
    """The record, or None when its key has been destroyed.

    Who of staff looks leaves a line by it (`looks.looking`), and is shown None too for a record that can't be read: a list
    then says so of one person, and of the others what there is. The service itself says for what it reads; what it read then
    is shown to nobody but the person. Of protected identity nobody is shown a contact, nor is any used: there is one only
    until it is decided whether that stands (`hide_others`).

    Raises:
        Unreadable: for a purpose of the service, which must not go on as if there were nothing.
    """
    if not isinstance(by, Look):
        return _hidden(_opened(sealed.person_id, sealed.content, keys), sealed.protected)
    record = _hidden(_shown(sealed.person_id, sealed.content, keys), sealed.protected)
    by.see(sealed.person_id, sealed.cohort_id, sealed.protected, record.name if record else "")
    return record


def _hidden(record: PersonRecord | None, protected: bool) -> PersonRecord | None:
    return as_kept(record, protected) if record is not None else None


def _shown(person_id: uuid.UUID, content: bytes, keys: KeyFolder) -> PersonRecord | None:
    try:
        return _opened(person_id, content, keys)
    except (Unreadable, KeysAway) as error:
        _only_this_one(error, keys)
        return None


def _only_this_one(error: Exception, keys: KeyFolder) -> None:
    """Log that one record can't be read. Raises it again where the folder is away: then nothing can be said of any."""
    if isinstance(error, KeysAway) and not keys.usable():
        raise error
    log.error("record_unreadable", error=type(error).__name__)


def _opened(person_id: uuid.UUID, content: bytes, keys: KeyFolder) -> PersonRecord | None:
    try:
        found = json.loads(keys.open("person", person_id, content))
    except KeyGone:
        return None
    return PersonRecord(**{**found, "safe": tuple(found["safe"])})


def seal_partner(record: PartnerRecord, keys: KeyFolder, partner_id: uuid.UUID) -> bytes:
    """A partner's record under its own key, which must be on disk already (`keys.create("person")`).

    Raises:
        KeyGone: it isn't.
    """
    return keys.seal("person", partner_id, json.dumps(asdict(record)))


def read_partner(partner_id: uuid.UUID, content: bytes, cohort_id: int, keys: KeyFolder, look: Look) -> PartnerRecord | None:
    """A partner's record as staff of the cohort see it, or None when it can't be read.

    The look is at this record, under its own id: among the looks at the participant's, which the participant may ask for, it
    would say that there is a partner who may be contacted.
    """
    record = None
    try:
        found = json.loads(keys.open("person", partner_id, content))
        record = PartnerRecord(**{**found, "safe": tuple(found["safe"])})
    except (KeyGone, Unreadable, KeysAway) as error:
        _only_this_one(error, keys)
    look.see(partner_id, cohort_id, protected=False, name=record.name if record else "")
    return record
