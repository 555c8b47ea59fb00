"""Records that the archive takes over before they are erased: made into a file, handed over, confirmed as received."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.records.services import record_of
from programmes.oversight.retention import archive_queries as queries
from programmes.oversight.retention import queries as retention_queries
from programmes.oversight.retention import services as retention_services
from programmes.oversight.retention.archive_rules import packed, typed_fits
from programmes.people.looks import Look
from programmes.settings import Settings


def may_hand_over(who: Principal, way: retention_queries.Way) -> bool:
    """Whether somebody coordinates every programme that a person has been in: a whole record leaves with them."""
    return all(who.coordinates(section) for section in way.sections)


async def for_archive(who: Principal, settings: Settings, keys: KeyFolder, now: datetime) -> list[UUID]:
    """The records that wait for the archive, of those that somebody may hand over. What cannot be read is left out: the
    nightly run tells of it."""
    due = await retention_queries.due_records(local_date(now))
    found = [way.person_id for way in await retention_queries.ways(due) if may_hand_over(who, way)]
    fates = await retention_services.fates(found, settings.archive, keys, now)
    return sorted(one for one, fate in fates.items() if fate == "archive")


async def make(people: Sequence[UUID], look: Look, settings: Settings, keys: KeyFolder, now: datetime) -> tuple[UUID, bytes]:
    """A file of these records, for the one who looks to hand over; its id and content. Everybody in it is seen by `look`."""
    batch_id = uuid4()
    content = await _content(batch_id, sorted(people), look, settings, keys, now)
    async with transaction():
        await execute(
            "insert into archive_batch (id, made_at, made_by, records, digest) values ($1, $2, $3, $4, $5)",
            batch_id,
            now,
            look.who.staff_id,
            len(people),
            hashlib.sha256(content).digest(),
        )
        await execute(
            "insert into archive_item (batch_id, participant_id) select $1, * from unnest($2::uuid[])",
            batch_id,
            sorted(people),
        )
        await audit.note("archive:make", f"archive/{batch_id}", look.who.staff_id, now)
    return batch_id, content


async def again(batch_id: UUID, look: Look, settings: Settings, keys: KeyFolder) -> bytes:
    """The content of a file that was made, to be taken home. Everybody in it is seen by `look`.

    Raises:
        NotFound: there is no such file of theirs, or its records have been erased.
        Conflict: a record has been changed since: another file is to be made.
    """
    batch = await mine(batch_id, look.who)
    people = await queries.in_batch(batch_id)
    if len(people) != batch.records:
        raise NotFound
    content = await _content(batch_id, people, look, settings, keys, batch.made_at)
    if hashlib.sha256(content).digest() != batch.digest:
        raise Conflict("record_changed")
    return content


async def mine(batch_id: UUID, who: Principal) -> queries.Batch:
    """A file that somebody has made, while every record in it is theirs to hand over. Raises NotFound for any other."""
    batch = await queries.batch(batch_id)
    if batch is None or batch.made_by != who.staff_id:
        raise NotFound
    ways = await retention_queries.ways(await queries.in_batch(batch_id))
    if not all(may_hand_over(who, way) for way in ways):
        raise NotFound
    return batch


async def confirm(batch_id: UUID, typed: str, who: Principal, now: datetime) -> bool:
    """Note that the archive has received a file, by the checksum that its receipt says; False when that is another's. The
    next run then erases its records. Said again, it changes nothing.

    Raises:
        NotFound: there is no such file of theirs.
    """
    batch = await mine(batch_id, who)
    if not typed_fits(typed, batch.digest):
        return False
    async with transaction():
        if await execute(
            """update archive_batch set confirmed_at = $2, confirmed_by = $3
               where id = $1 and confirmed_at is null returning 1""",
            batch_id,
            now,
            who.staff_id,
        ):
            await audit.note("archive:confirm", f"archive/{batch_id}", who.staff_id, now)
    return True


async def _content(
    batch_id: UUID, people: Sequence[UUID], look: Look, settings: Settings, keys: KeyFolder, made_at: datetime
) -> bytes:
    ways = {way.person_id: way.enrolment_id for way in await retention_queries.ways(people)}
    records = [await _record(ways[one], look, keys) for one in people if one in ways]
    return packed(records, settings.municipality, str(batch_id), made_at)


async def _record(enrolment_id: UUID, look: Look, keys: KeyFolder) -> dict[str, Any]:
    facts = await enrolments.enrolment(enrolment_id)
    record = record_of(facts, keys, look)
    if record is None or facts.participant_id is None:
        raise Conflict("record_changed")
    return {
        "id": str(facts.participant_id),
        **{**asdict(record), "safe": list(record.safe)},
        "protected_identity": facts.protected,
        "ways": await queries.ways_for_archive(facts.participant_id),
    }
