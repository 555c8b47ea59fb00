"""Changes of a cohort's sessions, written down as they are made, and undone within the hour."""

import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from programmes.cohorts import queries
from programmes.cohorts.change_queries import OF_STAFF, first_of_tap
from programmes.cohorts.clash_services import refused_in_words
from programmes.cohorts.rules import Reason
from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal

UNDO_FOR = timedelta(hours=1)
_KEPT_FOR = timedelta(days=1)
_UNDOABLE = OF_STAFF | {"move", "move_rest", "cancel", "replace"}

# Patterns only where there is more than the first: a change that the release before wrote down can still be undone.
_STATE = """
select (jsonb_build_object(
  'sessions', (select jsonb_agg(to_jsonb(x) order by x.id) from (
      select id, starts_at, ends_at, moved_from, venue_id, state, cancelled_at, shares_room
      from cohort_session where cohort_id = $1) x),
  'staff', (select jsonb_agg(to_jsonb(x) order by x.staff_id) from (
      select staff_id, role, until, every_session, duty_from from cohort_staff where cohort_id = $1) x),
  'duty', (select jsonb_agg(to_jsonb(x) order by x.session_id, x.staff_id) from (
      select d.session_id, d.staff_id, d.given, d.away, d.meant from session_duty d
      join cohort_session s on s.id = d.session_id where s.cohort_id = $1 and (d.given or d.away or d.meant)) x))
  || coalesce((select jsonb_build_object('patterns', jsonb_agg(to_jsonb(x) order by x.id)) from (
      select id, pattern_no, pattern_start from cohort_session
      where cohort_id = $1 and (pattern_no > 0 or pattern_start is not null)) x having count(*) > 0), '{}'))::text
"""


async def _state(cohort_id: int) -> str:
    found: str = await fetchval(_STATE, cohort_id)
    return found


@dataclass
class Noted:
    """A change that is written down; its number once it is."""

    change_id: int = 0


@asynccontextmanager
async def noting(cohort_id: int, kind: str, principal: Principal, now: datetime) -> AsyncIterator[Noted]:
    """Around the statements of a change, under the cohort's lock: what was and what is, so that it can be undone, and those
    with a place be told what is otherwise than they know. The caller puts an event that names the `change`."""
    before, noted = await _state(cohort_id), Noted()
    yield noted
    await execute(
        "delete from session_change where cohort_id = $1 and made_at < $2 and not untold", cohort_id, now - _KEPT_FOR
    )
    noted.change_id = await fetchval(
        """insert into session_change (cohort_id, kind, staff_id, made_at, before, after, untold)
           values ($1, $2, $3, $4, $5, $6, $7) returning id""",
        cohort_id,
        kind,
        principal.staff_id,
        now,
        before,
        await _state(cohort_id),
        kind not in OF_STAFF,
    )


async def renumber(cohort_id: int) -> None:
    """Numbers follow time. By way of negative ones: no two sessions may have the same number, not even in between."""
    await execute("update cohort_session set number = -number where cohort_id = $1 and number is not null", cohort_id)
    await execute(
        """update cohort_session s set number = ordered.number
           from (select id, row_number() over (order by starts_at, id) as number from cohort_session
                 where cohort_id = $1 and state <> 'cancelled') ordered where s.id = ordered.id""",
        cohort_id,
    )


@dataclass(frozen=True)
class Undoable:
    """The last change of a cohort, while it can be undone: with all that one tap changed there."""

    change_id: int
    kind: str
    until: datetime
    tap: int | None = None

    @property
    def of_staff(self) -> bool:
        """Whether neither time nor place was changed, only who stands there."""
        return self.kind in OF_STAFF


async def undoable(cohort_id: int, principal: Principal, now: datetime) -> Undoable | None:
    """What this person can undo: the last change only, for an hour, while nothing has happened since and no time that it
    would bring back has begun."""
    found = await _last(cohort_id, principal, now)
    if found is None:
        return None
    begins = await _begins(cohort_id, found.change_id)
    if begins is None:
        return found
    return replace(found, until=min(found.until, begins)) if now < begins else None


