"""Reads about attendance, as facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from programmes.attendance.rules import Count, Mark
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.enrolment.rules import State


@dataclass(frozen=True)
class OnRoll:
    """Somebody to mark at a session. `expected` had a confirmed place then, and must be marked before closing."""

    enrolment_id: UUID
    mark: Mark | None
    expected: bool
    state: State


@dataclass(frozen=True)
class Noted:
    """What is noted of one session: by person how many are marked and missing, or that there is a head count."""

    marked: int = 0
    missing: int = 0
    count: Count | None = None


@dataclass(frozen=True)
class SessionCount:
    """The head count of one session."""

    session_id: int
    number: int
    count: Count


# Who had a confirmed place while the session was on. A place taken later, or left before, asks for no mark.
_EXPECTED = """(e.confirmed_at is not null and e.confirmed_at < s.ends_at
                and (e.ended_at is null or e.ended_at > s.starts_at))"""


# Who had a place then has been erased, everybody: what was noted of the session stands in `kept_figure` and stays.
_ERASED = f"""(exists (select 1 from kept_figure k where k.cohort_id = s.cohort_id and (k.session_id = s.id
                    or k.session_id is null and k.figure in ('confirmed', 'completed', 'dropped_out')))
               and not exists (select 1 from enrolment e left join attendance a
                    on a.session_id = s.id and a.enrolment_id = e.id where e.cohort_id = s.cohort_id
                    and (e.state in ('preliminary', 'confirmed') or {_EXPECTED} or a.id is not null)))"""


async def all_erased(session_id: int) -> bool:
    """Whether everybody who could be marked at a session has been erased since (retention): then nothing is to be noted."""
    return bool(await fetchval(f"select {_ERASED} from cohort_session s where s.id = $1", session_id))


async def roll(session_id: int) -> list[OnRoll]:
    """Everybody to mark at a session, by seat: who has a place now, who had one then, and who has been marked already."""
    rows = await fetch(
        f"""select e.id, a.mark, e.state, {_EXPECTED} as expected
            from cohort_session s join enrolment e on e.cohort_id = s.cohort_id
            left join attendance a on a.session_id = s.id and a.enrolment_id = e.id
            left join seat on seat.enrolment_id = e.id
            where s.id = $1 and (e.state in ('preliminary', 'confirmed') or {_EXPECTED} or a.id is not null)
            order by seat.number nulls last, e.arrival""",
        session_id,
    )
    return [OnRoll(row["id"], row["mark"], row["expected"], row["state"]) for row in rows]


async def noted(session_ids: Iterable[int]) -> dict[int, Noted]:
    """What is noted of several sessions, in one statement."""
    wanted = sorted(set(session_ids))
    rows = await fetch(
        f"""select s.id, h.women, h.men, h.other, r.marked, r.missing from cohort_session s
            left join head_count h on h.session_id = s.id
            left join lateral (
                select count(a.id) as marked, count(*) filter (where a.id is null and {_EXPECTED}) as missing
                from enrolment e left join attendance a on a.session_id = s.id and a.enrolment_id = e.id
                where e.cohort_id = s.cohort_id) r on true
            where s.id = any($1::int[])""",
        wanted,
    )
    return {
        row["id"]: Noted(
            row["marked"],
            row["missing"],
            None if row["women"] is None else Count(row["women"], row["men"], row["other"]),
        )
        for row in rows
    }


async def counts(cohort_id: int) -> list[SessionCount]:
    """The head counts of a cohort's sessions that took place, in order."""
    rows = await fetch(
        """select s.id, s.number, h.women, h.men, h.other from head_count h join cohort_session s on s.id = h.session_id
           where s.cohort_id = $1 and s.state <> 'cancelled' order by s.starts_at, s.id""",
        cohort_id,
    )
    return [SessionCount(row["id"], row["number"], Count(row["women"], row["men"], row["other"])) for row in rows]


async def unique_participants(cohort_id: int) -> Count | None:
    """How many different people took part, once it has been entered at closing."""
    row = await fetchrow("select women, men, other from unique_participants where cohort_id = $1", cohort_id)
    return None if row is None else Count(row["women"], row["men"], row["other"])


async def present_once(cohort_id: int) -> frozenset[UUID]:
    """Who was present at one session at least."""
    rows = await fetch(
        """select distinct a.enrolment_id from attendance a join cohort_session s on s.id = a.session_id
           where s.cohort_id = $1 and a.mark = 'present'""",
        cohort_id,
    )
    return frozenset(row["enrolment_id"] for row in rows)


