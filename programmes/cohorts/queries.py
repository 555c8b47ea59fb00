"""Reads about cohorts and their sessions, as facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import asyncpg

from programmes.cohorts.moved_rules import Usually, is_back
from programmes.cohorts.rules import UNDECIDED
from programmes.cohorts.schedule_rules import Slot
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.errors import NotFound
from programmes.core.principal import Principal

CohortState = Literal["planned", "open", "postponed", "started", "closed", "cancelled"]
SessionState = Literal["planned", "moved", "cancelled", "held"]
Form = Literal["group", "individual", "drop_in", "catalogue_only"]


@dataclass(frozen=True)
class CohortFacts:
    """A cohort with what nearly every page needs of its programme and venue. `exempt`: nobody's identity is recorded.

    `last_end`: since when nothing of it is to come (the SQL of that name). `every_weeks`: how often it meets; 0 when its
    days were chosen one by one. `one_at_a_time`: talks that are booked as it goes on. `ended_how`: once it is said how it
    ended.
    """

    cohort_id: int
    public_id: str
    programme_id: int
    section: str
    slug: str
    form: Form
    exempt: bool
    name: str
    state: CohortState
    venue_id: int
    venue: str
    address: str
    minimum: int
    maximum: int
    enrol_from: date
    decide_by: date
    last_entry_session: int
    first_start: datetime | None
    last_end: datetime | None
    sessions: int
    every_weeks: int
    one_at_a_time: bool = False
    ended_how: str | None = None

    def has_ended(self, now: datetime) -> bool:
        """Whether it ended before its time, and nothing of it is left to come to."""
        return self.ended_how == "ended_early" and (self.last_end is None or self.last_end <= now)

    @property
    def unbooked(self) -> bool:
        """A series of talks of which none is booked, or any more, and that has not ended: the next is booked later."""
        alive = self.state in {"planned", "open", "postponed", "started"}
        return self.form == "individual" and alive and self.first_start is None and self.ended_how is None

    @property
    def called_off(self) -> bool:
        """Whether every session of it was cancelled and no more is to come: it is over, and never took place."""
        return self.form != "drop_in" and self.first_start is None and self.last_end is not None

    @property
    def only_to_close(self) -> bool:
        """Whether nothing of it is to come, because it was said how it ended or all of it was cancelled."""
        return bool(self.ended_how) or self.called_off

    @property
    def undecided(self) -> bool:
        """Whether it waits for the decision that it starts; only groups are decided upon."""
        return self.form == "group" and self.state in UNDECIDED

    def books_next(self, most: int | None, now: datetime) -> bool:
        """Whether the next talk of a series is to be booked: it goes on, none is to come, and there are fewer than the
        edition's `most`."""
        goes_on = self.unbooked or (self.one_at_a_time and self.ended_how is None and self.state in {"open", "started"})
        return goes_on and (self.last_end is None or self.last_end <= now) and (most is None or self.sessions < most)


@dataclass(frozen=True)
class SessionFacts:
    """One session. `number` is None for a cancelled one. `usually`: what its group's sessions have in common, known of one
    that was moved."""

    session_id: int
    cohort_id: int
    number: int | None
    starts_at: datetime
    ends_at: datetime
    moved_from: datetime | None
    venue_id: int
    venue: str
    address: str
    theme: str
    state: SessionState
    added: bool
    sequence: int
    revised_at: datetime
    cancelled_at: datetime | None
    makes_up_for: int | None = None
    pattern_no: int = 0
    pattern_start: datetime | None = None
    usually: Usually | None = None

    @property
    def slot(self) -> Slot:
        """Its time, which pattern it follows, and where that has it if it was moved by itself since."""
        by_itself = self.moved_from if self.pattern_start is None else self.pattern_start
        if self.pattern_start == self.starts_at:
            by_itself = None
        return Slot(self.starts_at, self.ends_at, by_itself, self.pattern_no)

    @property
    def is_changed(self) -> bool:
        """Whether it is otherwise than it was planned, as far as anybody needs to know."""
        if self.state != "moved":
            return False
        at = self.moved_from, self.starts_at, self.ends_at, self.venue_id
        return self.usually is None or not is_back(*at, self.usually)

    @property
    def was_at(self) -> datetime | None:
        """When it was first to begin, if that is another time; None where only its place was changed, or it moved back."""
        return self.moved_from if self.moved_from != self.starts_at else None