async def has_begun(cohort_id: int, principal: Principal, now: datetime) -> bool:
    """Whether only that a time which it would bring back has begun keeps this person from undoing the last change."""
    found = await _last(cohort_id, principal, now)
    begins = await _begins(cohort_id, found.change_id) if found else None
    return begins is not None and begins <= now


async def _begins(cohort_id: int, change_id: int) -> datetime | None:
    """The first time that undoing a change, with its tap, brings back; None where it brings back none."""
    first = await first_of_tap(cohort_id, change_id)
    different = await _different(cohort_id, json.loads(first.before)) if first else ()
    return min((datetime.fromisoformat(s["starts_at"]) for s in different), default=None)


async def one_tap(change_ids: Collection[int]) -> None:
    """In the transaction in which they were made: these are undone as one."""
    if len(change_ids) > 1:
        await execute("update session_change set tap = $2 where id = any($1::int[])", sorted(change_ids), min(change_ids))


async def with_same_tap(cohort_id: int, change_id: int, principal: Principal, now: datetime) -> list[tuple[int, int]]:
    """A change and those that the same tap made in other cohorts which this person can undo as well; cohort and change, in
    the order in which cohorts are locked."""
    rows = await fetch(
        f"""select o.cohort_id, max(o.id) as change_id from session_change k join session_change o on o.tap = k.tap
            join cohort c on c.id = o.cohort_id join programme p on p.id = c.programme_id
            where k.id = $4 and k.cohort_id = $5 and o.cohort_id <> $5 and ({queries.MINE}) group by o.cohort_id""",
        *queries.access(principal, local_date(now)),
        change_id,
        cohort_id,
    )
    found = [(cohort_id, change_id)]
    for row in rows:
        there = await undoable(row["cohort_id"], principal, now)
        if there and there.change_id == row["change_id"]:
            found.append((row["cohort_id"], row["change_id"]))
    return sorted(found)


async def _last(cohort_id: int, principal: Principal, now: datetime) -> Undoable | None:
    row = await fetchrow(
        "select id, kind, made_at, undone_at, after, tap from session_change where cohort_id = $1 order by id desc limit 1",
        cohort_id,
    )
    if row is None or row["undone_at"] or row["kind"] not in _UNDOABLE or now >= row["made_at"] + UNDO_FOR:
        return None
    if row["kind"] in OF_STAFF and not principal.coordinates((await queries.by_id(cohort_id)).section):
        return None
    if row["after"] != await _state(cohort_id):
        return None
    return Undoable(row["id"], row["kind"], row["made_at"] + UNDO_FOR, row["tap"])


async def undo(cohort_id: int, change_id: int, principal: Principal, now: datetime) -> list[Reason]:
    """Undo the last change, with all that the same tap changed in this cohort: time, place, state, numbers and who stands
    there are as before. SEQUENCE only ever rises, so that calendars follow, and who was told is told again. Returns why not,
    or nothing when it is done.

    Raises:
        NotFound: not theirs.
        Forbidden: who leads is for its coordinator to change.
        Conflict: something has happened since, the hour is over, or somebody has taken the room or a leader's time.
    """
    async with transaction():
        await queries.mine(principal, local_date(now), cohort_id)
        cohort = await queries.locked(cohort_id)
        row = await fetchrow(
            "select kind, before from session_change where id = $1 and cohort_id = $2", change_id, cohort_id
        )
        if row is None:
            raise Conflict("change_settled")
        if row["kind"] in OF_STAFF and not principal.coordinates(cohort.section):
            raise Forbidden
        found = await _last(cohort_id, principal, now)
        if found is None or found.change_id != change_id or cohort.state in {"closed", "cancelled"}:
            raise Conflict("change_settled")
        first = await first_of_tap(cohort_id, change_id)
        before = json.loads(first.before if first else row["before"])
        begins = await _begins(cohort_id, change_id)
        if begins is not None and begins <= now:
            return [Reason("past_before")]
        async with noting(cohort_id, "undo", principal, now) as noted:
            with refused_in_words():
                await _put_back(cohort_id, before, now)
            await renumber(cohort_id)
        await execute(
            "update session_change set undone_at = $3 where cohort_id = $1 and (id = $2 or tap = $4)",
            cohort_id,
            change_id,
            now,
            found.tap,
        )
        await audit.note("session:undo", f"cohort/{cohort_id}", principal.staff_id, now)
        await jobs.put("change_undone", {"cohort": cohort_id, "change": noted.change_id})
    return []


