"""Reads of the access log about one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.people.look_rules import LookPage, LookReason


@dataclass(frozen=True)
class LookAt:
    """A look at somebody's record: when (UTC), who, on which page of which cohort, and why where that is asked."""

    at: datetime
    staff_id: int
    staff: str
    page: LookPage
    cohort_id: int
    reason: LookReason | None


async def looks_at(person_id: UUID) -> Sequence[LookAt]:
    """Every look at a record that the log still holds, the first one first: for the person's own extract, on request."""
    rows = await fetch(
        """select l.at, l.staff_id, coalesce(s.display_name, '') as staff, l.page, l.cohort_id, l.reason
           from record_look l left join staff s on s.id = l.staff_id where l.participant_id = $1 order by l.at, l.id""",
        person_id,
    )
    return [LookAt(**dict(row)) for row in rows]