# SQL, of the sessions of a cohort, in an aggregate: when the last one ends, and when the last of those cancelled was.
LAST_OF_SESSIONS = "max(ends_at) filter (where state <> 'cancelled') as last_end, max(cancelled_at) as all_off"


def last_end(cohort: str = "c", form: str = "p.form", sessions: str = "s") -> str:
    """SQL: since when nothing of a cohort is to come, or will be, as everything counts that is due after that: when its last
    session ends; where all are cancelled, when the last of them was. A series of which no talk is booked, or any more, has
    none before it is said how it ended: it goes on. The three are names; `sessions` has `LAST_OF_SESSIONS`."""
    return f"""coalesce({sessions}.last_end, case when {form} <> 'individual' or {cohort}.ended_how is not null
                                      or {cohort}.state in ('closed', 'cancelled') then {sessions}.all_off end)"""


# SQL: the same of one cohort `c` of the programme `p`, also of one that was cancelled before it had any session.
OVER_SINCE = f"""coalesce((select {last_end()} from (
    select {LAST_OF_SESSIONS} from cohort_session where cohort_id = c.id) s), c.closed_at)"""
_COHORT = f"""
select c.id as cohort_id, c.public_id, c.programme_id, p.section, p.slug, p.form, p.doc_level = 'operational' as exempt,
       c.name, c.state, c.venue_id, v.name as venue, v.address, c.minimum, c.maximum, c.enrol_from, c.decide_by,
       c.last_entry_session, s.first_start, {last_end()} as last_end,
       coalesce(s.sessions, 0) as sessions,
       c.every_weeks, c.one_at_a_time, c.ended_how
from cohort c join programme p on p.id = c.programme_id join venue v on v.id = c.venue_id
left join lateral (select min(starts_at) filter (where state <> 'cancelled') as first_start,
                          {LAST_OF_SESSIONS},
                          count(*) filter (where state <> 'cancelled') as sessions
                   from cohort_session where cohort_id = c.id) s on true
"""
_SESSION = """
select s.id as session_id, s.cohort_id, s.number, s.starts_at, s.ends_at, s.moved_from, s.venue_id, v.name as venue,
       v.address, s.theme, s.state, s.added, s.sequence, s.revised_at, s.cancelled_at, s.makes_up_for,
       s.pattern_no, s.pattern_start,
       usually.venue_id as usual_venue_id, usually.length as usual_length
from cohort_session s join venue v on v.id = s.venue_id
left join lateral (select c.venue_id, (select mode() within group (order by o.ends_at - o.starts_at)
                                       from cohort_session o where o.cohort_id = c.id) as length
                   from cohort c where c.id = s.cohort_id and s.moved_from is not null) usually on true
"""
# SQL: whether the staff member of `cs` has the role that working with a cohort of the programme `p` needs. Who stands there
# and has lost it sees nothing any more (DESIGN 2, promise 6).
LEADS = """exists (select 1 from staff_role led where led.staff_id = cs.staff_id and led.role = 'leader'
                   and led.section in ('', p.section))"""
# Whoever coordinates the programme, or works with the cohort (a substitute until the date). $1 staff, $2 today,
# $3 sections coordinated ('{}' for all, null for none).
MINE = f"""($3::text[] is not null and (cardinality($3::text[]) = 0 or p.section = any($3::text[]))
    or exists (select 1 from cohort_staff cs where cs.cohort_id = c.id and cs.staff_id = $1
               and (cs.until is null or cs.until >= $2) and {LEADS}))"""

# SQL: whether the cohort `c` is a series of talks of which none is booked, or any more (`CohortFacts.unbooked`).
UNBOOKED = """(c.ended_how is null and c.state in ('planned', 'open', 'postponed', 'started')
    and exists (select 1 from programme of_series where of_series.id = c.programme_id and of_series.form = 'individual')
    and not exists (select 1 from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled'))"""


# The same for one session `s`: whoever coordinates the programme, or stands at it.
MY_DUTY = f"""($3::text[] is not null and (cardinality($3::text[]) = 0 or p.section = any($3::text[]))
    or exists (select 1 from session_duty d join cohort_staff cs on cs.cohort_id = c.id and cs.staff_id = d.staff_id
               where d.session_id = s.id and d.staff_id = $1 and not d.away
               and (cs.until is null or cs.until >= $2) and {LEADS}))"""