async def is_as_decided(cohort_id: int, kind: str, made_at: datetime) -> bool:
    """Whether what a decision about a start did to the sessions is the last that happened there: nothing was changed since,
    not even back, and everything is as it left it, who stands there too. A later decision that was taken back, before
    anybody had heard of it, has happened to nobody."""
    row = await fetchrow(
        """select c.kind, c.made_at, c.after from session_change c where c.cohort_id = $1
             and not (c.kind = any($2::text[]) and c.undone_at is not null)
             and not (c.kind = 'undo' and exists (select from session_change d where d.cohort_id = c.cohort_id
                      and d.kind = any($2::text[]) and d.undone_at = c.made_at and d.id < c.id))
           order by c.id desc limit 1""",
        cohort_id,
        ["postpone", "cancel_start"],
    )
    if row is None or (row["kind"], row["made_at"]) != (kind, made_at):
        return False
    return bool(row["after"] == await _state(cohort_id))


async def put_back_decided(cohort_id: int, kind: str, made_at: datetime, principal: Principal, now: datetime) -> None:
    """In the transaction that takes back a decision about a start, under the lock: the sessions are as they were before it.
    It is told as any undo, to whom that is news: who came in between. Raises Conflict when somebody has taken the room or a
    leader's time."""
    row = await fetchrow(
        "select id, before from session_change where cohort_id = $1 and kind = $2 and made_at = $3", cohort_id, kind, made_at
    )
    if row is None:
        return
    async with noting(cohort_id, "undo", principal, now) as noted:
        with refused_in_words():
            await _put_back(cohort_id, json.loads(row["before"]), now)
        await renumber(cohort_id)
    if kind == "cancel_start":
        # What was held stood in calendars as cancelled with the start, one change newer than it is.
        await execute(
            """update cohort_session set sequence = sequence + 2, revised_at = $2
               where cohort_id = $1 and state = 'held'""",
            cohort_id,
            now,
        )
    await execute("update session_change set undone_at = $2 where id = $1", row["id"], now)
    await jobs.put("change_undone", {"cohort": cohort_id, "change": noted.change_id})


