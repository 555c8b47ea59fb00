"""Who stands at a session, who could, and who was asked."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from programmes.cohorts.queries import LEADS, SessionFacts, sessions
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.errors import NotFound
from programmes.desk.illness.substitute_rules import Candidate, Free, Request, Standing, Waiting


async def standing(session_id: int) -> list[Standing]:
    """Who is to stand at a session, those who are away too; leaders before substitutes."""
    rows = await fetch(
        f"""select d.staff_id, s.display_name as name, d.away, d.given, s.active and {LEADS} as works,
                   exists (select from substitute_request r where r.session_id = d.session_id and r.absent_id = d.staff_id
                           and r.state in ('asked', 'no')) as asked_for,
                   exists (select from session_duty o where o.staff_id = d.staff_id and o.session_id <> d.session_id
                           and not o.cancelled and not o.away and o.starts_at < d.ends_at
                           and o.ends_at > d.starts_at) as elsewhere
            from session_duty d join cohort_session t on t.id = d.session_id join cohort c on c.id = t.cohort_id
            join programme p on p.id = c.programme_id join staff s on s.id = d.staff_id
            join cohort_staff cs on cs.cohort_id = c.id and cs.staff_id = d.staff_id
            where d.session_id = $1 order by d.given, cs.role, cs.id""",
        session_id,
    )
    return [Standing(**dict(row)) for row in rows]


async def stand_at(session_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """Who is to come to each of some sessions, with their names; not who is away."""
    rows = await fetch(
        """select d.session_id, d.staff_id, s.display_name as name from session_duty d
           join cohort_session t on t.id = d.session_id join staff s on s.id = d.staff_id
           join cohort_staff cs on cs.cohort_id = t.cohort_id and cs.staff_id = d.staff_id
           where d.session_id = any($1::int[]) and not d.away order by d.session_id, d.given, cs.role, cs.id""",
        list(session_ids),
    )
    found: dict[int, dict[int, str]] = {session_id: {} for session_id in session_ids}
    for row in rows:
        found[row["session_id"]][row["staff_id"]] = row["name"]
    return found


# Of staff `s`: who has something else then, or has said for that day that they can't come. $2 and $3 are from when to when,
# $4 is the session that is asked about, $5 its local day.
_BUSY = """(exists (select from session_duty o where o.staff_id = s.id and o.session_id <> $4 and not o.cancelled
              and not o.away and o.starts_at < $3 and o.ends_at > $2)
    or exists (select from visit_slot v where v.staff_id = s.id and v.cancelled_at is null
               and v.starts_at < $3 and v.ends_at > $2))"""
_ILL = """(exists (select from session_duty o where o.staff_id = s.id and o.away and not o.cancelled
              and (o.starts_at at time zone 'Europe/Stockholm')::date = $5)
    or exists (select from substitute_request r join cohort_session q on q.id = r.session_id
               where r.absent_id = s.id and r.state in ('asked', 'yes')
                 and (q.starts_at at time zone 'Europe/Stockholm')::date = $5))"""


async def candidates(session: SessionFacts, section: str, day: date) -> list[Candidate]:
    """Who may lead the programme, and is free: not at this session already, nowhere else then, and not ill that day."""
    rows = await fetch(
        f"""select s.id as staff_id, s.display_name as name, s.email is not null as mailed from staff s
            where s.active and exists (select from staff_role r where r.staff_id = s.id and r.role = 'leader'
                                       and r.section in ('', $1))
              and not exists (select from session_duty d where d.session_id = $4 and d.staff_id = s.id)
              and not {_BUSY} and not {_ILL} order by s.display_name, s.id""",
        section,
        session.starts_at,
        session.ends_at,
        session.session_id,
        day,
    )
    return [Candidate(**dict(row)) for row in rows]


async def free(staff_id: int, session: SessionFacts, section: str, day: date) -> Free:
    """How it stands with one of them, as `candidates` looks at all."""
    row = await fetchrow(
        f"""select s.active and exists (select from staff_role r where r.staff_id = s.id and r.role = 'leader'
                                        and r.section in ('', $1)) as leads, {_BUSY} as elsewhere, {_ILL} as ill
            from staff s where s.id = $6""",
        section,
        session.starts_at,
        session.ends_at,
        session.session_id,
        day,
        staff_id,
    )
    return Free(**dict(row)) if row else Free(False, False, False)


async def session(session_id: int) -> SessionFacts:
    """A session, for what is not asked by anybody who works with it. Raises NotFound."""
    cohort_id = await fetchval("select cohort_id from cohort_session where id = $1", session_id)
    for found in await sessions(cohort_id) if cohort_id is not None else ():
        if found.session_id == session_id:
            return found
    raise NotFound


# Of request `r`: what has become of the mail that asks, as `Unheard` tells it.
_UNHEARD = """case when r.state = 'asked' then coalesce((
    select case when m.state = 'failed' then 'refused' when m.state = 'waiting' and m.failures > 0 then 'tried' else '' end
    from staff_message m where m.kind = 'asked' and m.session_id = r.session_id and m.staff_id = r.asked_id
      and m.created_at >= r.asked_at order by m.created_at desc, m.id limit 1), '') else '' end"""
_REQUEST = f"""
select r.id as request_id, r.session_id, r.absent_id, a.display_name as absent, r.asked_id, s.display_name as asked,
       r.asked_at, r.answer_by, r.for_start, r.for_end, r.state, s.email is not null as mailed, {_UNHEARD} as unheard
