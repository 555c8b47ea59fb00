"""What changes who is offered a place next: passing somebody over, and the order of the queue. Under the cohort's lock."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from programmes.cohorts import office_services
from programmes.cohorts import services as cohort_services
from programmes.cohorts.office_rules import may_take_home
from programmes.cohorts.queries import CohortFacts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.queue import order_queries
from programmes.enrolment.queue.order_queries import Event
from programmes.enrolment.queue.rules import (
    SKIP_REASONS,
    NewMaximum,
    OrderReason,
    SkipReason,
    Turn,
    Waiting,
    between,
    last_before,
    may_go_before,
    order_reasons,
    passed,
    places_before_and_after,
    turn_by_application,
    unit,
    with_maxima,
)
from programmes.enrolment.queue.services import note_event, pass_on
from programmes.enrolment.roster import label_of
from programmes.people.looks import Look

__all__ = ["SKIP_REASONS", "NewMaximum", "OrderReason", "SkipReason", "move_before", "order_reasons", "restore", "skip"]


# What is done to who waits is done to the siblings who wait together with them, also to who is away and may come back:
# else one who is passed over for conditions would be let in by the word of one who is not.
_SKIP = """
with done as (
    update enrolment e set skip_reason = $2 from enrolment w
    where w.id = $1 and (e.id = w.id or e.together_id = w.together_id)
      and (e.state = 'queued' or e.state in ('withdrawn', 'refused') and e.undo_until > $3)
      and e.skip_reason is distinct from $2 returning e.id, e.turn)
select id from done order by turn
"""


async def skip(enrolment_id: uuid.UUID, reason: SkipReason | None, staff_id: int, now: datetime) -> None:
    """Pass somebody over in the queue for a reason, or with None no longer, and the siblings who wait together with them,
    or may come back to. They keep their turn.

    Whoever is next then is offered what is free, at once. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: they don't wait.
    """
    async with transaction():
        gate = await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        if (await queries.enrolment(enrolment_id)).state != "queued":
            raise Conflict("not_waiting")
        changed = await fetch(_SKIP, enrolment_id, reason, now)
        for row in changed:
            await note_event(row["id"], "skipped" if reason else "lifted", now, staff_id, reason)
            await audit.note("queue:skip" if reason else "queue:lift", f"enrolment/{row['id']}", staff_id, now)
        if changed:
            await pass_on(gate, now)


# Whom nobody is before any longer who applied later, by a coordinator's decision, was not passed: neither page says so.
_NOT_PASSED_ANY_MORE = """
update enrolment e set passed_at = null where e.cohort_id = $1 and e.passed_at is not null and not exists (
    select from enrolment b where b.cohort_id = e.cohort_id and b.turn < e.turn and b.arrival > e.arrival
      and b.order_reason is not null and b.order_reason <> 'transfer')
