"""Reads about places that were left: what undoing would give back, and which can no longer be undone."""

from datetime import datetime
from typing import cast
from uuid import UUID

from programmes.core.db import fetch, fetchrow
from programmes.enrolment.browser_queries import Browser, taken_in
from programmes.enrolment.leaving.rules import OVER, UNDO, LeftFrom, Return, gives_back, may_undo, what
from programmes.enrolment.queries import EnrolmentFacts, Gate, can_be_offered, entry_facts, several
from programmes.enrolment.rules import Entry, entry, lowest_free

_FREE = "(c.maximum - (select count(*) from seat s where s.cohort_id = c.id))"

__all__ = ["OVER", "may_undo", "preview", "undone_too_late", "what", "would_give_back"]


def would_give_back(facts: EnrolmentFacts, gate: Gate, now: datetime) -> Return:
    """What undoing gives back. What counts is decided under the lock, with the gate that was read there."""
    return _decide(facts, lowest_free(gate.taken, gate.maximum) is not None, gate.someone_waits, gate.entry, now)


async def preview(facts: EnrolmentFacts, now: datetime) -> Return:
    """The same, read without a lock, for showing."""
    row = await fetchrow(
        f"""select {_FREE} > 0 as free,
                  exists (select 1 from enrolment e where e.cohort_id = c.id and {can_be_offered(_FREE)}) as waits
           from cohort c where c.id = $1""",
        facts.cohort_id,
    )
    assert row is not None
    return _decide(facts, row["free"], row["waits"], await entry_facts(facts.cohort_id), now)


def _decide(facts: EnrolmentFacts, free: bool, waits: bool, around: Entry, now: datetime) -> Return:
    if facts.left_from is None:
        return "nothing"
    return gives_back(cast(LeftFrom, facts.left_from), free, waits, entry(around, now) is None, around.state in OVER)


async def applied_since(facts: EnrolmentFacts, browser: Browser, now: datetime) -> frozenset[UUID]:
    """What the browser has taken in this start since the place was left there: undoing would make two of them. The siblings
    of a form, and whoever else had applied before, are not among them."""
    if facts.undo_until is None:
        return frozenset()
    taken = await taken_in(browser, facts.cohort_id, now)
    left_at = facts.undo_until - UNDO
    return frozenset(one.enrolment_id for one in await several(taken) if one.applied_at > left_at)


async def undone_too_late(now: datetime) -> list[UUID]:
    """Enrolments that ended so long ago that it can't be undone any more, and of which something is still kept."""
    return [row["id"] for row in await fetch("select id from enrolment where undo_until <= $1 order by id", now)]
