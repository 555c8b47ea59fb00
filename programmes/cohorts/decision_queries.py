"""Reads about decisions on starts: the newest one, with what undoing it gives back."""

from collections.abc import Collection
from datetime import datetime

from programmes.cohorts.decision_rules import Decided as Decided
from programmes.cohorts.decision_rules import Line as Line
from programmes.cohorts.queries import MINE, access
from programmes.cohorts.rules import UNDO_DECISION, decision_undone_until
from programmes.core.clock import local_date
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.principal import Principal

# The earliest session still to come then, by what the decision's own change of the sessions wrote down, or as it is.
_SOONEST = """select min(least(s.starts_at, s.was)) from (
        select starts_at, (select (w ->> 'starts_at')::timestamptz from session_change c,
                                  jsonb_array_elements(c.before::jsonb -> 'sessions') w
                           where c.cohort_id = d.cohort_id and c.made_at = d.decided_at and (w ->> 'id')::int = x.id
                           limit 1) as was
        from cohort_session x where x.cohort_id = d.cohort_id) s where least(s.starts_at, s.was) >= d.decided_at"""


async def newest(cohort_id: int) -> Decided | None:
    """The newest decision that was not taken back."""
    row = await fetchrow(
        f"""select id, decision, decided_at, state_before, decide_before, ({_SOONEST}) as soonest
            from start_decision d where cohort_id = $1 and undone_at is null order by id desc limit 1""",
        cohort_id,
    )
    if row is None:
        return None
    until = decision_undone_until(row["decided_at"], row["soonest"]) if row["state_before"] else None
    return Decided(row["id"], row["decision"], row["decided_at"], row["state_before"], row["decide_before"], until)


async def undone_until_if_now(cohort_id: int, now: datetime) -> datetime | None:
    """Until when a decision about this start that is made now could be taken back; None where its messages leave at once. As
    `newest` has it afterwards: sessions that are cancelled count, those that have begun do not."""
    soonest = await fetchval(
        "select min(starts_at) from cohort_session where cohort_id = $1 and starts_at >= $2", cohort_id, now
    )
    return decision_undone_until(now, soonest)


async def recent(principal: Principal, now: datetime) -> list[int]:
    """Cohorts that this person works with, by id, about which something was decided so lately that it may be taken back; the
    latest first."""
    rows = await fetch(
        f"""select d.cohort_id from start_decision d join cohort c on c.id = d.cohort_id
            join programme p on p.id = c.programme_id
            where d.undone_at is null and d.decided_at > $4 and {MINE} group by d.cohort_id order by max(d.id) desc""",
        *access(principal, local_date(now)),
        now - UNDO_DECISION,
    )
    return [row["cohort_id"] for row in rows]


async def told_already(cohort_id: int, since: datetime, kinds: Collection[str]) -> bool:
    """Whether the first message of some kinds has left since, or staff have told somebody, or rung about one."""
    rows = await fetch(
        """select 1 from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = $1 and n.kind = any($3::text[]) and n.created_at >= $2
             and (coalesce(n.handed_over_at, n.shown_at) is not null or n.state = 'sent' or n.sent_at is not null
                  or exists (select from notice_call c where c.notice_id = n.id)) limit 1""",
        cohort_id,
        since,
        sorted(kinds),
    )
    return bool(rows)


# SQL: the first session of what a change `m` wrote down.
_FIRST = """(select min(s.starts_at)
                   from jsonb_to_recordset(m.{}::jsonb -> 'sessions') as s (starts_at timestamptz, state text)
                   where s.state <> 'cancelled')"""


async def history(cohort_id: int) -> list[Line]:
    """Every decision about a cohort's start, the newest first."""
    rows = await fetch(
        f"""select d.decision, d.reason, d.confirmed, d.minimum, s.display_name as by, d.decided_at,
                  u.display_name as undone_by, d.undone_at,
                  d.decision = 'cancel' and d.undone_at is null and c.state <> 'cancelled' as ended,
                  {_FIRST.format("before")} as first_before, {_FIRST.format("after")} as first_after
           from start_decision d join cohort c on c.id = d.cohort_id join staff s on s.id = d.staff_id
           left join staff u on u.id = d.undone_by
           left join session_change m on m.cohort_id = d.cohort_id and m.made_at = d.decided_at
                                     and m.kind = 'postpone' and d.decision = 'postpone'
           where d.cohort_id = $1 order by d.id desc""",
        cohort_id,
    )
    return [Line(**dict(row)) for row in rows]