"""


async def move_before(
    cohort_id: int, who: uuid.UUID, other: uuid.UUID, reason: OrderReason, principal: Principal, now: datetime
) -> bool:
    """A coordinator lets somebody go before another, with the siblings who wait together with them. False, and nothing is
    changed, when they stand before them already.

    Arrivals stay as they are: the history shows what was and why. Who is passed is told on Min plats.

    Raises:
        NotFound, Forbidden: not theirs to decide.
        Conflict: one of the two doesn't wait here any more.
    """
    async with transaction():
        await cohort_services.coordinated(cohort_id, principal, now)
        line = await order_queries.line(cohort_id, now)
        movers, ahead = unit(_of(line, who), line), unit(_of(line, other), line)[0]
        if not all(may_go_before(mover, ahead) for mover in movers):
            return False
        behind = last_before(ahead.turn, await order_queries.taken_turns(cohort_id))
        await execute("update enrolment set passed_at = $2 where id = any($1::uuid[])", passed(movers, ahead, line), now)
        for mover in movers:
            behind = between(behind, ahead.turn)
            await _give(mover, Turn(behind, reason))
            await note_event(mover.enrolment_id, "order_changed", now, principal.staff_id, reason, (mover.turn, behind))
            await audit.note("queue:order", f"enrolment/{mover.enrolment_id}", principal.staff_id, now)
        await execute(_NOT_PASSED_ANY_MORE, cohort_id)
    return True


async def restore(cohort_id: int, who: uuid.UUID, principal: Principal, now: datetime) -> None:
    """A coordinator puts somebody back where they came, by the time of their application, and the siblings who wait
    together with them. Again, it changes nothing.

    Raises:
        NotFound, Forbidden: not theirs to decide.
        Conflict: they don't wait here any more.
    """
    async with transaction():
        await cohort_services.coordinated(cohort_id, principal, now)
        line = await order_queries.line(cohort_id, now)
        for mover in unit(_of(line, who), line):
            if mover.order_reason not in {None, "transfer"}:
                await _restore(cohort_id, mover, line, principal.staff_id, now)
        await execute(_NOT_PASSED_ANY_MORE, cohort_id)


async def _restore(cohort_id: int, mover: Waiting, line: list[Waiting], staff_id: int, now: datetime) -> None:
    turn = Turn(Decimal(mover.arrival), None)
    if await order_queries.came_from_elsewhere(mover.enrolment_id):
        others = [w for w in line if w.enrolment_id != mover.enrolment_id]
        taken = await order_queries.taken_turns(cohort_id)
        turn = turn_by_application(mover.applied_at, mover.arrival, others, taken)
    await _give(mover, turn)
    await note_event(mover.enrolment_id, "order_restored", now, staff_id, turns=(mover.turn, turn.turn))
    await audit.note("queue:restore", f"enrolment/{mover.enrolment_id}", staff_id, now)


def _of(line: list[Waiting], enrolment_id: uuid.UUID) -> Waiting:
    found = next((w for w in line if w.enrolment_id == enrolment_id and not w.away), None)
    if found is None:
        raise Conflict("not_waiting")
    return found


async def _give(who: Waiting, turn: Turn) -> None:
    await execute(
        "update enrolment set turn = $2, order_reason = $3 where id = $1", who.enrolment_id, turn.turn, turn.reason
    )


async def in_line(cohort: CohortFacts, keys: KeyFolder, look: Look) -> list[tuple[queries.EnrolmentFacts, str]]:
    """Who waits, in order, with what staff call them."""
    found = await queries.enrolments(cohort.cohort_id, ["queued"])
    return [(facts, label_of(facts, keys, look)) for facts in found]


@dataclass(frozen=True)
class Line:
    """A line of the exported history: what became of an application, or that the cohort's most places are others. `name` is
    empty where nobody is named; `before` and `after` are places in the queue, `maximum` how many places there were then."""

    event: Event | NewMaximum
    name: str
    before: int | None
    after: int | None
    maximum: int


async def may_export(cohort: CohortFacts, principal: Principal, now: datetime) -> bool:
    """Whether they may take the history of its queue home (`office_rules.may_take_home`)."""
    return may_take_home(await office_services.workers(cohort.cohort_id, local_date(now)), principal, cohort.section)


async def history(cohort: CohortFacts, keys: KeyFolder, look: Look, now: datetime) -> list[Line]:
    """The history of a cohort's queue, to be taken out of the service; that it was is noted in the trail.

    Where nobody's identity is recorded nobody is named, not by an alias either.

    Raises:
        Forbidden: neither coordinator nor leader of the cohort (a substitute isn't).
    """
    if not await may_export(cohort, look.who, now):
        raise Forbidden
    events = await order_queries.history(cohort.cohort_id)
    names: dict[uuid.UUID, str] = {}
    if not cohort.exempt:
        people = await queries.several({event.enrolment_id for event in events})
        names = {facts.enrolment_id: label_of(facts, keys, look) for facts in people}
    async with transaction():
        await audit.note("queue:export", f"cohort/{cohort.cohort_id}", look.who.staff_id, now)
    places, found = places_before_and_after(events), list[Line]()
    changes = await order_queries.new_maxima(cohort.cohort_id)
    for what, maximum in with_maxima([event.event_id for event in events], changes, cohort.maximum):
        if isinstance(what, NewMaximum):
            found.append(Line(what, "", None, None, maximum))
        else:
            found.append(Line(events[what], names.get(events[what].enrolment_id, ""), *places[what], maximum))
    return found
