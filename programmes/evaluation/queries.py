"""Reads about boxes and releases. Nothing here depends on an answer in a box that is open."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortState
from programmes.core.clock import at_local, local_date
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.principal import Principal
from programmes.evaluation.form_queries import read_questions
from programmes.evaluation.rules import BallotFacts, ReleaseFacts, half_year_days

_BOX = """id as ballot_id, section, state, slips, created_on, closed_on, own_words, release_id is not null as in_release"""
_EVERY_STATE: tuple[CohortState, ...] = ("planned", "open", "postponed", "started", "closed", "cancelled")


def _release(row: asyncpg.Record) -> ReleaseFacts:
    facts: dict[str, Any] = dict(row)
    facts["results"] = msgspec.json.decode(facts["results"], type=dict[str, list[int] | float])
    facts["asked"] = read_questions(facts.pop("form_version"), facts.pop("questions"))
    return ReleaseFacts(**facts)


async def for_cohort(cohort_id: int) -> BallotFacts | None:
    """The cohort's box, or None while it has none. While it is open nothing of this depends on any answer."""
    row = await fetchrow(
        f"select {_BOX} from ballot where cohort_id = $1",
        cohort_id,
    )
    return BallotFacts(**dict(row)) if row else None


_RELEASE = """
select r.section, r.half_year, r.answers, r.slips, r.results, r.released_on, r.form_version, f.questions,
  array(select b.own_words from ballot b where b.release_id = r.id and b.own_words is not null order by 1) as words
from release r left join evaluation_form f on f.section = r.section and f.version = r.form_version
"""


async def release_of(cohort_id: int) -> ReleaseFacts | None:
    """What the cohort's own box released, if it was an atom by itself."""
    row = await fetchrow(f"{_RELEASE} where r.cohort_id = $1", cohort_id)
    return _release(row) if row else None


async def releases(sections: Sequence[str]) -> list[ReleaseFacts]:
    """Every atom of these sections, newest first. Never summed: a sum that grows would show its last part."""
    return [
        _release(r) for r in await fetch(f"{_RELEASE} where r.section = any($1::text[]) order by r.id desc", list(sections))
    ]


async def waiting(sections: Sequence[str]) -> set[str]:
    """Those of the sections in which small groups wait to be mixed."""
    rows = await fetch(
        "select distinct section from ballot where state = 'waiting' and section = any($1::text[])", list(sections)
    )
    return {row["section"] for row in rows}


async def waiting_sizes() -> dict[tuple[str, int], dict[UUID, int]]:
    """By section and version, how many answers lie in each small box that waits. Needs the worker's role."""
    found: dict[tuple[str, int], dict[UUID, int]] = {}
    for row in await fetch(
        """select b.section, b.form_version, b.id, count(a.id) as answers
           from ballot b join sealed_answer a on a.ballot_id = b.id where b.state = 'waiting' group by b.id order by b.id"""
    ):
        found.setdefault((row["section"], row["form_version"]), {})[row["id"]] = row["answers"]
    return found


async def own_words(sections: Sequence[str]) -> dict[str, list[str]]:
    """By section, what groups said in their own words, without the group, once their boxes are closed and until they are
    counted: then it stands with the release."""
    rows = await fetch(
        """select section, array_agg(own_words order by own_words) as words from ballot
           where own_words is not null and release_id is null and section = any($1::text[])
             and state not in ('preparing', 'open', 'closing')
           group by section""",
        list(sections),
    )
    return {row["section"]: list(row["words"]) for row in rows}


async def told() -> frozenset[str]:
    """The sections of which something is released, waits for more answers, or is to be reviewed."""
    rows = await fetch(
        """select section from release union select section from release_text
           union select section from text_review where state <> 'released'
           union select section from ballot where state = 'waiting'
                    or own_words is not null and state not in ('preparing', 'open', 'closing')"""
    )
    return frozenset(row["section"] for row in rows)


