"""What came of the messages about a change, counted."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch, fetchval
from programmes.desk.changes.rules import Told
from programmes.enrolment.rules import HOLDING
from programmes.notices.change_queries import left_by_message
from programmes.notices.leaving_rules import ALL_NOW, NOW, Leaving, last
from programmes.notices.overtaken_queries import told_again
from programmes.notices.queries import UNWRITTEN
from programmes.notices.rules import KINDS, OF_ALL, OF_CHANGES


async def told_of(cohort_id: int, since: datetime | None, now: datetime, leaving: Mapping[UUID, Leaving] = ALL_NOW) -> Told:
    """To how many of a cohort its changes of sessions have gone since a moment, None where nothing was changed; and whom any
    change has not reached, however long ago it was made, while a session is otherwise than they believe. A decision about
    all sessions counts where it is the change, also for those who wait. `leaving`: when each message that waits may go."""
    rows = await fetch(
        f"""select n.id, n.enrolment_id, n.state, n.sent_at, n.believed, coalesce(n.created_at >= $2, false) as newly,
                  s.ends_at is null or s.ends_at > $4 as coming, n.kind = any($6::text[]) as of_all
           from notice n join enrolment e on e.id = n.enrolment_id left join cohort_session s on s.id = n.session_id
           where e.cohort_id = $1 and n.believed is distinct from '{{}}' and (
             n.kind = any($3::text[]) and e.state = any($5::text[])
               and (n.created_at >= $2 or n.sent_at is null and n.state <> 'sent')
             or n.kind = any($6::text[]) and n.created_at >= $2 and not {told_again("n")})""",
        cohort_id,
        since,
        sorted(OF_CHANGES),
        now,
        sorted(HOLDING),
        sorted(OF_ALL),
    )
    left = await left_by_message([cohort_id], now)
    found = {what: set[UUID]() for what in ("sent", "waiting", "held", "missed", "by_staff")}
    for row in rows:
        if row["state"] == "sent" or row["sent_at"]:
            if row["newly"]:
                found["sent" if row["state"] == "sent" else "by_staff"].add(row["enrolment_id"])
        elif row["of_all"] or (row["coming"] if row["believed"] is None else (told := left.get(row["id"])) and told.left):
            found[_stands(row["state"], leaving.get(row["id"], NOW))].add(row["enrolment_id"])
    # Of a group without anybody in it nobody is told, whatever waits to be looked at.
    pending = await fetchval(
        f"""select exists (select from {UNWRITTEN})
                   and exists (select from enrolment where cohort_id = $1 and state = any($3::text[]))""",
        cohort_id,
        list(KINDS),
        sorted(HOLDING),
    )
    until = last(leaving.get(row["id"], NOW) for row in rows if row["enrolment_id"] in found["held"])
    return Told(**{what: len(who) for what, who in found.items()}, pending=bool(pending), until=until)


def _stands(state: str, leaving: Leaving) -> str:
    if state != "waiting" or leaving.missed:
        return "missed"
    return "held" if leaving.at else "waiting"


async def last_change(cohort_id: int) -> datetime | None:
    """When a cohort's sessions were last changed."""
    found: datetime | None = await fetchval("select max(made_at) from session_change where cohort_id = $1", cohort_id)
    return found