async def missed(cohort_ids: Iterable[int]) -> frozenset[int]:
    """The sessions of these cohorts at which people were marked and nobody was present."""
    rows = await fetch(
        """select s.id from cohort_session s join attendance a on a.session_id = s.id
           where s.cohort_id = any($1::int[]) group by s.id having not bool_or(a.mark = 'present')""",
        sorted(cohort_ids),
    )
    return frozenset(row["id"] for row in rows)


@dataclass(frozen=True)
class Unnoted:
    """A session that is over and lacks something: never noted, or somebody who was expected has no mark."""

    session_id: int
    cohort_id: int
    number: int
    starts_at: datetime


async def unnoted(cohort_ids: Iterable[int], by_name: Iterable[int], before: datetime) -> list[Unnoted]:
    """Sessions of these cohorts that began before a moment and lack their note, oldest first.

    `by_name` are those of the cohorts where everybody who was expected must have a mark. Sessions whose people have all been
    erased lack nothing.
    """
    rows = await fetch(
        f"""select s.id, s.cohort_id, s.number, s.starts_at from cohort_session s
            where s.cohort_id = any($1::int[]) and s.starts_at < $3 and (s.state in ('planned', 'moved')
              or s.state = 'held' and s.cohort_id = any($2::int[]) and exists (
                  select 1 from enrolment e left join attendance a on a.session_id = s.id and a.enrolment_id = e.id
                  where e.cohort_id = s.cohort_id and a.id is null and {_EXPECTED}))
              and not {_ERASED}
            order by s.starts_at, s.id""",
        sorted(cohort_ids),
        sorted(by_name),
        before,
    )
    return [Unnoted(row["id"], row["cohort_id"], row["number"], row["starts_at"]) for row in rows]


@dataclass(frozen=True)
class Figure:
    """A figure of a documented cohort: of one session, how many were marked so, or of the whole, how many ended so, and how
    many came at all (`came`), made a study visit (`visited`) and had a confirmed place after it (`led_on`)."""

    session_id: int | None
    figure: str
    n: int


# SQL: what every row about the documented people of a cohort counts, those that are kept and those that have been erased.
COUNTED = """
    select null::int as session_id, e.state as figure, 1 as n from enrolment e
    where e.cohort_id = {cohort} and e.participant_id is not null
    union all
    select null, 'came', 1 from enrolment e where e.cohort_id = {cohort} and e.participant_id is not null
      and exists (select 1 from attendance a where a.enrolment_id = e.id and a.mark = 'present')
    union all
    select null, what.figure, 1 from enrolment e join study_visit v on v.enrolment_id = e.id and v.state = 'attended'
      cross join lateral (values ('visited', true), ('led_on', e.confirmed_at is not null)) as what (figure, so)
    where e.cohort_id = {cohort} and e.participant_id is not null and what.so
    union all
    select a.session_id, a.mark, 1 from attendance a join enrolment e on e.id = a.enrolment_id where e.cohort_id = {cohort}
    union all
    select session_id, figure, n from kept_figure where cohort_id = {cohort}"""
_FIGURES = f"""
select session_id, figure, sum(n)::int as n from ({COUNTED.format(cohort="$1")}) as counted
group by session_id, figure order by session_id nulls first, figure
"""


async def figures(cohort_id: int) -> list[Figure]:
    """Every figure of a documented cohort, of people whose records are kept and of those whose records have been erased:
    the same before and after. Statistics are to be read from here, never from the rows alone."""
    return [Figure(**dict(row)) for row in await fetch(_FIGURES, cohort_id)]


@dataclass(frozen=True)
class Erased:
    """How many of those who took part in a cohort have been erased, and on which local day the last of them. `on` is None
    where it was not written down."""

    people: int
    on: date | None


async def erased(cohort_id: int) -> Erased:
    """Whom retention has taken from a documented cohort; nobody, until it has."""
    row = await fetchrow(
        """select coalesce(sum(n), 0)::int as people, max(erased_on) as day from kept_figure
           where cohort_id = $1 and session_id is null and figure in ('confirmed', 'completed', 'dropped_out')""",
        cohort_id,
    )
    return Erased(row["people"], row["day"]) if row else Erased(0, None)
