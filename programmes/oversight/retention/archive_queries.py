"""Reads for the files to the archive: which there are, whose records are in them, and what else is kept about somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from programmes.core.clock import local
from programmes.core.db import fetch, fetchrow
from programmes.oversight.retention.archive_rules import TYPED as TYPED
from programmes.oversight.retention.archive_rules import shown_digest as shown_digest


@dataclass(frozen=True)
class Batch:
    """A file for the archive: made when and by whom, how many records, its SHA-256, when the archive had received it."""

    batch_id: UUID
    made_at: datetime
    made_by: int
    records: int
    digest: bytes
    confirmed_at: datetime | None


_BATCH = "select id as batch_id, made_at, made_by, records, digest, confirmed_at from archive_batch"


async def batch(batch_id: UUID) -> Batch | None:
    """A file by its id."""
    row = await fetchrow(f"{_BATCH} where id = $1", batch_id)
    return Batch(**dict(row)) if row else None


async def batches(staff_id: int) -> list[Batch]:
    """The files that somebody has made, the newest first."""
    rows = await fetch(f"{_BATCH} where made_by = $1 order by made_at desc, id limit 50", staff_id)
    return [Batch(**dict(row)) for row in rows]


async def in_batch(batch_id: UUID) -> list[UUID]:
    """Whose records are in a file and are not erased, in the order in which they stand there."""
    rows = await fetch("select participant_id from archive_item where batch_id = $1 order by participant_id", batch_id)
    return [row["participant_id"] for row in rows]


def _moment(moment: datetime | None) -> str | None:
    return local(moment).isoformat() if moment else None


async def ways_for_archive(person_id: UUID) -> Sequence[dict[str, Any]]:
    """Every way of somebody's through a cohort, as the archive gets it: the programme, how it went, and every session."""
    found = []
    for row in await fetch(
        """select e.id, p.section, c.name, e.applied_at, e.confirmed_at, e.ended_at, e.state from enrolment e
           join cohort c on c.id = e.cohort_id join programme p on p.id = c.programme_id
           where e.participant_id = $1 order by e.applied_at, e.id""",
        person_id,
    ):
        marks = await fetch(
            """select s.starts_at, a.mark from attendance a join cohort_session s on s.id = a.session_id
               where a.enrolment_id = $1 order by s.starts_at, s.id""",
            row["id"],
        )
        texts = await fetch(
            """select t.kind, t.version, a.accepted_at, a.how from agreement a join agreement_text t on t.id = a.text_id
               where a.enrolment_id = $1 order by a.accepted_at, a.id""",
            row["id"],
        )
        met = await fetch("select condition from condition_met where enrolment_id = $1 order by condition", row["id"])
        visits = await fetch(
            """select s.starts_at, v.state from study_visit v join visit_slot s on s.id = v.slot_id
               where v.enrolment_id = $1""",
            row["id"],
        )
        found.append(
            {
                "section": row["section"],
                "group": row["name"],
                "applied": _moment(row["applied_at"]),
                "confirmed": _moment(row["confirmed_at"]),
                "ended": _moment(row["ended_at"]),
                "outcome": row["state"],
                "attendance": [{"session": _moment(mark["starts_at"]), "mark": mark["mark"]} for mark in marks],
                "accepted": [{**dict(text), "accepted_at": _moment(text["accepted_at"])} for text in texts],
                "conditions": [one["condition"] for one in met],
                "study_visits": [{"at": _moment(visit["starts_at"]), "state": visit["state"]} for visit in visits],
            }
        )
    return found
