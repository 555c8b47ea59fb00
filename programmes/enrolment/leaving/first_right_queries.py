"""Reads about the first right to places of another start, and about whether people can come then."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.days import day_off
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.enrolment.kept_queries import HAS_FIRST_RIGHT, came_to_nothing, can_be_chosen, leads_somewhere
from programmes.enrolment.queries import EnrolmentFacts, Gate
from programmes.enrolment.waiting_rules import offer_until

# How a start ended whose people go first to another one: it was cancelled, came to nothing after it was decided to start, or
# ended with what was held since it could not start.
Ended = Literal["cancelled", "nothing", "in_part"]
_ENDED = f"case when c.state = 'cancelled' then 'cancelled' when {came_to_nothing('c')} then 'nothing' else 'in_part' end"


@dataclass(frozen=True)
class FirstRight:
    """To which start those of a cancelled one may move before others, and until when."""

    cohort_id: int
    until: datetime


@dataclass(frozen=True)
class Answers:
    """What those with a place, or in the queue, have answered to the new days of a postponed start."""

    yes: int = 0
    no: int = 0
    silent: int = 0


async def of_start(from_cohort_id: int, now: datetime) -> FirstRight | None:
    """The first right of those who had applied to a cancelled start, while it lasts and they can still move to the start
    that it is to. It moves on to no other one that opens since: there nothing is kept (decision 39)."""
    row = await fetchrow(
        f"select cohort_id, until from first_right r where from_cohort_id = $1 and until > $2 and {leads_somewhere('$2')}",
        from_cohort_id,
        now,
    )
    return FirstRight(**dict(row)) if row else None


async def is_theirs(enrolment_id: UUID) -> bool:
    """Whether the first right that was given from somebody's start, if one was, is theirs too."""
    return bool(await fetchval(f"select true from enrolment k where k.id = $1 and {HAS_FIRST_RIGHT}", enrolment_id))


async def may_move(facts: EnrolmentFacts, now: datetime) -> bool:
    """Whether somebody of a group that ended since it could not start, or came to nothing, may still move to another
    (decision 103)."""
    return await of_start(facts.cohort_id, now) is not None and await is_theirs(facts.enrolment_id)


async def to_be_given(cohort: CohortFacts, now: datetime) -> FirstRight | None:
    """The first right that those of a start get if nothing comes of it now: to the next one, as long as an offer that is
    made there now would be open. None where there is none, or nobody could answer for it in time."""
    others = await other_starts(cohort, now)
    until = offer_until(now, others[0].first_start, day_off) if others else None
    return FirstRight(others[0].cohort_id, until) if until else None


async def is_awaited(from_cohort_id: int, now: datetime) -> datetime | None:
    """Until when people of a cancelled start can still use their first right; None when nobody is left who could."""
    found = await of_start(from_cohort_id, now)
    anybody = found and await fetchval(
        f"select true from enrolment k where cohort_id = $1 and {HAS_FIRST_RIGHT} limit 1",
        from_cohort_id,
    )
    return found.until if found and anybody else None


async def who_goes_first(cohort_id: int, now: datetime) -> list[UUID]:
    """Everybody with a first right to a start: they are told if nobody can move here any more (decision 103)."""
    rows = await fetch(
        f"""select k.id from first_right r join enrolment k on k.cohort_id = r.from_cohort_id
            where r.cohort_id = $1 and r.until > $2 and {leads_somewhere("$2")} and {HAS_FIRST_RIGHT} order by k.id""",
        cohort_id,
        now,
    )
    return [row["id"] for row in rows]


async def leading_to(cohort_id: int, now: datetime) -> list[tuple[int, Ended]]:
    """From which starts there is a first right to this one, and how each ended."""
    rows = await fetch(
        f"""select c.id, {_ENDED} as ended from first_right r join cohort c on c.id = r.from_cohort_id
            where r.cohort_id = $1 and r.until > $2 and {leads_somewhere("$2")} order by c.id""",
        cohort_id,
        now,
    )
    return [(row["id"], row["ended"]) for row in rows]


@dataclass(frozen=True)
class Promise:
    """A first right that leads nowhere since `over_at`, before its time: the start that it is to was cancelled, or began.
    `ended`: how the one did that it is from."""

    from_cohort_id: int
    cohort_id: int
    ended: Ended
    over_at: datetime


