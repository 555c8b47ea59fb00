"""Protected records: everything about a person in one sealed text under a key of the person's own (DESIGN 6)."""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from programmes.core.db import execute
from programmes.core.sealing import KeyFolder, KeyGone


@dataclass(frozen=True)
class PersonRecord:
    """What is kept about a participant of an individual-level programme. Dates as ISO text; `number` may be empty.

    `safe` lists what is safe to contact on: `sms`, `call`, `email`.
    """

    name: str
    birth_date: str = ""
    number: str = ""
    contact: str = ""
    safe: tuple[str, ...] = ()
    avoid: str = ""


async def keep(record: PersonRecord, protected: bool, keys: KeyFolder, person_id: uuid.UUID, now: datetime) -> None:
    """Write a record in the open transaction. The key `person_id` must be on disk already (`keys.create("person")`)."""
    sealed = keys.seal("person", person_id, json.dumps(asdict(record)))
    await execute(
        "insert into participant (id, sealed, protected_identity, created_at) values ($1, $2, $3, $4)",
        person_id,
        sealed,
        protected,
        now,
    )


async def change(record: PersonRecord, keys: KeyFolder, person_id: uuid.UUID) -> None:
    """Write another content of a record, under the key that it has, in the open transaction."""
    await execute(
        "update participant set sealed = $2 where id = $1",
        person_id,
        keys.seal("person", person_id, json.dumps(asdict(record))),
    )


def read(sealed: bytes, person_id: uuid.UUID, keys: KeyFolder) -> PersonRecord | None:
    """The record, or None when its key has been destroyed. Whoever calls this notes the look in the audit trail."""
    try:
        found = json.loads(keys.open("person", person_id, sealed))
    except KeyGone:
        return None
    return PersonRecord(**{**found, "safe": tuple(found["safe"])})
