"""The newest message to each person about what became of a session."""

from datetime import datetime
from uuid import UUID

from programmes.cohorts.queries import SessionFacts
from programmes.core.db import fetch, fetchval
from programmes.desk.illness.reached_rules import Notice
from programmes.enrolment.records.contact_queries import given_since
from programmes.notices.belief_rules import read
from programmes.notices.change_queries import left_by_message
from programmes.notices.overtaken_queries import told_again
from programmes.notices.queries import UNWRITTEN
from programmes.notices.rules import OF_CHANGES

# What is about all sessions says it of this one too, if it came after the change. $3 is when the session was changed. Of $4,
# changes, one that another has outrun is about this session no more.
_NEWEST = f"""
select distinct on (n.enrolment_id) n.id as notice_id, n.enrolment_id, n.state, n.kind, n.sent_at, n.created_at,
       n.state = 'waiting' and n.look_again_at is not null as held, coalesce(t.failures, 0) as failures,
       coalesce(t.error, '') as error, coalesce(k.called, 0) as called, k.called_at,
       case when n.kind = any($4::text[]) then n.believed end as believed,
       case n.kind when 'session_cancelled' then
                (select max(a.starts_at) from cohort_session a where a.cohort_id = $1
                 and a.state <> 'cancelled' and a.makes_up_for = n.session_id)
            when 'cohort_postponed' then
                (select min(a.starts_at) from cohort_session a where a.cohort_id = $1 and a.state <> 'cancelled')
            end as added_starts,
       {given_since("p")} as elsewhere
from notice n join enrolment e on e.id = n.enrolment_id left join participant p on p.id = e.participant_id
left join lateral (select count(*)::int as failures, (array_agg(a.error order by a.id desc))[1] as error
                   from notice_attempt a where a.notice_id = n.id) t on true
left join lateral (select count(*)::int as called, max(at) as called_at from notice_call c
                   where c.notice_id = n.id and not c.reached) k on true
where e.cohort_id = $1 and (n.session_id = $2 and n.kind in ('session_cancelled', 'session_moved') and n.believed is null
   or coalesce(n.believed, '{{}}')::jsonb ? $2::int::text
   or n.session_id is null and n.kind in ('rest_cancelled', 'cohort_cancelled', 'cohort_postponed') and n.created_at >= $3
      and not {told_again("n")})
order by n.enrolment_id, n.created_at desc, n.id
"""


async def newest(cohort_id: int, session: SessionFacts, now: datetime) -> dict[UUID, Notice]:
    """By enrolment; who has none is left out. Each with what of it is left to tell."""
    changed_at = session.cancelled_at or session.revised_at
    rows = await fetch(_NEWEST, cohort_id, session.session_id, changed_at, sorted(OF_CHANGES))
    together = await left_by_message([cohort_id], now)
    found = {}
    for row in rows:
        of_change = row["believed"] is not None
        told = together.get(row["notice_id"]) if of_change else None
        left = told.left if told else None
        belief = read(row["believed"]) or {}
        found[row["enrolment_id"]] = Notice(
            **{key: value for key, value in row.items() if key != "believed"},
            of_use=bool(left) if of_change else session.ends_at > now,
            left=left,
            said_as=told.kind if told else "",
            knows=of_change and not left and session.ends_at > now,
            told_with=told.messages if told else frozenset({row["notice_id"]}),
            believed=belief.get(session.session_id),
        )
    return found


async def being_written(cohort_id: int) -> bool:
    """Whether messages about a cohort's sessions are still to be written."""
    return bool(
        await fetchval(
            f"""select exists (select from session_change where cohort_id = $1 and untold)
                       or exists (select from {UNWRITTEN})""",
            cohort_id,
            sorted(OF_CHANGES),
        )
    )


async def rung_since(notice_id: UUID, moment: datetime) -> bool:
    """Whether somebody has rung in vain about a message since a moment."""
    return bool(
        await fetchval("select 1 from notice_call where notice_id = $1 and not reached and at > $2", notice_id, moment)
    )


async def cancelled_with(session: SessionFacts) -> list[int]:
    """The other sessions, of any group, that the tap which cancelled this one cancelled too and that still are; in order of
    time."""
    rows = await fetch(
        """with off as (
             select c.tap, was.id from session_change c
             cross join lateral jsonb_to_recordset(c.before::jsonb -> 'sessions') as was (id int, state text)
             join lateral jsonb_to_recordset(c.after::jsonb -> 'sessions') as became (id int, state text)
               on became.id = was.id and became.state = 'cancelled' and was.state <> 'cancelled'
             where c.undone_at is null and c.tap in (select k.tap from session_change k where k.cohort_id = $1))
           select distinct s.id, s.starts_at from off this join off other on other.tap = this.tap and other.id <> this.id
           join cohort_session s on s.id = other.id and s.state = 'cancelled'
           where this.id = $2 order by s.starts_at, s.id""",
        session.cohort_id,
        session.session_id,
    )
    return [row["id"] for row in rows]
