"""When something was last written about somebody, which their retention is counted from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch

# Everything that was written about somebody, over all their ways through cohorts; messages, looks and holds are no notes.
# Who has a place or waits is in the middle of it as long as there are sessions. $1 are those to look at, or null, and $2 the
# moment before which their record was made, or null.
_NOTED = """
with wanted as (
    select id, created_at, changed_at from participant
    where ($1::uuid[] is null or id = any($1)) and ($2::timestamptz is null or created_at < $2)),
ways as (
    select e.participant_id, max(greatest(
        e.applied_at, e.confirmed_at, e.ended_at, e.proof_checked_at, e.place_since, e.passed_at, e.visit_cancelled_at,
        e.visit_anew_since,
        (select max(a.marked_at) from attendance a where a.enrolment_id = e.id),
        (select max(a.accepted_at) from agreement a where a.enrolment_id = e.id),
        (select max(m.met_at) from condition_met m where m.enrolment_id = e.id),
        (select max(q.at) from queue_event q where q.enrolment_id = e.id),
        (select max(greatest(v.booked_at, v.marked_at)) from study_visit v where v.enrolment_id = e.id),
        case when e.state in ('preliminary', 'confirmed', 'queued', 'offered') then (
            select max(s.ends_at) from cohort_session s where s.cohort_id = e.cohort_id and s.state <> 'cancelled') end
    )) as at
    from enrolment e where e.participant_id in (select id from wanted) group by e.participant_id)
select p.id, greatest(p.created_at, p.changed_at, ways.at, (
    select max(a.at) from audit_entry a where a.action = 'person:correct' and a.subject = 'participant/' || p.id)) as noted
from wanted p left join ways on ways.participant_id = p.id
"""


async def last_notes(people: Sequence[UUID] | None = None, made_before: datetime | None = None) -> dict[UUID, datetime]:
    """The moment of the last note about each of these, or about everybody with a record, the oldest first. Who has none is
    left out; so, to look at fewer, is whose record was made at this moment or later."""
    rows = await fetch(f"{_NOTED} order by noted, p.id", None if people is None else list(people), made_before)
    return {row["id"]: row["noted"] for row in rows}
