"""Reads about records that are held back, by number in a group. They name no one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from programmes.core.db import fetch, fetchval
from programmes.people.hold_queries import HoldReason


@dataclass(frozen=True)
class HeldRecord:
    """A hold on a record, by the record's number in the newest cohort it was in."""

    hold_id: int
    cohort_id: int
    cohort: str
    number: int
    reason: HoldReason
    until: date | None
    set_at: datetime
    by: str


async def held_records(today: date) -> list[HeldRecord]:
    """Every hold that is in force on a local day; a record may have several."""
    rows = await fetch(
        """select distinct on (h.id) h.id as hold_id, e.cohort_id, c.name as cohort, e.arrival as number, h.reason, h.until,
                  h.set_at, coalesce(s.display_name, '') as by
           from retention_hold h join enrolment e on e.participant_id = h.participant_id join cohort c on c.id = e.cohort_id
           left join staff s on s.id = h.set_by
           where h.lifted_at is null and (h.until is null or h.until >= $1)
           order by h.id, e.applied_at desc, e.id""",
        today,
    )
    return sorted((HeldRecord(**dict(row)) for row in rows), key=lambda held: (held.cohort, held.number, held.hold_id))


async def record_among(cohort_id: int, number: int) -> UUID | None:
    """The record of somebody by their number in a documented cohort; None when there is none."""
    return cast(
        "UUID | None",
        await fetchval(
            "select participant_id from enrolment where cohort_id = $1 and arrival = $2 and participant_id is not null",
            cohort_id,
            number,
        ),
    )


async def documented_cohorts() -> list[tuple[int, str]]:
    """The cohorts of whose people records are kept, the newest first."""
    rows = await fetch(
        """select c.id, c.name from cohort c
           where exists (select 1 from enrolment e where e.cohort_id = c.id and e.participant_id is not null)
           order by c.id desc"""
    )
    return [(row["id"], row["name"]) for row in rows]