async def leads_nowhere(now: datetime, from_cohort_id: int | None = None) -> list[Promise]:
    """First rights that can't be used any more before they are over, of starts where somebody still has one. All of them, or
    of one start."""
    rows = await fetch(
        f"""select r.from_cohort_id, r.cohort_id, {_ENDED} as ended, coalesce(
                   least(t.closed_at, (select min(s.starts_at) from cohort_session s
                                       where s.cohort_id = t.id and s.state <> 'cancelled' and s.starts_at <= $1)),
                   (select max(s.cancelled_at) from cohort_session s where s.cohort_id = t.id), $1) as over_at
            from first_right r join cohort c on c.id = r.from_cohort_id join cohort t on t.id = r.cohort_id
            where r.until > $1 and ($2::int is null or c.id = $2) and not {leads_somewhere("$1")}
              and exists (select from enrolment k where k.cohort_id = c.id and {HAS_FIRST_RIGHT})
            order by r.from_cohort_id""",
        now,
        from_cohort_id,
    )
    return [Promise(**dict(row)) for row in rows]


async def promised_until(from_cohort_id: int, now: datetime) -> datetime | None:
    """Until when those of a start have a first right, as they were told; whether or not it leads anywhere by now."""
    found: datetime | None = await fetchval(
        "select until from first_right where from_cohort_id = $1 and until > $2", from_cohort_id, now
    )
    return found


async def kept_for_others(facts: EnrolmentFacts, gate: Gate) -> int:
    """How many free places are kept for people who are before this one: none for who has the right themselves, or applied
    before it was given."""
    if not gate.kept or gate.kept_since is None or facts.applied_at <= gate.kept_since:
        return 0
    theirs = await fetchval(
        "select true from first_right where cohort_id = $1 and from_cohort_id = $2", gate.cohort_id, facts.cohort_id
    )
    return 0 if theirs else gate.kept


async def kept_before(cohort_id: int, applied_at: datetime, now: datetime) -> datetime | None:
    """Until when all that is free of a start is kept for people of a cancelled one, before somebody who waits there and has
    applied since; None where nothing is. The same as `kept_for_others`, read without a lock, for showing."""
    found: datetime | None = await fetchval(
        f"""select max(r.until) from first_right r join enrolment k on k.cohort_id = r.from_cohort_id
             and {HAS_FIRST_RIGHT}
           where r.cohort_id = $1 and r.until > $3 and {leads_somewhere("$3")}
           having min(r.opened_at) < $2 and (
               select c.maximum - (select count(*) from seat where cohort_id = c.id) from cohort c where c.id = $1
           ) between 1 and count(*)""",
        cohort_id,
        applied_at,
        now,
    )
    return found


async def other_starts(cohort: CohortFacts, now: datetime) -> list[CohortFacts]:
    """The starts of the same programme that one can move to now, the soonest first: those that are open, and the one that
    people have a first right to from here though it is decided by now that it starts."""
    rows = await fetch(
        f"""select t.id from cohort t join programme p on p.id = t.programme_id
            where p.slug = $1 and p.section = $2 and p.form <> 'catalogue_only' and t.id <> $3 and {can_be_chosen("$4")}
              and (t.state <> 'started' or exists (
                  select from first_right r where r.cohort_id = t.id and r.from_cohort_id = $3 and r.until > $4))""",
        cohort.slug,
        cohort.section,
        cohort.cohort_id,
        now,
    )
    found = [await cohorts.by_id(row["id"]) for row in rows]
    return sorted(found, key=lambda other: (other.first_start or now, other.cohort_id))


@dataclass(frozen=True)
class Cancelled:
    """A start whose cancelling stands, or that came to nothing: by which decision, the last about it, and when."""

    cohort_id: int
    decision_id: int
    decided_at: datetime

    @property
    def order(self) -> tuple[datetime, int]:
        """Which was before which; by the decision where the clock says nothing."""
        return self.decided_at, self.decision_id


@dataclass(frozen=True)
class Following:
    """The start that those of a cancelled one could move to, with its first session as it was planned then."""

    cohort_id: int
    first_start: datetime


# SQL: the cancelling of the cohort `c` that stands, or that it ended since it could not start, which nothing takes back.
# Where only planned starts are cancelled nobody had applied.
_STANDS = """(select d.id from start_decision d where d.cohort_id = c.id and d.decision = 'cancel' and d.undone_at is null
              and (d.state_before in ('open', 'postponed') and c.state = 'cancelled'
                   or d.state_before is null and c.state in ('started', 'closed')) order by d.id desc limit 1)"""


# SQL: when all that was left of the cohort `c` was cancelled, if it came to nothing by that (decision 39): not of one whose
# sessions were cancelled one by one.
_NOTHING_SINCE = f"""case when {came_to_nothing("c")} then (
    select max(a.at) from audit_entry a where a.subject = 'cohort/' || c.id and a.action = 'cohort:cancel_rest') end"""


