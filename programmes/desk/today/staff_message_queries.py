"""Reads of what members of staff are told at once."""

from programmes.core.db import fetch
from programmes.desk.today.staff_message_rules import Message


async def waiting() -> list[Message]:
    """What is not sent yet, oldest first; not to who has no account any more."""
    rows = await fetch(
        """select m.id as message_id, m.kind, p.email as to, t.starts_at, t.ends_at, t.state as session_state,
                  (select max(r.answer_by) from substitute_request r where r.session_id = t.id and r.asked_id = p.id
                   and r.state = 'asked') as answer_by, m.failures, m.last_failure
           from staff_message m join staff p on p.id = m.staff_id join cohort_session t on t.id = m.session_id
           where m.state = 'waiting' and p.active and p.email is not null order by m.created_at, m.id"""
    )
    return [Message(**dict(row)) for row in rows]
