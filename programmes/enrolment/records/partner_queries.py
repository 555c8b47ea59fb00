"""Reads of partners' records, as they lie in the database."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from programmes.core.db import fetch, fetchrow
from programmes.enrolment.records.partner_rules import PARTNER_CONTACT
from programmes.enrolment.rules import ALIVE

_HALF = 16


@dataclass(frozen=True)
class SealedPartner:
    """A partner's record; `partner_id` is also that of its key."""

    partner_id: UUID
    content: bytes


async def partner_of(enrolment_id: UUID) -> SealedPartner | None:
    """The record that is kept beside an enrolment, whether it may be read or not."""
    row = await fetchrow("select id, sealed from partner_record where enrolment_id = $1", enrolment_id)
    return SealedPartner(row["id"], row["sealed"]) if row else None


async def mark_of(enrolment_id: UUID) -> str:
    """What tells what is kept beside an enrolment now, and under which consent, from what it was before; it says nothing of
    either. Two halves of 16 digits: marks of one consent begin alike (`same_consent`)."""
    row = await fetchrow(
        """select m.met_at, r.id from enrolment e
           left join condition_met m on m.enrolment_id = e.id and m.condition = $2
           left join partner_record r on r.enrolment_id = e.id where e.id = $1""",
        enrolment_id,
        PARTNER_CONTACT,
    )
    consent, record = (row["met_at"], row["id"]) if row else (None, None)
    return "".join(hashlib.sha256(f"{enrolment_id}/{part}".encode()).hexdigest()[:_HALF] for part in (consent, record))


def same_consent(one: str, other: str) -> bool:
    """Whether two marks are of one consent."""
    return one[:_HALF] == other[:_HALF]


# Who left can undo it for an hour: until then the record stays, and nobody reads it. What ran out nobody undoes.
_OVER = """
select r.id from partner_record r left join enrolment e on e.id = r.enrolment_id
where e.id is null or e.participant_id is null or e.partner_consent is not true
   or not (e.state = any($1::text[]) or e.undo_until is not null and e.state <> 'expired')
"""


async def over() -> Sequence[UUID]:
    """The records whose time is over: no consent, no place, or nobody documented any more."""
    return [row["id"] for row in await fetch(_OVER, sorted(ALIVE))]


async def brought_back(erased: Collection[UUID]) -> Sequence[tuple[UUID, UUID | None]]:
    """Records of which one of these keys was destroyed, and the enrolment beside which each is kept, if there is one."""
    rows = await fetch("select id, enrolment_id from partner_record where id = any($1::uuid[]) order by id", list(erased))
    return [(row["id"], row["enrolment_id"]) for row in rows]


async def withdrawn_unseen(cohort_ids: Sequence[int]) -> Mapping[int, int]:
    """How many of each cohort have taken back the consent to partner contact, where no leader has seen it yet; also those
    who had been moved elsewhere by then, for they were in contact here."""
    rows = await fetch(
        """select cohort_id, count(*) as n from enrolment
           where cohort_id = any($1::int[]) and consent_withdrawn_at is not null and state = any($2::text[])
           group by cohort_id""",
        list(cohort_ids),
        sorted({*ALIVE, "transferred"}),
    )
    return {row["cohort_id"]: row["n"] for row in rows}
