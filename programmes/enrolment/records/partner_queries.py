"""Reads of partners' records, as they lie in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from programmes.core.db import fetch, fetchrow
from programmes.enrolment.rules import ALIVE


@dataclass(frozen=True)
class SealedPartner:
    """A partner's record; `partner_id` is also that of its key."""

    partner_id: UUID
    content: bytes


async def partner_of(enrolment_id: UUID) -> SealedPartner | None:
    """The record that is kept beside an enrolment, whether it may be read or not."""
    row = await fetchrow("select id, sealed from partner_record where enrolment_id = $1", enrolment_id)
    return SealedPartner(row["id"], row["sealed"]) if row else None


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
