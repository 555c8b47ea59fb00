"""Reads of what members of staff are told at once."""

from programmes.core.db import fetch
from programmes.desk.today.staff_message_rules import Message


async def waiting() -> list[Message]:
    """What is not sent yet, oldest first; not to who has no account any more. Who need not stand in is told so of the time
    that they know."""
    rows = await fetch(
        """select m.id as message_id, m.kind, p.email as to, coalesce(k.for_start, t.starts_at) as starts_at,
                  coalesce(k.for_end, t.ends_at) as ends_at, t.state as session_state,
                  (select max(r.answer_by) from substitute_request r where r.session_id = t.id and r.asked_id = p.id
                   and r.state = 'asked') as answer_by, m.failures, m.last_failure
           from staff_message m join staff p on p.id = m.staff_id join cohort_session t on t.id = m.session_id
           left join lateral (select r.for_start, coalesce(r.for_end, r.for_start + (t.ends_at - t.starts_at)) as for_end
                              from substitute_request r
                              where m.kind = 'not_needed' and r.session_id = t.id and r.asked_id = p.id
                                and r.state not in ('asked', 'yes') order by r.ended_at desc, r.id desc limit 1) k on true
           where m.state = 'waiting' and p.active and p.email is not null order by m.created_at, m.id"""
    )
    return [Message(**dict(row)) for row in rows]