def _cohort(row: asyncpg.Record) -> CohortFacts:
    return CohortFacts(**dict(row))


def _session(row: asyncpg.Record) -> SessionFacts:
    found = dict(row)
    venue_id, length = found.pop("usual_venue_id"), found.pop("usual_length")
    return SessionFacts(**found, usually=None if length is None else Usually(venue_id, length))


async def by_id(cohort_id: int) -> CohortFacts:
    """A cohort. Raises NotFound."""
    row = await fetchrow(f"{_COHORT} where c.id = $1", cohort_id)
    if row is None:
        raise NotFound
    return _cohort(row)


async def by_public_id(public_id: str) -> CohortFacts:
    """The cohort with this public address. Raises NotFound, also for one that is only planned."""
    if not (public_id.isascii() and public_id.isalnum()):
        raise NotFound
    row = await fetchrow(f"{_COHORT} where c.public_id = $1 and c.state <> 'planned'", public_id)
    if row is None:
        raise NotFound
    return _cohort(row)


def access(principal: Principal, today: date) -> tuple[int, date, list[str] | None]:
    """The three arguments of `MINE`."""
    coordinated = principal.coordinated
    return principal.staff_id, today, None if coordinated is None else sorted(coordinated)


async def mine(principal: Principal, today: date, cohort_id: int) -> CohortFacts:
    """A cohort that this person works with. Raises NotFound for any other: that it exists is not theirs to know."""
    row = await fetchrow(f"{_COHORT} where {MINE} and c.id = $4", *access(principal, today), cohort_id)
    if row is None:
        raise NotFound
    return _cohort(row)


async def all_mine(principal: Principal, today: date, states: Sequence[CohortState]) -> list[CohortFacts]:
    """Every cohort in these states that this person works with, soonest start first."""
    rows = await fetch(
        f"{_COHORT} where {MINE} and c.state = any($4::text[]) order by s.first_start nulls last, c.id",
        *access(principal, today),
        list(states),
    )
    return [_cohort(row) for row in rows]


async def sessions(cohort_id: int) -> list[SessionFacts]:
    """All sessions of a cohort in order of time, cancelled ones too."""
    return (await sessions_of([cohort_id]))[cohort_id]


async def sessions_of(cohort_ids: Iterable[int]) -> dict[int, list[SessionFacts]]:
    """All sessions of several cohorts in one statement, each cohort's in order of time, cancelled ones too."""
    found: dict[int, list[SessionFacts]] = {cohort_id: [] for cohort_id in cohort_ids}
    for row in await fetch(f"{_SESSION} where s.cohort_id = any($1::int[]) order by s.starts_at, s.id", list(found)):
        found[row["cohort_id"]].append(_session(row))
    return found


async def begun(cohort_id: int, now: datetime) -> int:
    """How many of a cohort's sessions, without those that are cancelled, have begun or are over."""
    statement = "select count(*) from cohort_session where cohort_id = $1 and state <> 'cancelled' and starts_at <= $2"
    return int(await fetchval(statement, cohort_id, now))


async def left(cohort_id: int, now: datetime) -> list[SessionFacts]:
    """The sessions of a cohort that have not begun and are not cancelled, in order."""
    return [s for s in await sessions(cohort_id) if s.state in {"planned", "moved"} and s.starts_at > now]


async def held(cohort_id: int) -> int:
    """At how many of its sessions something was counted or marked: that they took place."""
    return int(await fetchval("select count(*) from cohort_session where cohort_id = $1 and state = 'held'", cohort_id))


async def my_session(principal: Principal, today: date, session_id: int) -> tuple[CohortFacts, SessionFacts]:
    """A session and its cohort, for somebody who works with it. Raises NotFound."""
    row = await fetchrow(f"{_SESSION} where s.id = $1", session_id)
    if row is None:
        raise NotFound
    found = _session(row)
    return await mine(principal, today, found.cohort_id), found


# SQL of the session `s`: whether it was to make up for one that takes place after all (`undone_rules`).
UNDONE_ADDITION = """(s.state = 'cancelled' and exists (
    select from cohort_session instead where instead.id = s.makes_up_for and instead.state <> 'cancelled'))"""


