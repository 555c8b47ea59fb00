"""Reads of the daily mail to staff."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.people.queries import principal_of

# Administrators have no groups to do something about. Managers hear of decisions that are late; of the log they have a mail.
_ROLES = ["leader", "coordinator", "manager"]


@dataclass(frozen=True)
class Waiting:
    """A mail of today that is not sent: to whom, and to where. Tried so often, last then."""

    mail_id: UUID
    who: Principal
    to: str
    failures: int
    last_failure: datetime | None


async def without_mail(day: date) -> list[Principal]:
    """Leaders, coordinators and managers with an address of whom it isn't yet decided whether they get a mail that day."""
    rows = await fetch(
        """select p.id from staff p where p.active and p.email is not null
             and exists (select from staff_role r where r.staff_id = p.id and r.role = any($2::text[]))
             and not exists (select from staff_digest d where d.day = $1 and d.staff_id = p.id) order by p.id""",
        day,
        _ROLES,
    )
    found = [await principal_of(row["id"]) for row in rows]
    return [who for who in found if who]


async def waiting(day: date) -> list[Waiting]:
    """What is to be sent that day; not to who has no such role any more."""
    rows = await fetch(
        """select d.id, d.staff_id, p.email, d.failures, d.last_failure from staff_digest d join staff p on p.id = d.staff_id
           where d.day = $1 and d.state = 'waiting' and p.active and p.email is not null
             and exists (select from staff_role r where r.staff_id = p.id and r.role = any($2::text[])) order by d.id""",
        day,
        _ROLES,
    )
    found = [(row, await principal_of(row["staff_id"])) for row in rows]
    return [Waiting(row["id"], who, row["email"], row["failures"], row["last_failure"]) for row, who in found if who]
