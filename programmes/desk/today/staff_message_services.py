"""What members of staff are told at once: rows by which a mail goes, in the transaction of what it tells of."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from programmes.core import jobs
from programmes.core.db import execute, transaction
from programmes.desk.today.staff_message_rules import Kind
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


async def done(message_id: UUID, sent: bool) -> None:
    """It went, or it was no longer so."""
    async with transaction():
        await execute(
            "update staff_message set state = $2 where id = $1 and state = 'waiting'",
            message_id,
            "sent" if sent else "outrun",
        )


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