from substitute_request r join staff a on a.id = r.absent_id join staff s on s.id = r.asked_id
"""


async def requests(session_id: int, absent_id: int) -> list[Request]:
    """Whom somebody's absence from a session has been asked of, the first first."""
    rows = await fetch(
        f"{_REQUEST} where r.session_id = $1 and r.absent_id = $2 order by r.asked_at, r.id", session_id, absent_id
    )
    return [Request(**dict(row)) for row in rows]


async def yes_of(session_id: int, asked_id: int) -> list[Request]:
    """By what somebody stands in at a session."""
    rows = await fetch(f"{_REQUEST} where r.session_id = $1 and r.asked_id = $2 and r.state = 'yes'", session_id, asked_id)
    return [Request(**dict(row)) for row in rows]


async def request_to(request_id: int, asked_id: int) -> Request:
    """A request, for the one who was asked. Raises NotFound for anybody else."""
    row = await fetchrow(f"{_REQUEST} where r.id = $1 and r.asked_id = $2", request_id, asked_id)
    if row is None:
        raise NotFound
    return Request(**dict(row))


async def absence_asked_about(session_id: int) -> int | None:
    """For whom somebody was last asked about a session, or who is away from it; None for nobody."""
    found: int | None = await fetchval(
        """select coalesce((select absent_id from substitute_request
                            where session_id = $1 and state in ('asked', 'yes', 'no')
                            order by asked_at desc, id desc limit 1),
                           (select staff_id from session_duty where session_id = $1 and away order by id limit 1))""",
        session_id,
    )
    return found


async def own_sessions(staff_id: int, now: datetime, until: datetime) -> list[int]:
    """Sessions at which somebody is to stand, that are not over and begin before a moment; by time."""
    rows = await fetch(
        f"""select t.id from session_duty d join cohort_session t on t.id = d.session_id join cohort c on c.id = t.cohort_id
            join programme p on p.id = c.programme_id
            join cohort_staff cs on cs.cohort_id = c.id and cs.staff_id = d.staff_id
            where d.staff_id = $1 and not d.away and t.state in ('planned', 'moved') and t.ends_at > $2 and t.starts_at < $3
              and c.state in ('planned', 'open', 'postponed', 'started') and {LEADS} order by t.starts_at, t.id""",
        staff_id,
        now,
        until,
    )
    return [row["id"] for row in rows]


# SQL: somebody stands at session `t` of cohort `c` for certain: not who is away, nor for whom somebody has been asked to
# stand in without a yes.
_SURE = f"""exists (
    select from session_duty d join staff s on s.id = d.staff_id
    join cohort_staff cs on cs.cohort_id = c.id and cs.staff_id = d.staff_id
    where d.session_id = t.id and not d.away and s.active and {LEADS} and not exists (
        select from substitute_request r where r.session_id = t.id and r.absent_id = d.staff_id
          and r.state in ('asked', 'no')))"""


