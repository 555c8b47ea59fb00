"""Reads of what members of staff are told at once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch, fetchrow
from programmes.desk.today.staff_belief_rules import AsItIs, Stand, left_of, read
from programmes.desk.today.staff_message_rules import Message
from programmes.notices.rules import Waiting


async def waiting() -> list[Waiting]:
    """What is not sent yet, oldest first; not to who has no account any more."""
    rows = await fetch(
        """select m.id as notice_id, m.failures, m.last_failure from staff_message m join staff p on p.id = m.staff_id
           where m.state = 'waiting' and p.active and p.email is not null order by m.created_at, m.id"""
    )
    return [Waiting(**dict(row)) for row in rows]


# Who need not stand in is told so of the time that they know. `lacking`: somebody does not come, and nobody has said yes,
# nor was somebody else set there instead.
_MESSAGE = """
select m.id as message_id, m.kind, p.id as staff_id, p.email as to,
       coalesce(k.for_start, t.starts_at, v.starts_at) as starts_at, coalesce(k.for_end, t.ends_at, v.ends_at) as ends_at,
       coalesce(t.state = 'cancelled', v.cancelled_at is not null) as off, m.handed_over_at, m.believed,
       i.starts_at as added_starts, i.ends_at as added_ends,
       (select max(r.answer_by) from substitute_request r where r.session_id = t.id and r.asked_id = p.id
        and r.state = 'asked') as answer_by,
       exists (select from standing d where d.staff_id = p.id) or coalesce(v.staff_id = p.id, false) as stands,
       exists (select from study_visit y where y.slot_id = v.id and y.state = 'booked') as visited,
       exists (select from study_visit y where y.slot_id = v.id and y.state = 'booked'
               and y.booked_at >= m.created_at) as booked_since,
       exists (select from standing) as led,
       exists (select from session_duty d where d.session_id = t.id and d.away) as somebody_away,
       exists (select from substitute_request r join standing d on d.staff_id = r.asked_id
               where r.session_id = t.id and r.state = 'yes') as found,
       exists (select from substitute_request r where r.session_id = t.id and r.state in ('asked', 'no')
               and exists (select from session_duty d where d.session_id = t.id and d.staff_id = r.absent_id)
               and not exists (select from substitute_request y where y.session_id = t.id and y.absent_id = r.absent_id
                               and y.state = 'yes')
               and not exists (select from standing d where d.given and not exists (
                   select from substitute_request y where y.session_id = t.id and y.asked_id = d.staff_id
                   and y.state = 'yes'))) as lacking
from staff_message m join staff p on p.id = m.staff_id left join cohort_session t on t.id = m.session_id
left join visit_slot v on v.id = m.slot_id
left join lateral (select a.starts_at, a.ends_at from cohort_session a
                   where a.makes_up_for = t.id and a.state <> 'cancelled' order by a.starts_at desc limit 1) i on true
left join lateral (select r.for_start, coalesce(r.for_end, r.for_start + (t.ends_at - t.starts_at)) as for_end
                   from substitute_request r
                   where m.kind = 'not_needed' and r.session_id = t.id and r.asked_id = p.id
                     and r.state not in ('asked', 'yes') order by r.ended_at desc, r.id desc limit 1) k on true
where m.id = $1 and p.active and p.email is not null
"""
_WITH_STANDING = """with standing as (
    select d.staff_id, d.given from session_duty d join staff_message m on m.session_id = d.session_id
    where m.id = $1 and not d.away)"""


async def message(message_id: UUID, now: datetime) -> Message | None:
    """What a message is about, as it is now; None to who has no account any more."""
    row = await fetchrow(f"{_WITH_STANDING} {_MESSAGE}", message_id)
    if row is None:
        return None
    fields = dict(row)
    staff_id, believed = fields.pop("staff_id"), fields.pop("believed")
    if believed is None:
        return Message(**fields)
    known = read(believed)
    became = left_of(known, await _as_they_are(staff_id, known), row["handed_over_at"] is None, now)
    return Message(**fields, became=became)


async def _as_they_are(staff_id: int, sessions: Collection[int]) -> dict[int, AsItIs]:
    """Of these sessions what each is to somebody."""
    rows = await fetch(
        """select s.id, s.starts_at, s.ends_at, s.venue_id, s.state <> 'cancelled' as on,
                  exists (select from session_duty d where d.session_id = s.id and d.staff_id = $1 and not d.away) as leads,
                  exists (select from session_duty d where d.session_id = s.id and d.staff_id = $1 and d.away) as away,
                  exists (select from substitute_request r join session_duty d
                          on d.session_id = s.id and d.staff_id = r.asked_id and not d.away
                          where r.session_id = s.id and r.absent_id = $1 and r.state = 'yes') as covered,
                  case when exists (select from substitute_request r where r.session_id = s.id and r.absent_id = $1
                                    and r.state = 'yes') then ''
                       when exists (select from substitute_request r join substitute_request o
                                    on o.session_id = r.session_id and o.absent_id = r.absent_id
                                       and o.asked_id = r.asked_id and o.id < r.id
                                    where r.session_id = s.id and r.absent_id = $1 and r.state = 'asked') then 'again'
                       when exists (select from substitute_request r where r.session_id = s.id and r.absent_id = $1
                                    and r.state in ('asked', 'no')) then 'sought'
                       else '' end as sought
           from cohort_session s where s.id = any($2::int[])
           union all
           select -v.id, v.starts_at, v.ends_at, v.venue_id, v.cancelled_at is null, v.staff_id is not distinct from $1,
                  false, false, '' from visit_slot v where -v.id = any($2::int[])""",
        staff_id,
        list(sessions),
    )
    return {
        row["id"]: AsItIs(
            Stand(row["starts_at"], row["ends_at"], row["venue_id"], row["on"], row["leads"], row["away"]),
            row["covered"],
            row["sought"],
        )
        for row in rows
    }