async def sections_of(principal: Principal, now: datetime) -> frozenset[str] | None:
    """The sections whose evaluations this person may read: coordinated, or with a cohort of theirs. None means all."""
    if principal.coordinated == frozenset():
        return None
    mine = await cohorts.all_mine(principal, local_date(now), _EVERY_STATE)
    return frozenset(cohort.section for cohort in mine) | (principal.coordinated or frozenset())


async def programme_of(ballot_id: UUID | None) -> int | None:
    """The programme of a box, of the edition that its cohort was opened under. No box costs as much as one."""
    found = await fetchval(
        """select coalesce(c.programme_id, (select max(p.id) from programme p where p.section = b.section))
           from ballot b left join cohort c on c.id = b.cohort_id where b.id = $1""",
        ballot_id,
    )
    return int(found) if found is not None else None


async def groups_without_a_box() -> list[int]:
    """Group cohorts that have started and have no box yet. One that has ended needs none: nobody is there to answer."""
    rows = await fetch(
        """select c.id from cohort c join programme p on p.id = c.programme_id
           where c.state = 'started' and c.ended_how is distinct from 'ended_early' and p.form = 'group'
             and not exists (select from ballot b where b.cohort_id = c.id)"""
    )
    return [row["id"] for row in rows]


async def boxes_to_close(now: datetime) -> list[int]:
    """Cohorts whose box is open though its time is over (`closes_at`), or the cohort's."""
    rows = await fetch(
        """select c.id from ballot b join cohort c on c.id = b.cohort_id
           where b.state in ('preparing', 'open') and c.state <> 'postponed'
             and (c.state in ('closed', 'cancelled')
                  or (select max(s.ends_at) from cohort_session s where s.cohort_id = c.id) <= $1)""",
        now,
    )
    return [row["id"] for row in rows]


async def closes_at(cohort_id: int) -> datetime | None:
    """When a cohort's box closes by itself: after its last session, cancelled ones too, so that no cancelling hurries it."""
    found: datetime | None = await fetchval("select max(ends_at) from cohort_session where cohort_id = $1", cohort_id)
    return found


async def half_year_boxes(sections: Sequence[str], half_year: str) -> dict[str, BallotFacts]:
    """The common boxes of individual forms for one half-year, by section."""
    rows = await fetch(
        f"""select {_BOX} from ballot
           where cohort_id is null and section = any($1::text[]) and half_year = $2""",
        list(sections),
        half_year,
    )
    return {row["section"]: BallotFacts(**dict(row)) for row in rows}


async def places_in(section: str, half_year: str) -> int:
    """How many people at most could meet within an individual form in a half-year: places of what has not been cancelled,
    with a session in it, or, of the half-year that it was opened in, with none that is settled yet."""
    found = await fetchval(
        """select coalesce(sum(c.maximum), 0) from cohort c join programme p on p.id = c.programme_id
           where p.section = $1 and p.form = 'individual' and c.state <> 'cancelled' and exists (
             select from (select s.starts_at from cohort_session s where s.cohort_id = c.id union all
                          select c.created_at where not exists (
                            select from cohort_session s where s.cohort_id = c.id)) as t (at)
             where t.at >= $2 and t.at < $3)""",
        section,
        *(at_local(day, time(0)) for day in half_year_days(half_year)),
    )
    return int(found)


async def half_year_boxes_to_close(half_year: str) -> list[tuple[UUID, str]]:
    """Common boxes of half-years before this one that are still open, with their sections."""
    rows = await fetch(
        """select id, section from ballot where cohort_id is null and state in ('preparing', 'open') and half_year < $1""",
        half_year,
    )
    return [(row["id"], row["section"]) for row in rows]


async def unfinished(states: Sequence[str]) -> list[UUID]:
    """Boxes in these states, in an order that says nothing."""
    return [
        row["id"] for row in await fetch("select id from ballot where state = any($1::text[]) order by id", list(states))
    ]