async def waiting(staff_id: int, cohort_ids: Iterable[int], now: datetime) -> Sequence[Waiting]:
    """What somebody was asked; which sessions of these cohorts have been asked about without anybody saying yes, and from
    which somebody is away without anybody standing there."""
    rows = await fetch(
        f"""select r.id as request_id, t.id as session_id, t.cohort_id, t.starts_at, t.ends_at, r.answer_by, c.programme_id,
                   true as mine, true as open, '' as unheard
            from substitute_request r join cohort_session t on t.id = r.session_id join cohort c on c.id = t.cohort_id
            where r.asked_id = $1 and r.state = 'asked' and t.state in ('planned', 'moved') and t.ends_at > $3
            union all
            select coalesce(q.id, 0), t.id, t.cohort_id, t.starts_at, t.ends_at, coalesce(q.answer_by, t.starts_at),
                   c.programme_id, false, coalesce(q.state = 'asked', false), coalesce(h.unheard, '')
            from cohort_session t join cohort c on c.id = t.cohort_id join programme p on p.id = c.programme_id
            cross join lateral (select {_SURE} as sure) l
            left join lateral (
                select r.id, r.answer_by, r.state from substitute_request r
                join session_duty d on d.session_id = r.session_id and d.staff_id = r.absent_id
                where r.session_id = t.id and r.state in ('asked', 'no') and (not d.away or not l.sure)
                order by r.state = 'asked' desc, r.answer_by desc limit 1) q on true
            left join lateral (
                select case when bool_or(o.unheard = '') then '' when bool_or(o.unheard = 'tried') then 'tried'
                            else 'refused' end as unheard
                from (select {_UNHEARD} as unheard from substitute_request r
                      where r.session_id = t.id and r.state = 'asked') o having count(*) > 0) h on true
            where t.cohort_id = any($2::int[]) and t.state in ('planned', 'moved') and t.ends_at > $3
              and (q.id is not null or exists (
                  select from session_duty d where d.session_id = t.id and d.away) and not l.sure)
            order by mine desc, request_id, session_id""",
        staff_id,
        sorted(cohort_ids),
        now,
    )
    return [Waiting(**dict(row)) for row in rows]


async def coordinators(section: str, but: Collection[int]) -> list[int]:
    """Active coordinators of a programme, without some."""
    rows = await fetch(
        """select distinct p.id from staff p join staff_role r on r.staff_id = p.id
           where p.active and r.role = 'coordinator' and r.section in ('', $1) and p.id <> all($2::int[]) order by p.id""",
        section,
        sorted(but),
    )
    return [row["id"] for row in rows]


async def late(now: datetime) -> list[tuple[int, int, datetime]]:
    """Absences for which the time to answer has passed, or no question has come to anybody: session, absent, and until when;
    nobody has said yes."""
    rows = await fetch(
        f"""select r.session_id, r.absent_id, max(r.answer_by) as answer_by
           from substitute_request r join cohort_session t on t.id = r.session_id
           where r.state = 'asked' and t.state in ('planned', 'moved') and t.ends_at > $1
           group by r.session_id, r.absent_id having max(r.answer_by) <= $1 or bool_and({_UNHEARD} = 'refused')""",
        now,
    )
    return [(row["session_id"], row["absent_id"], row["answer_by"]) for row in rows]


_OTHER_DAY = """(t.starts_at at time zone 'Europe/Stockholm')::date
    <> (r.for_start at time zone 'Europe/Stockholm')::date"""
_OTHER_PLACE = """(t.starts_at, t.ends_at, t.venue_id)
    <> (r.for_start, coalesce(r.for_end, t.ends_at), coalesce(r.for_venue, t.venue_id))"""
