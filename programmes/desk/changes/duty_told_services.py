"""Telling those who stand at sessions what somebody else has changed for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from programmes.core.db import fetch, fetchval
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_rules import Post, changed, messages
from programmes.desk.today.staff_message_services import knows, tell, tell_stands

# Nobody has seen a group that is only planned. A study visit that is held by somebody is told of as what they lead is.
_POSTS = """
select s.id as session_id, coalesce(d.staff_id, 0) as staff_id, s.starts_at, s.ends_at, s.venue_id,
       s.state = 'cancelled' as off, exists (select from substitute_request r where r.session_id = s.id
           and r.asked_id = d.staff_id and r.state = 'yes') and not d.away as asked, coalesce(d.away, false) as away
from cohort_session s join cohort c on c.id = s.cohort_id left join session_duty d on d.session_id = s.id
where s.cohort_id = $1 and c.state <> 'planned'
union all
select -v.id, v.staff_id, v.starts_at, v.ends_at, v.venue_id, v.cancelled_at is not null, false, false
from visit_slot v join cohort c on c.id = v.cohort_id
where v.cohort_id = $1 and v.staff_id is not null and c.state <> 'planned' order by starts_at, session_id, staff_id
"""


async def _posts(cohort_id: int) -> list[Post]:
    return [Post(**dict(row)) for row in await fetch(_POSTS, cohort_id)]


@asynccontextmanager
async def telling_staff(cohort_id: int, who: Principal, now: datetime, *, new: bool = False) -> AsyncIterator[None]:
    """Around what changes a cohort's sessions or who stands there, in a transaction: who stands there hears by mail at once
    what is otherwise than they believe; who has done it, knows. `new`: of sessions that there were not before, too."""
    before = await _posts(cohort_id)
    yield
    after = await _posts(cohort_id)
    sessions = {post.session_id: replace(post, staff_id=0, asked=False, away=False) for post in after}
    was, becomes = ([post for post in posts if post.staff_id] for posts in (before, after))
    # What is over before and after is of no use to anybody; what is over and gets a time to come is.
    coming = {post.session_id for post in (*before, *after) if post.ends_at > now}
    known = coming if new else coming & {post.session_id for post in before}
    # Who leads can change and change back without the session itself being another: the change tells one from the next.
    change_id = await fetchval("select max(id) from session_change where cohort_id = $1", cohort_id)
    for message in messages(was, becomes, list(sessions.values()), known):
        if message.staff_id != who.staff_id:
            await tell_stands(message.kind, message.staff_id, message.believed, f"change/{cohort_id}/{change_id}", now)
    await knows(who.staff_id, changed(before, after))


_HEARD_THAT_IT_IS_OFF = """
select m.staff_id, m.session_id, s.sequence from staff_message m join cohort_session s on s.id = m.session_id
where s.cohort_id = $1 and s.state in ('planned', 'moved') and s.ends_at > $3 and m.kind = 'cancelled' and m.created_at >= $2
  and m.staff_id <> $4 and (m.state = 'sent' or m.handed_over_at is not null) order by m.created_at, m.id
"""


# Who stands there themselves hears when it is.
_HEARD_OF_ANOTHER_DAY = """
select m.staff_id, m.session_id, s.sequence from staff_message m join cohort_session s on s.id = m.session_id
where s.cohort_id = $1 and s.state in ('planned', 'moved') and s.ends_at > $3 and m.kind = 'expected' and m.created_at >= $2
  and m.staff_id <> $4 and (m.state = 'sent' or m.handed_over_at is not null)
  and not exists (select from session_duty d where d.session_id = s.id and d.staff_id = m.staff_id and not d.away)
order by m.created_at, m.id
"""


async def tell_on_again(cohort_id: int, since: datetime, who: Principal, now: datetime) -> None:
    """In the transaction in which a change made then is undone, after `ask_again`: coordinators who were told, or may have
    been, that somebody cancelled what they lead hear that it takes place. Those who were told that it has got another day,
    on which whoever had let somebody stand in is expected, hear on which day nobody has said yes."""
    for row in await fetch(_HEARD_THAT_IT_IS_OFF, cohort_id, since, now, who.staff_id):
        await tell("on_again", [row["staff_id"]], row["session_id"], str(row["sequence"]), now)
    for row in await fetch(_HEARD_OF_ANOTHER_DAY, cohort_id, since, now, who.staff_id):
        await tell("nobody", [row["staff_id"]], row["session_id"], f"back/{row['sequence']}", now)
