"""Reads of the daily mail to managers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.oversight.log.chain_rules import Day


@dataclass(frozen=True)
class Waiting:
    """A mail that is not sent: about which day, and to where. Tried so often, last then."""

    mail_id: UUID
    day: Day
    to: str
    failures: int
    last_failure: datetime | None


async def without_mail(day: date) -> Sequence[int]:
    """Managers with an address to whom a day's head is not to be sent yet; nobody where the day has none."""
    rows = await fetch(
        """select distinct p.id from staff p join staff_role r on r.staff_id = p.id
           where r.role = 'manager' and p.active and p.email is not null and exists (select from look_day where day = $1)
             and not exists (select from log_digest d where d.day = $1 and d.staff_id = p.id) order by p.id""",
        day,
    )
    return [row["id"] for row in rows]


async def waiting() -> list[Waiting]:
    """What is to be sent, the oldest first; not to who is a manager no more."""
    rows = await fetch(
        """select g.id, d.day, d.position, d.head, d.lines, p.email, g.failures, g.last_failure
           from log_digest g join look_day d on d.day = g.day join staff p on p.id = g.staff_id
           where g.state = 'waiting' and p.active and p.email is not null
             and exists (select from staff_role r where r.staff_id = p.id and r.role = 'manager') order by d.day, g.id"""
    )
    return [
        Waiting(
            r["id"], Day(r["day"], r["position"], bytes(r["head"]), r["lines"]), r["email"], r["failures"], r["last_failure"]
        )
        for r in rows
    ]
