"""What is there: read from the tables, the key folder, the boxes and the two that take messages."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from drills.audit import Box, Entry, Found, Message, Register, Seat
from drills.house import House
from drills.town import Town
from programmes.evaluation import keys, rules

# With it goes what only a release before or a restore would leave; the load's own groups only.
_ENTRIES = """
select encode(e.once_digest, 'hex') as mark, e.cohort_id::text as group, e.state, e.arrival, e.turn::float8 as turn,
       e.key_id, e.participant_id, e.ended_at is not null as ended, e.undo_until is not null as kept, p.id as person_key,
       exists (select from queue_event q where q.enrolment_id = e.id and q.kind in ('applied', 'applied_queue')) as applied,
       (p.id is not null) = (g.section = '2.8') as named
from enrolment e join cohort c on c.id = e.cohort_id join programme g on g.id = c.programme_id
left join participant p on p.id = e.participant_id
where e.cohort_id = any($1::int[])
"""
_SEATS = """
select s.cohort_id::text as group, s.number, c.maximum, encode(e.once_digest, 'hex') as mark
from seat s join cohort c on c.id = s.cohort_id join enrolment e on e.id = s.enrolment_id where s.cohort_id = any($1::int[])
"""
_NOTICES = """
select encode(e.once_digest, 'hex') as mark, n.kind, count(*) as times
from notice n join enrolment e on e.id = n.enrolment_id
where e.once_digest is not null and n.kind in ('place_held', 'queued', 'place_left') group by 1, 2
"""
# Held for the night, tried again in a minute, or still a job of the queue: whose message is to come.
_TO_COME = """
select encode(e.once_digest, 'hex') as mark from enrolment e
where e.once_digest is not null
  and (exists (select from notice n where n.enrolment_id = e.id and n.state = 'waiting')
       or exists (select from pgqueuer q where position(e.id::text in convert_from(q.payload, 'UTF8')) > 0))
"""
_COUNTS = "select session_id, women || '-' || men || '-' || other as value from head_count where session_id = any($1::int[])"
_MARKS = """
select session_id, string_agg(mark, ',' order by enrolment_id::text) as value from attendance
where session_id = any($1::int[]) group by session_id
"""
_CHANGES = """
select substr(subject, 9)::int as session_id, count(*) as times from audit_entry where action = 'attendance:note' group by 1
"""


async def found(house: House, town: Town) -> Found:
    """Everything that the auditor holds against the ledger. Nothing is being written meanwhile."""
    owner = await asyncpg.connect(house.settings.database_url)
    try:
        groups = [cohort_id for cohort_id, _ in (*town.exempt, *town.documented)]
        entries = [_entry(house, row) for row in await owner.fetch(_ENTRIES, groups)]
        seats = [Seat(**row) for row in await owner.fetch(_SEATS, groups)]
        notices = {(row["mark"], row["kind"]): row["times"] for row in await owner.fetch(_NOTICES)}
        return Found(
            entries, seats, await _registers(owner, town), await _boxes(house, owner, town), notices, messages(house),
            frozenset(row["mark"] for row in await owner.fetch(_TO_COME)),
        )  # fmt: skip
    finally:
        await owner.close()


def _entry(house: House, row: asyncpg.Record) -> Entry:
    folder = house.settings.key_folder
    keyed = [("entry", row["key_id"]), ("person", row["person_key"])]
    key = all((folder / kind / str(one)[:2] / f"{one}.key").exists() for kind, one in keyed if one is not None)
    # What ended can be undone for an hour, and goes after that.
    has_key = key and (row["key_id"] is not None or row["participant_id"] is not None or row["state"] == "withdrawn")
    return Entry(
        row["mark"] or "", row["group"], row["state"], row["arrival"], row["turn"], row["applied"], row["named"], has_key,
        row["ended"] or row["kept"],
    )  # fmt: skip


async def _registers(owner: asyncpg.Connection, town: Town) -> dict[str, Register]:
    sessions = [*town.counted, *town.named]
    values = {row["session_id"]: row["value"] for row in await owner.fetch(_COUNTS, sessions)}
    values |= {row["session_id"]: row["value"] for row in await owner.fetch(_MARKS, sessions)}
    changes = {row["session_id"]: row["times"] for row in await owner.fetch(_CHANGES)}
    held = {row["id"] for row in await owner.fetch("select id from cohort_session where state = 'held'")}
    return {str(one): Register(values.get(one, ""), changes.get(one, 0), one in held) for one in sessions}


async def _boxes(house: House, owner: asyncpg.Connection, town: Town) -> dict[str, Box]:
    """Every answer is opened with the worker's key: the drill's own votes say which they are."""
    printed = Counter(box for box, _ in town.slips)
    unused = await owner.fetch("select ballot_id, count(*) as times from slip group by 1")
    left = {row["ballot_id"]: row["times"] for row in unused}
    marks: dict[UUID, list[str]] = defaultdict(list)
    opener = keys.BallotKeys(house.settings.ballot_key_folder, house.settings.key_folder)
    for row in await owner.fetch("select ballot_id, blob from sealed_answer"):
        marks[row["ballot_id"]].append(str(rules.unpadded(opener.open(row["ballot_id"], row["blob"])).texts["good"]))
    return {str(box): Box(number, left.get(box, 0), marks[box]) for box, number in printed.items()}


def messages(house: House) -> Sequence[Message]:
    mails = [Message(str(mail["Message-ID"]), str(mail["To"])) for mail in house.peer.taken]
    return mails + [Message(text["key"], text["to"]) for text in house.gateway.taken]


async def settled(house: House) -> bool:
    """Whether the worker has nothing left to do just now."""
    owner = await asyncpg.connect(house.settings.database_url)
    try:
        return not await owner.fetchval(
            """select exists (select from notice where state = 'waiting' and look_again_at is null)
                   or exists (select from pgqueuer where status in ('queued', 'picked', 'failed'))"""
        )
    finally:
        await owner.close()
