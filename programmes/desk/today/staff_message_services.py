"""What members of staff are told at once: rows by which a mail goes, in the transaction of what it tells of."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from programmes.core import jobs
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.desk.today import staff_message_queries as queries
from programmes.desk.today.staff_belief_rules import Believed, merged, read, written
from programmes.desk.today.staff_message_rules import Kind, Message, is_current
from programmes.notices import rules as notices

SEND = "staff_messages"
# That somebody was told is of no use to anybody after that.
_KEPT = timedelta(days=30)
_NAMESPACE = UUID("6b1c5d0e-6f0a-5a7e-9a55-0e6a1f3f2c11")


async def tell(kind: Kind, staff: Iterable[int], session_id: int, subject: str, now: datetime) -> None:
    """In the open transaction: a mail to each of these with an address. `subject` tells one event from the next of its kind;
    told again, nothing changes. A mail says how it is as it goes, so one of the kind that waits is outrun by this."""
    made = 0
    for staff_id in staff:
        message_id = uuid5(_NAMESPACE, f"{kind}/{session_id}/{staff_id}/{subject}")
        new = await execute(
            """insert into staff_message (id, staff_id, session_id, kind, state, created_at, failures)
               select $1, p.id, $3, $4, 'waiting', $5, 0 from staff p
               where p.id = $2 and p.active and p.email is not null on conflict do nothing returning 1""",
            message_id,
            staff_id,
            session_id,
            kind,
            now,
        )
        if new:
            await execute(
                """update staff_message set state = 'outrun'
                   where staff_id = $1 and session_id = $2 and kind = $3 and state = 'waiting' and id <> $4""",
                staff_id,
                session_id,
                kind,
                message_id,
            )
        made += new
    if made:
        await jobs.put(SEND, {}, dedupe=SEND)


async def tell_fewer(slot_id: int, subject: str, now: datetime) -> None:
    """In the open transaction: whoever holds a study visit hears that somebody who was booked does not come. Told again,
    nothing changes."""
    message_id = uuid5(_NAMESPACE, f"fewer/{slot_id}/{subject}")
    made = await execute(
        """insert into staff_message (id, staff_id, slot_id, kind, state, created_at, failures)
           select $1, p.id, v.id, 'fewer', 'waiting', $3, 0 from visit_slot v join staff p on p.id = v.staff_id
           where v.id = $2 and p.active and p.email is not null on conflict do nothing returning 1""",
        message_id,
        slot_id,
        now,
    )
    if made:
        await execute(
            """update staff_message set state = 'outrun'
               where slot_id = $1 and kind = 'fewer' and state = 'waiting' and id <> $2""",
            slot_id,
            message_id,
        )
        await jobs.put(SEND, {}, dedupe=SEND)


async def tell_stands(kind: Kind, staff_id: int, believed: Believed, subject: str, now: datetime) -> None:
    """In the open transaction: a mail about sessions, or study visits, that are otherwise than somebody believed. It says of
    each how it is as it goes, so there is one: what has not gone yet joins it. One that a server may have taken is outrun by
    it, and then it says of all of them how they are. `kind`, and the session that its row is about, are for the release
    before; of a cohort without any session its row is about the visit, which that release leaves out."""
    handed_over_at = None
    for row in await fetch(_WAITS, staff_id):
        believed = merged(read(row["believed"]), believed)
        if row["handed_over_at"] is None:
            await execute(
                "update staff_message set believed = $2, failures = 0, last_failure = null where id = $1",
                row["id"],
                written(believed),
            )
            await jobs.put(SEND, {}, dedupe=SEND)
            return
        handed_over_at = row["handed_over_at"]
        await execute("update staff_message set state = 'outrun' where id = $1", row["id"])
    made = await execute(
        """insert into staff_message (id, staff_id, session_id, slot_id, kind, state, created_at, failures, believed,
                                      handed_over_at)
           select $1, p.id, s.id, case when s.id is null then v.id end, $4, 'waiting', $5, 0, $6, $7
           from staff p left join visit_slot v on v.id = -$3::int
           left join cohort_session s on s.id = coalesce(
               (select o.id from cohort_session o where o.id = $3),
               (select min(o.id) from cohort_session o where o.cohort_id = v.cohort_id))
           where p.id = $2 and p.active and p.email is not null and (s.id is not null or v.id is not null)
           on conflict do nothing returning 1""",
        uuid5(_NAMESPACE, f"stands/{staff_id}/{subject}/{now.isoformat()}"),
        staff_id,
        min(believed, key=lambda session_id: (believed[session_id].starts_at, session_id)),
        kind,
        now,
        written(believed),
        handed_over_at,
    )
    if made:
        await jobs.put(SEND, {}, dedupe=SEND)


# At most one, but for a moment in which the release before writes too.
_WAITS = """select id, believed, handed_over_at from staff_message
            where staff_id = $1 and state = 'waiting' and believed is not null order by created_at desc, id for update"""


async def knows(staff_id: int, sessions: Collection[int]) -> None:
    """In the open transaction: somebody has changed these sessions, and need not hear of what came before."""
    for row in await fetch(_WAITS, staff_id):
        believed = read(row["believed"])
        left = {session_id: stand for session_id, stand in believed.items() if session_id not in sessions}
        if len(left) < len(believed):
            await execute(
                "update staff_message set believed = $2, state = case when $3 then 'outrun' else state end where id = $1",
                row["id"],
                written(left),
                not left,
            )


async def take(message_id: UUID, now: datetime) -> Message | None:
    """A message as it is to go, noted as handed over from now on: whatever happens then, who may have received it is known.
    None, and noted as outrun, where it is no longer so. What changes meanwhile waits, or finds that it is handed over."""
    async with transaction():
        if not await fetchval("select 1 from staff_message where id = $1 and state = 'waiting' for update", message_id):
            return None
        message = await queries.message(message_id, now)
        if message is None or not is_current(message, now):
            await execute("update staff_message set state = 'outrun' where id = $1", message_id)
            return None
        await execute(
            "update staff_message set handed_over_at = coalesce(handed_over_at, $2) where id = $1", message_id, now
        )
        return message


async def not_taken(message: Message) -> None:
    """It is certain that this try was in vain; of one before that may not be."""
    async with transaction():
        await execute(
            "update staff_message set handed_over_at = $2 where id = $1", message.message_id, message.handed_over_at
        )


async def done(message_id: UUID) -> None:
    """It went."""
    async with transaction():
        await execute("update staff_message set state = 'sent' where id = $1 and state = 'waiting'", message_id)


async def failed(message_id: UUID, for_good: bool, now: datetime) -> None:
    """A try that was in vain."""
    async with transaction():
        await execute(
            """update staff_message set failures = failures + 1, last_failure = $2,
                      state = case when $3 or failures >= $4 then 'failed' else state end
               where id = $1 and state = 'waiting'""",
            message_id,
            now,
            for_good,
            notices.MOST_FAILURES,
        )


async def forget_old(now: datetime) -> None:
    """Drop what was told more than a month ago."""
    async with transaction():
        await execute("delete from staff_message where created_at < $1", now - _KEPT)
