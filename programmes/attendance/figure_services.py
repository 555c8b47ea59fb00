"""The figures of documented cohorts, kept as they close: the same afterwards, whoever is erased (decision 32)."""

from collections.abc import Sequence

from programmes.attendance.queries import COUNTED
from programmes.cohorts.queries import UNDONE_ADDITION
from programmes.core.db import execute, fetch, transaction
from programmes.hands import Hands

_AT_ONCE = 200

# Of the rows that are left and of those that have been erased (`kept_figure`), as `queries.figures` has it. Nobody is asked
# what sex they are where they are documented, and no number is read for it: all are of unknown.
_SUMMED = ("came", "present", "excused", "no_show", "completed", "dropped_out", "visited", "led_on")
_SUMS = ", ".join(f"coalesce(sum(n) filter (where figure = '{name}'), 0)::int as {name}" for name in _SUMMED)
_KEEP = f"""
insert into closed_figures (cohort_id, closed_on, held, cancelled_sessions, people, women, men, other, visits, excused,
                            no_shows, completed, dropped_out, waited, waited_days, study_visits, led_on)
select c.id, (c.closed_at at time zone 'Europe/Stockholm')::date, s.held, s.cancelled, f.came, 0, 0, f.came, f.present,
       f.excused, f.no_show, f.completed, f.dropped_out + w.left_after, w.waited, w.waited_days, f.visited, f.led_on
from cohort c join programme p on p.id = c.programme_id
cross join lateral (select count(*) filter (where state = 'held')::int as held,
                           count(*) filter (where state = 'cancelled' and not {UNDONE_ADDITION})::int as cancelled,
                           min(starts_at) filter (where state <> 'cancelled') as first_start
                    from cohort_session s where cohort_id = c.id) s
cross join lateral (
    select count(*) filter (where e.state = 'withdrawn' and e.confirmed_at is not null and e.ended_at > s.first_start)::int
               as left_after,
           count(*) filter (where came)::int as waited,
           coalesce(sum(greatest(0, (greatest(s.first_start, e.confirmed_at) at time zone 'Europe/Stockholm')::date
                                    - (e.applied_at at time zone 'Europe/Stockholm')::date)) filter (where came), 0)::int
               as waited_days
    from (select e.*, exists (select 1 from attendance a where a.enrolment_id = e.id and a.mark = 'present') as came
          from enrolment e where e.cohort_id = c.id and e.participant_id is not null) e) w
cross join lateral (
    select {_SUMS}
    from ({COUNTED.format(cohort="c.id")}) as counted) f
where c.id = any($1::int[]) and c.state = 'closed' and c.closed_at is not null and p.doc_level = 'individual'
on conflict (cohort_id) do nothing
"""


async def keep_figures(cohort_ids: Sequence[int]) -> None:
    """In the caller's transaction: write down what these cohorts came to, of those that are documented and closed. What is
    written stays as it is."""
    await execute(_KEEP, list(cohort_ids))


async def keep_missing(_worker: Hands) -> None:
    """The worker's tick: closed cohorts without their figures, as the release before leaves them. A few at a time."""
    rows = await fetch(
        """select c.id from cohort c join programme p on p.id = c.programme_id
           where c.state = 'closed' and c.closed_at is not null and p.doc_level = 'individual'
             and not exists (select 1 from closed_figures f where f.cohort_id = c.id) order by c.id limit $1""",
        _AT_ONCE,
    )
    if rows:
        async with transaction():
            await keep_figures([row["id"] for row in rows])


TICKS = [keep_missing]