async def _different(cohort_id: int, before: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Sessions as they were, of those that are otherwise now."""
    now_is = {s["id"]: s for s in json.loads(await _state(cohort_id))["sessions"] or ()}
    return [s for s in before["sessions"] or () if s != now_is.get(s["id"])]


_SESSIONS_BACK = """
update cohort_session s
set starts_at = was.starts_at, ends_at = was.ends_at, moved_from = was.moved_from, venue_id = was.venue_id,
    state = was.state, cancelled_at = was.cancelled_at, shares_room = was.shares_room,
    sequence = s.sequence + 1, revised_at = $3,
    number = case when was.state = 'cancelled' then null else coalesce(s.number, 1000 + s.id) end
from jsonb_to_recordset($2::text::jsonb -> 'sessions') as was (id int, starts_at timestamptz, ends_at timestamptz,
     moved_from timestamptz, venue_id int, state text, cancelled_at timestamptz, shares_room boolean)
where s.id = was.id and s.cohort_id = $1
  and (s.starts_at, s.ends_at, s.moved_from, s.venue_id, s.state, s.cancelled_at, s.shares_room) is distinct from
      (was.starts_at, was.ends_at, was.moved_from, was.venue_id, was.state, was.cancelled_at, was.shares_room)
"""
# Which pattern each follows is nothing that a calendar shows.
_PATTERNS_BACK = """
update cohort_session s set pattern_no = coalesce(was.pattern_no, 0), pattern_start = was.pattern_start
from cohort_session o
left join jsonb_to_recordset(case when jsonb_typeof($2::text::jsonb -> 'patterns') = 'array'
    then $2::text::jsonb -> 'patterns' else '[]' end) as was (id int, pattern_no int, pattern_start timestamptz)
  on was.id = o.id
where o.id = s.id and s.cohort_id = $1
  and (s.pattern_no, s.pattern_start) is distinct from (coalesce(was.pattern_no, 0), was.pattern_start)
"""
# A session that was added stands as cancelled in the calendars that have it.
_ADDED_AWAY = """
update cohort_session s set state = 'cancelled', number = null, sequence = s.sequence + 1, revised_at = $3, cancelled_at = $3
where s.cohort_id = $1 and s.state <> 'cancelled'
  and not exists (select from jsonb_to_recordset($2::text::jsonb -> 'sessions') as was (id int) where was.id = s.id)
"""
_WAS_STAFF = """jsonb_to_recordset(case when jsonb_typeof($2::text::jsonb -> 'staff') = 'array'
    then $2::text::jsonb -> 'staff' else '[]' end)
    as was (staff_id int, role text, until date, every_session boolean, duty_from date)"""
_STAFF_BACK = f"""
insert into cohort_staff (cohort_id, staff_id, role, until, every_session, duty_from)
select $1, was.staff_id, was.role, was.until, was.every_session, was.duty_from from {_WAS_STAFF}
on conflict (cohort_id, staff_id) do update set role = excluded.role, until = excluded.until,
    every_session = excluded.every_session, duty_from = excluded.duty_from
"""
_STAFF_AWAY = f"""delete from cohort_staff w where w.cohort_id = $1
    and not exists (select from {_WAS_STAFF} where was.staff_id = w.staff_id)"""
# What was not given before goes, unless it is theirs anyway.
_GIVEN_AWAY = """
delete from session_duty d using cohort_session s
where s.id = d.session_id and s.cohort_id = $1 and d.given
  and not exists (select from jsonb_to_recordset($2::text::jsonb) as was (session_id int, staff_id int, given boolean)
                  where was.session_id = d.session_id and was.staff_id = d.staff_id and was.given)
  and not exists (select from cohort_staff w
                  where w.cohort_id = $1 and w.staff_id = d.staff_id and w.every_session)
"""
_DUTY_BACK = """
insert into session_duty (session_id, staff_id, starts_at, ends_at, cancelled, given, away, meant)
select s.id, d.staff_id, s.starts_at, s.ends_at, s.state = 'cancelled', coalesce(was.given, false),
       coalesce(was.away, false), coalesce(was.meant, false)
from cohort_session s
join (select session_id, staff_id from session_duty union
      select session_id, staff_id from jsonb_to_recordset($2::text::jsonb) as x (session_id int, staff_id int)) d
  on d.session_id = s.id
left join jsonb_to_recordset($2::text::jsonb)
  as was (session_id int, staff_id int, given boolean, away boolean, meant boolean)
  on was.session_id = d.session_id and was.staff_id = d.staff_id
where s.cohort_id = $1
on conflict (session_id, staff_id) do update set given = excluded.given, away = excluded.away, meant = excluded.meant
"""


async def _put_back(cohort_id: int, before: Mapping[str, Any], now: datetime) -> None:
    """Where everything ends up is what is judged, not the way there."""
    text = json.dumps(before)
    await execute("set constraints one_place_at_a_time, one_group_per_room deferred")
    for statement in (_SESSIONS_BACK, _ADDED_AWAY):
        await fetch(statement, cohort_id, text, now)
    for statement in (_PATTERNS_BACK, _STAFF_BACK, _STAFF_AWAY):
        await fetch(statement, cohort_id, text)
    for statement in (_GIVEN_AWAY, _DUTY_BACK):
        await fetch(statement, cohort_id, json.dumps(before["duty"] or []))
    await execute("set constraints one_place_at_a_time, one_group_per_room immediate")
