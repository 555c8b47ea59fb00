"""What becomes of the daily mails to staff."""

from datetime import date, datetime, timedelta
from uuid import UUID

from programmes.core.db import execute, transaction
from programmes.notices import rules as notices

# That somebody got a mail is of no use to anybody after that.
_KEPT = timedelta(days=30)


async def plan(mail_id: UUID, day: date, staff_id: int, needed: bool) -> None:
    """Decide once whether somebody gets a mail that day; what was decided a month ago is dropped."""
    async with transaction():
        await execute(
            """insert into staff_digest (id, day, staff_id, state, failures) values ($1, $2, $3, $4, 0)
               on conflict do nothing""",
            mail_id,
            day,
            staff_id,
            "waiting" if needed else "nothing",
        )
        await execute("delete from staff_digest where day < $1", day - _KEPT)


async def done(mail_id: UUID, sent: bool) -> None:
    """It went, or by now nothing waits for them any more."""
    async with transaction():
        await execute("update staff_digest set state = $2 where id = $1", mail_id, "sent" if sent else "nothing")


async def failed(mail_id: UUID, for_good: bool, now: datetime) -> None:
    """A try that was in vain."""
    async with transaction():
        await execute(
            """update staff_digest set failures = failures + 1, last_failure = $2,
                      state = case when $3 or failures >= $4 then 'failed' else 'waiting' end where id = $1""",
            mail_id,
            now,
            for_good,
            notices.MOST_FAILURES,
        )
