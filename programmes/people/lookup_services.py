"""Finding a record without opening any: by a keyed hash of exactly what is known (DESIGN 6)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from programmes.core.db import fetch
from programmes.core.sealing import KeyFolder
from programmes.people.lookup_rules import Kind, asked, terms

_KEY = "search"


class Entry(NamedTuple):
    """One way to a record: what kind of term it is, and its keyed hash."""

    kind: Kind
    digest: bytes


def _entries(found: Mapping[Kind, str], key: bytes) -> list[Entry]:
    return [Entry(kind, hmac.digest(key, f"{kind}:{term}".encode(), hashlib.sha256)) for kind, term in found.items()]


def entries_of(name: str, number: str, contact: str, protected: bool, keys: KeyFolder) -> list[Entry]:
    """What a record with this content is found by."""
    return _entries(terms(name, number, contact, protected), keys.newest_service_key(_KEY))


def fingerprint(key: bytes) -> bytes:
    """What tells a key from another one, and says nothing of it."""
    return hmac.digest(key, b"fingerprint", hashlib.sha256)[:8]


def made_under(keys: KeyFolder) -> bytes:
    """The fingerprint of the key under which hashes are made from now on."""
    return fingerprint(keys.newest_service_key(_KEY))


def fits(keys: KeyFolder) -> list[bytes]:
    """The fingerprints of the keys under which something is found."""
    return [fingerprint(key) for key in keys.service_keys(_KEY)]


async def find(typed: str, keys: KeyFolder) -> list[UUID]:
    """The records with exactly this number, name or contact channel. Whoever calls this notes the search."""
    # While the key is rotated some records are found by the one, some by the other (decision 20).
    wanted = [entry for key in keys.service_keys(_KEY) for entry in _entries(asked(typed), key)]
    rows = await fetch(
        """select distinct participant_id from person_lookup l
           join unnest($1::text[], $2::bytea[]) as wanted (kind, digest) using (kind, digest)""",
        [entry.kind for entry in wanted],
        [entry.digest for entry in wanted],
    )
    return [row["participant_id"] for row in rows]


def _by_number(number: str, keys: KeyFolder) -> list[Entry]:
    """What records with this number are found by, under every key in force."""
    found = terms("", number, "", True)
    return [entry for key in keys.service_keys(_KEY) for entry in _entries(found, key)]


async def same_number(person_id: UUID, number: str, keys: KeyFolder) -> list[UUID]:
    """This record, whose number is given, and every other with the same personal identity number, the oldest first. A name
    or a contact channel may be somebody else's too, so they make nobody the same person.

    Without its number (it can't be read) only those are found whose hash is under the same key.
    """
    # While the key is rotated one person's records have unlike hashes: each is looked for under both keys.
    wanted = _by_number(number, keys)
    rows = await fetch(
        """with wanted as (
               select * from unnest($2::text[], $3::bytea[]) as term (kind, digest)
               union select kind, digest from person_lookup where participant_id = $1 and kind = 'number')
           select id from participant
           where id = $1 or id in (select participant_id from person_lookup join wanted using (kind, digest))
           order by created_at, id""",
        person_id,
        [entry.kind for entry in wanted],
        [entry.digest for entry in wanted],
    )
    return [row["id"] for row in rows]