async def cancelled_like(cohort: CohortFacts) -> list[Cancelled]:
    """The starts of the same programme that could be applied to and are cancelled, ended instead, or came to nothing, in the
    order they were."""
    rows = await fetch(
        f"""select c.id as cohort_id, d.id as decision_id, d.decided_at from cohort c
            join programme p on p.id = c.programme_id join start_decision d on d.id = {_STANDS}
            where p.slug = $1 and p.section = $2
            union all
            select id, decision_id, since from (
                select c.id, {_NOTHING_SINCE} as since, (
                    select max(d.id) from start_decision d
                    where d.cohort_id = c.id and d.decision = 'start' and d.undone_at is null) as decision_id
                from cohort c join programme p on p.id = c.programme_id
                where p.slug = $1 and p.section = $2 and p.form = 'group') n
            where since is not null and decision_id is not null
            order by 3, 2""",
        cohort.slug,
        cohort.section,
    )
    return [Cancelled(**dict(row)) for row in rows]


# SQL: the first session of the cohort `c` as it was planned at $3, by what the first change since has written down; not by
# one that took a cancelling back, before which there was none. Such changes are kept for a day; without one, by what is
# planned now and was not cancelled by then.
_FIRST_THEN = """coalesce(
    (select min((w ->> 'starts_at')::timestamptz)
     from session_change h, jsonb_array_elements(
            case jsonb_typeof(h.before::jsonb -> 'sessions') when 'array' then h.before::jsonb -> 'sessions' else '[]' end) w
     where h.cohort_id = c.id and h.made_at >= $3 and w ->> 'state' <> 'cancelled' group by h.id order by h.id limit 1),
    (select min(starts_at) from cohort_session where cohort_id = c.id and (state <> 'cancelled' or cancelled_at >= $3)))"""
# SQL: since when the cohort `c` is open for enrolment: since it was announced, or from the beginning.
_OPENED = """coalesce((select min(a.at) from audit_entry a
                       where a.subject = 'cohort/' || c.id and a.action = 'cohort:open'), c.created_at)"""


async def following(cohort: CohortFacts, one: Cancelled) -> Following | None:
    """To which start of the programme those of a cancelled one could have moved first when it was cancelled, had nothing
    been cancelled before it but what still is. It may have been cancelled since, or have begun."""
    row = await fetchrow(
        f"""select id, first_start from (
              select c.id, c.state, c.started_at, {_STANDS} as cancelled, {_FIRST_THEN} as first_start,
                     (select decided_at from start_decision where id = {_STANDS}) as cancelled_at
              from cohort c join programme p on p.id = c.programme_id
              where p.slug = $1 and p.section = $2 and p.form <> 'catalogue_only' and c.enrol_from <= $5
                and {_OPENED} <= $3) c
            where first_start > $3 and (state in ('open', 'postponed') or state = 'started' and started_at > $3
                                        or cancelled > $4 and cancelled_at >= $3)
            order by first_start, id limit 1""",
        cohort.slug,
        cohort.section,
        one.decided_at,
        one.decision_id,
        local_date(one.decided_at),
    )
    return Following(row["id"], row["first_start"]) if row else None


async def answer_of(enrolment_id: UUID, asked_at: datetime) -> bool | None:
    """Whether somebody can come on the days that were given then; None while they have not said."""
    found: bool | None = await fetchval(
        "select can from can_then where enrolment_id = $1 and asked_at = $2", enrolment_id, asked_at
    )
    return found


_ASKED = """select max(d.decided_at) from start_decision d
            where d.cohort_id = e.cohort_id and d.decision = 'postpone' and d.undone_at is null"""


async def answers(cohort_ids: Collection[int]) -> dict[int, Answers]:
    """Of postponed starts, how many can come then, can't, and have not said. One statement."""
    rows = await fetch(
        f"""select e.cohort_id, count(*) filter (where a.can) as yes, count(*) filter (where not a.can) as no,
                   count(*) filter (where a.can is null) as silent
            from enrolment e left join can_then a on a.enrolment_id = e.id and a.asked_at = ({_ASKED})
            where e.cohort_id = any($1::int[]) and e.state in ('preliminary', 'confirmed', 'queued', 'offered')
              and e.applied_at < ({_ASKED}) group by e.cohort_id""",
        sorted(cohort_ids),
    )
    return {row["cohort_id"]: Answers(row["yes"], row["no"], row["silent"]) for row in rows}


async def who_answered(cohort_id: int) -> Sequence[tuple[UUID, bool | None]]:
    """Each of a postponed start who was asked, with the answer, those who can't first, then who has not said."""
    rows = await fetch(
        f"""select e.id, a.can from enrolment e left join can_then a on a.enrolment_id = e.id and a.asked_at = ({_ASKED})
            where e.cohort_id = $1 and e.state in ('preliminary', 'confirmed', 'queued', 'offered')
              and e.applied_at < ({_ASKED}) order by coalesce(a.can::int * 2, 1), e.turn""",
        cohort_id,
    )
    return [(row["id"], row["can"]) for row in rows]
