"""Moving to another start: by oneself from Min plats, or several in one step, all of it or nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.calendar.services import follow
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.moving.rules import Outcome, digest, in_order, moves_itself, why_not
from programmes.enrolment import queries
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.leaving import transfer_services as transfers
from programmes.enrolment.leaving.transfer_services import Plan, Refused
from programmes.enrolment.records import apart_queries, apart_services
from programmes.enrolment.rules import ALIVE
from programmes.notices.undoable_queries import as_told

__all__ = ["Several", "leads_away", "move_myself", "move_several", "moved_there", "preview"]


@dataclass(frozen=True)
class Several:
    """What becomes of each, in the order in which they are moved; `gone` had left or been moved when it was looked at."""

    outcomes: Sequence[Outcome]
    plans: Sequence[Plan]
    seen: str
    gone: int = 0


async def leads_away(
    facts: queries.EnrolmentFacts, cohort: CohortFacts, now: datetime, came_at: datetime | None = None
) -> bool:
    """Whether this person may move on their own. `came_at`: when they came here, if that was by being moved."""
    if facts.state not in ALIVE:
        return False
    if await first_right_queries.may_move(facts, now):
        return True
    postponed = await cohorts.postponed_at(cohort.cohort_id) if cohort.state == "postponed" else None
    nothing = cohort.form == "group" and cohort.state == "started" and cohort.called_off
    return nothing or moves_itself(cohort.state, postponed is not None and (came_at or facts.applied_at) < postponed)


async def move_myself(
    enrolment_id: UUID, to: int, seen: str, keys: KeyFolder, now: datetime, met: Collection[str] = ()
) -> UUID | None:
    """Move to another start with the time of one's application; None, and nothing is changed, when it would be otherwise by
    now than was shown (`seen`).

    Raises:
        NotFound: another programme, or no start at all.
        Conflict: `enrolment_over`; `may_not_move`, the own start is neither cancelled nor postponed (any more), came not
            to nothing, and gives no first right to whom it has left waiting.
    """
    async with transaction():
        facts = await queries.enrolment(enrolment_id)
        if not await leads_away(facts, await as_told(await cohorts.by_id(facts.cohort_id), now), now):
            raise Conflict("may_not_move" if facts.state in ALIVE else "enrolment_over")
        if await apart_queries.days_of(enrolment_id, to):
            return None
        new = await transfers.transfer(enrolment_id, to, seen, None, keys, now, met)
        if new is not None:
            await follow(enrolment_id, new)
            await apart_services.follow(enrolment_id, new)
    return new


async def moved_there(old: str, to: int, new: str) -> bool:
    """Whether somebody has moved from one enrolment to another of this start, as they see it in a tab or a phone where they
    press a second time: what they ask for is done."""
    try:
        before, after = await queries.enrolment(UUID(old)), await queries.enrolment(UUID(new))
    except (ValueError, NotFound):
        return False
    return before.state == "transferred" and after.cohort_id == to and before.applied_at == after.applied_at


class _OnlyLooked(Exception):
    """Nothing of it is kept."""


async def preview(
    source: int, target: int, people: Collection[UUID], principal: Principal, keys: KeyFolder, now: datetime
) -> Several:
    """What would become of each if these were moved now: it is done, and taken back.

    Raises:
        NotFound, Forbidden: not theirs to decide, or another programme.
        Conflict: `moved_already`, none of them is there any more.
    """
    found: Several | None = None
    try:
        async with transaction():
            found = await _move(source, target, people, principal, keys, now)
            raise _OnlyLooked
    except _OnlyLooked:
        assert found is not None
        return found


async def move_several(
    source: int, target: int, people: Collection[UUID], seen: str, principal: Principal, keys: KeyFolder, now: datetime
) -> Several | None:
    """Move them as it was shown (`seen`), in one transaction; None, and nobody is moved, when anything would be otherwise.

    Raises: as `preview`.
    """
    try:
        async with transaction():
            done = await _move(source, target, people, principal, keys, now)
            if done.seen != seen:
                raise _OnlyLooked
            return done
    except _OnlyLooked:
        return None


async def _move(
    source: int, target: int, people: Collection[UUID], principal: Principal, keys: KeyFolder, now: datetime
) -> Several:
    if source == target:
        raise NotFound
    for cohort_id in (source, target):
        cohort = await cohorts.mine(principal, local_date(now), cohort_id)
        if not principal.coordinates(cohort.section):
            raise Forbidden
    for cohort_id in sorted((source, target)):
        await queries.lock_gate(cohort_id, now)
    here = [f for f in await queries.several(people) if f.cohort_id == source and f.state in ALIVE]
    if not here:
        raise Conflict("moved_already")
    outcomes, plans = [], []
    for facts in in_order(here):
        planned = await transfers.plan(facts.enrolment_id, target, keys, now)
        outcome = await _one(planned, principal, keys, now)
        outcomes.append(outcome)
        plans.append(planned)
    return Several(outcomes, plans, digest(target, outcomes), len(set(people)) - len(here))


async def _one(planned: Plan, principal: Principal, keys: KeyFolder, now: datetime) -> Outcome:
    old = planned.facts.enrolment_id
    clashes = bool(await apart_queries.days_of(old, planned.target.cohort_id))
    why = why_not(isinstance(planned.decided, Refused), bool(planned.asked), clashes, planned.facts.together_id is not None)
    if why:
        return Outcome(old, why)
    new = await transfers.transfer(old, planned.target.cohort_id, planned.seen, principal.staff_id, keys, now)
    assert new is not None
    await follow(old, new)
    await apart_services.follow(old, new)
    return Outcome(old, "", planned.seen)