async def is_undone_addition(session_id: int) -> bool:
    """Whether a session was to make up for one that takes place after all: it is none to anybody (decision 95)."""
    return bool(await fetchval(f"select {UNDONE_ADDITION} from cohort_session s where s.id = $1", session_id))


async def sessions_between(
    principal: Principal, today: date, first: datetime, last: datetime
) -> list[tuple[CohortFacts, SessionFacts]]:
    """Sessions that start in [first, last) at which this person stands or whose programme they coordinate, in order of
    time; not what is no session to anybody."""
    rows = await fetch(
        f"""select s.id from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
            where {MY_DUTY} and s.starts_at >= $4 and s.starts_at < $5 and c.state in ('open', 'started', 'planned')
              and not {UNDONE_ADDITION}""",
        *access(principal, today),
        first,
        last,
    )
    wanted = [row["id"] for row in rows]
    found = [_session(r) for r in await fetch(f"{_SESSION} where s.id = any($1::int[]) order by s.starts_at, s.id", wanted)]
    cohorts = await fetch(f"{_COHORT} where c.id = any($1::int[])", sorted({s.cohort_id for s in found}))
    by_cohort = {row["cohort_id"]: _cohort(row) for row in cohorts}
    return [(by_cohort[s.cohort_id], s) for s in found]


async def lock(cohort_id: int) -> None:
    """Lock a cohort's row until the transaction ends. Raises NotFound.

    Everything that gives out or takes back a place holds this lock.
    """
    if await fetchrow("select id from cohort where id = $1 for update", cohort_id) is None:
        raise NotFound


async def locked(cohort_id: int) -> CohortFacts:
    """The same, and read it. Raises NotFound."""
    await lock(cohort_id)
    return await by_id(cohort_id)


async def postponed_at(cohort_id: int) -> datetime | None:
    """When a cohort's start was last postponed, or None."""
    found: datetime | None = await fetchval(
        "select max(decided_at) from start_decision where cohort_id = $1 and decision = 'postpone' and undone_at is null",
        cohort_id,
    )
    return found


async def upcoming(slug: str | None = None) -> list[CohortFacts]:
    """Cohorts that the public may see and apply to, soonest first; of all programmes, or of one in whatever edition."""
    rows = await fetch(
        f"""{_COHORT} where c.state in ('open', 'postponed') and p.form <> 'catalogue_only'
            and ($1::text is null or p.slug = $1) order by s.first_start nulls last, c.id""",
        slug,
    )
    return [_cohort(row) for row in rows]


async def open_houses(now: datetime, each: int = 1) -> list[tuple[CohortFacts, SessionFacts]]:
    """The next occasions of every open meeting place, at most `each` of one, soonest first."""
    rows = await fetch(
        f"""select q.* from ({_SESSION}) q where q.session_id in (
              select id from (
                select s.id, row_number() over (partition by s.cohort_id order by s.starts_at, s.id) as coming
                from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
                where p.form = 'drop_in' and c.state in ('open', 'started')
                  and s.state in ('planned', 'moved') and s.ends_at > $1) ahead
              where coming <= $2)""",
        now,
        each,
    )
    found = sorted((_session(row) for row in rows), key=lambda s: s.starts_at)
    cohorts = await fetch(f"{_COHORT} where c.id = any($1::int[])", [s.cohort_id for s in found])
    by_cohort = {row["cohort_id"]: _cohort(row) for row in cohorts}
    return [(by_cohort[s.cohort_id], s) for s in found]


async def off_houses(slug: str, now: datetime, until: datetime) -> list[SessionFacts]:
    """Cancelled occasions of a programme's open meeting places that were to end after `now` and begin before `until`."""
    rows = await fetch(
        f"""select q.* from ({_SESSION}) q join cohort c on c.id = q.cohort_id join programme p on p.id = c.programme_id
            where p.slug = $1 and p.form = 'drop_in' and c.state in ('open', 'started') and q.state = 'cancelled'
              and q.ends_at > $2 and q.starts_at < $3 order by q.starts_at, q.session_id""",
        slug,
        now,
        until,
    )
    return [_session(row) for row in rows]
