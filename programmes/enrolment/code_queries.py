"""Which enrolment a place code, a form's once-number or an open Min plats leads to."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch, fetchrow
from programmes.enrolment.rules import ALIVE
from programmes.enrolment.together.rules import MOST_SIBLINGS, sibling_once


async def by_code(code_digest: bytes, now: datetime) -> UUID | None:
    """The enrolment that a place code opens; of one that was left, as long as that can be undone."""
    row = await fetchrow(
        "select id from enrolment where code_digest = $1 and (undo_until is null or undo_until > $2)", code_digest, now
    )
    return row["id"] if row else None


def once_digest(cohort_id: int, once: str) -> bytes:
    """The stored form of a form's once-number."""
    return hashlib.sha256(f"{cohort_id}/{once}".encode()).digest()


async def sent_with(cohort_id: int, once: str) -> list[UUID]:
    """The enrolments that came from the form with this once-number, in the order of the form."""
    digests = [once_digest(cohort_id, sibling_once(once, number)) for number in range(1, MOST_SIBLINGS + 1)]
    rows = await fetch("select id from enrolment where once_digest = any($1::bytea[]) order by arrival", digests)
    return [row["id"] for row in rows]


async def received(once_digests: Sequence[bytes]) -> list[bool]:
    """Of forms by the stored form of their once-numbers, whether what was sent with each has been received and is alive."""
    rows = await fetch(
        "select once_digest from enrolment where once_digest = any($1::bytea[]) and state = any($2::text[])",
        list(once_digests),
        sorted(ALIVE),
    )
    there = {row["once_digest"] for row in rows}
    return [one in there for one in once_digests]


def session_digest(token: str) -> bytes:
    """The stored form of a Min plats session's token."""
    return hashlib.sha256(token.encode()).digest()


async def open_place(token: str, now: datetime) -> UUID | None:
    """The enrolment whose Min plats is open in the browser with this token, or None."""
    row = await fetchrow(
        """select p.enrolment_id from place_session p join enrolment e on e.id = p.enrolment_id
           where p.id = $1 and p.ends_at > $2 and p.ends_at <= $2 + interval '35 minutes'
             and (e.undo_until is null or e.undo_until > $2)""",
        session_digest(token),
        now,
    )
    return row["enrolment_id"] if row else None
