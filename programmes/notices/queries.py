"""Reads about messages: what waits, and who was reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.i18n import Language
from programmes.notices.rules import Kind, State, Waiting


@dataclass(frozen=True)
class Reached:
    """One message to one enrolment, for staff: what about, whether it arrived at the mail server, when. Never its text.

    `no_channel`: there is no e-mail address that is safe to use; staff must reach the person themselves.
    """

    enrolment_id: UUID
    kind: Kind
    session_id: int | None
    state: State
    created_at: datetime
    sent_at: datetime | None
    failures: int


@dataclass(frozen=True)
class NoticeFacts:
    """A message that waits."""

    notice_id: UUID
    enrolment_id: UUID
    session_id: int | None
    kind: Kind
    language: Language
    failures: int


_REACHED = """
select n.enrolment_id, n.kind, n.session_id, n.state, n.created_at, n.sent_at,
       (select count(*) from notice_attempt a where a.notice_id = n.id)::int as failures
from notice n join enrolment e on e.id = n.enrolment_id
"""


async def reached(cohort_id: int) -> list[Reached]:
    """Every message about a cohort, newest first."""
    rows = await fetch(f"{_REACHED} where e.cohort_id = $1 order by n.created_at desc, n.id", cohort_id)
    return [Reached(**dict(row)) for row in rows]


async def reached_about(session_id: int) -> list[Reached]:
    """Every message about one session, newest first."""
    rows = await fetch(f"{_REACHED} where n.session_id = $1 order by n.created_at desc, n.id", session_id)
    return [Reached(**dict(row)) for row in rows]


async def unfinished(cohort_id: int) -> int:
    """How many messages about a cohort are still to be sent; the working list is needed until there are none."""
    found: int = await fetchval(
        """select count(*) from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = $1 and n.state = 'waiting'""",
        cohort_id,
    )
    return found


async def waiting() -> Sequence[Waiting]:
    """Everything that is not sent yet, oldest first."""
    rows = await fetch(
        """select n.id as notice_id, count(a.id)::int as failures, max(a.failed_at) as last_failure
           from notice n left join notice_attempt a on a.notice_id = n.id where n.state = 'waiting'
           group by n.id order by n.created_at, n.id"""
    )
    return [Waiting(**dict(row)) for row in rows]


async def notice(notice_id: UUID) -> NoticeFacts | None:
    """A message, if it still waits."""
    row = await fetchrow(
        """select n.id as notice_id, n.enrolment_id, n.session_id, n.kind, e.language,
                  (select count(*) from notice_attempt a where a.notice_id = n.id)::int as failures
           from notice n join enrolment e on e.id = n.enrolment_id where n.id = $1 and n.state = 'waiting'""",
        notice_id,
    )
    return NoticeFacts(**dict(row)) if row else None


async def session_cohort(session_id: int) -> tuple[int, int] | None:
    """The cohort of a session, and the session's sequence."""
    row = await fetchrow("select cohort_id, sequence from cohort_session where id = $1", session_id)
    return (row["cohort_id"], row["sequence"]) if row else None


async def latest_decision(cohort_id: int) -> int:
    """The number of the newest decision about a cohort's start; 0 if there is none."""
    found: int = await fetchval("select coalesce(max(id), 0) from start_decision where cohort_id = $1", cohort_id)
    return found


async def latest_cancelling(cohort_id: int) -> datetime | None:
    """When a session of a cohort was last cancelled."""
    found: datetime | None = await fetchval("select max(cancelled_at) from cohort_session where cohort_id = $1", cohort_id)
    return found