_STALE = f"""
select r.id from substitute_request r join cohort_session t on t.id = r.session_id join cohort c on c.id = t.cohort_id
join programme p on p.id = c.programme_id
where r.state = 'asked' and (t.state in ('cancelled', 'held') or t.ends_at <= $1 or {_OTHER_PLACE})
   or r.state = 'no' and t.ends_at > $1 and t.state in ('planned', 'moved') and {_OTHER_DAY}
   or r.state = 'yes' and t.ends_at > $1 and (t.state = 'cancelled' or {_OTHER_PLACE} or not exists (
       select from session_duty d join staff s on s.id = d.staff_id
       join cohort_staff cs on cs.cohort_id = c.id and cs.staff_id = d.staff_id
       where d.session_id = t.id and d.staff_id = r.asked_id and s.active and {LEADS} and (not d.away or exists (
           select from substitute_request x where x.session_id = t.id and x.absent_id = r.asked_id and x.state = 'yes'))))
order by r.id
"""


async def stale(now: datetime) -> list[int]:
    """Requests that are about something that is no longer so: the session is cancelled, over, or at another time or place,
    or who had said yes does not stand there now, nor anybody for them."""
    return [row["id"] for row in await fetch(_STALE, now)]


# Of those who stand in at a cohort, the last day on which they are still to, or were; the day before $1 where all of it is
# cancelled. None of that can be undone any more: it was cancelled before $2.
_LET_GO = """
select w.cohort_id, w.staff_id, l.until from cohort_staff w
cross join lateral (
    select coalesce(max((s.starts_at at time zone 'Europe/Stockholm')::date) filter (where s.state <> 'cancelled'),
                    $1::date - 1) as until,
           max(s.cancelled_at) filter (where s.state = 'cancelled') as cancelled_at
    from session_duty d join cohort_session s on s.id = d.session_id
    where s.cohort_id = w.cohort_id and d.staff_id = w.staff_id and d.given) l
where w.role = 'substitute' and not w.every_session and w.until >= $1 and l.cancelled_at <= $2 and l.until < w.until
"""


async def to_let_go(today: date, cancelled_before: datetime) -> list[tuple[int, int, date]]:
    """Who has access to a cohort for sessions that are cancelled for good: cohort, who, and until when they are to have
    it."""
    rows = await fetch(f"{_LET_GO} order by w.cohort_id, w.staff_id", today, cancelled_before)
    return [(row["cohort_id"], row["staff_id"], row["until"]) for row in rows]


async def by_id(request_id: int) -> Request:
    """A request. Raises NotFound."""
    row = await fetchrow(f"{_REQUEST} where r.id = $1", request_id)
    if row is None:
        raise NotFound
    return Request(**dict(row))


async def told_off(cohort_id: int, since: datetime, now: datetime) -> list[Request]:
    """Who had been asked to stand in, or had said yes, at sessions that are to come again at the time that was asked about,
    and need not any more since then; but for who can't come either, in whose place somebody else was asked."""
    rows = await fetch(
        f"""{_REQUEST} join cohort_session t on t.id = r.session_id
            where t.cohort_id = $1 and r.state = 'over' and r.ended_at >= $2 and t.state in ('planned', 'moved')
              and t.ends_at > $3 and t.starts_at = r.for_start and not exists (
                  select from session_duty d where d.session_id = t.id and d.staff_id = r.asked_id and d.away)
            order by r.asked_at, r.id""",
        cohort_id,
        since,
        now,
    )
    return [Request(**dict(row)) for row in rows]


async def without_leader(cohort_id: int, now: datetime) -> list[tuple[int, datetime, datetime]]:
    """Sessions to come at which nobody stands for certain: whoever would is away, or somebody has been asked to stand in for
    them and nobody has said yes. With their times."""
    rows = await fetch(
        f"""select t.id, t.starts_at, t.ends_at from cohort_session t join cohort c on c.id = t.cohort_id
            join programme p on p.id = c.programme_id
            where t.cohort_id = $1 and t.state in ('planned', 'moved') and t.ends_at > $2
              and exists (select from session_duty d where d.session_id = t.id)
              and not {_SURE}
            order by t.starts_at, t.id""",
        cohort_id,
        now,
    )
    return [(row["id"], row["starts_at"], row["ends_at"]) for row in rows]
