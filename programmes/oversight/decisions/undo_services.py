"""Taking back a decision about a start, as long as nobody has heard of it."""

from datetime import datetime

from programmes.cohorts import services as cohorts
from programmes.cohorts.change_services import is_as_decided, put_back_decided
from programmes.cohorts.decision_queries import Decided
from programmes.cohorts.rules import Reason
from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_services import tell_on_again, telling_staff
from programmes.desk.illness.settling_services import ask_again
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_services
from programmes.enrolment.queue import services as queue
from programmes.notices.services import forget_decision
from programmes.notices.undoable_queries import undoable
from programmes.oversight.decisions import undo_queries

__all__ = ["Decided", "undo", "undoable", "why_it_stands"]

_BECAME = {
    "start": frozenset({"started"}),
    "cancel": frozenset({"cancelled"}),
    "postpone": frozenset({"postponed", "planned"}),
}
_CHANGE = {"cancel": "cancel_start", "postpone": "postpone"}


async def why_it_stands(cohort_id: int, found: Decided) -> list[Reason]:
    """Why a decision can't be taken back though its time is not over: staff have moved people to other starts because of
    it, who have been told; or something has been changed since, which may have been told and would be gone. A start that is
    decided moves nobody and changes no session; but a session that is noted as held since then took place in what
    started, and who hears that all of it is cancelled would not know that it is not.
    """
    if found.decision == "start":
        changed = await undo_queries.noted_since(cohort_id, found.decided_at) or await undo_queries.comes_to_nothing(
            cohort_id
        )
        return [Reason("changed_meanwhile")] if changed else []
    moved = await undo_queries.moved_since(cohort_id, found.decided_at)
    if moved.people:
        return [Reason("moved_meanwhile", params={"n": moved.people, "to": moved.to})]
    if not await is_as_decided(cohort_id, _CHANGE[found.decision], found.decided_at):
        return [Reason("changed_meanwhile")]
    return []


async def undo(cohort_id: int, decision_id: int, principal: Principal, now: datetime) -> list[Reason]:
    """Take it back: state, decision date, days, study visits and the queue's order are as before, and its messages are never
    sent. An offer that ended is made again, with its full time. Who has moved on their own meanwhile stays there. Returns
    why not (`why_it_stands`), or nothing when it is done.

    Raises:
        NotFound, Forbidden: not theirs to decide.
        Conflict: `decision_settled`, a message has left, its time is over, or something else was decided since; or the room
            or a leader's time has been taken meanwhile (`elsewhere_now`: of one who had let somebody stand in).
    """
    async with transaction():
        await first_right_services.one_at_a_time(cohort_id)
        cohort = await cohorts.coordinated(cohort_id, principal, now)
        found = await undoable(cohort_id, now)
        if found is None or found.decision_id != decision_id or cohort.state not in _BECAME[found.decision]:
            raise Conflict("decision_settled")
        stands = await why_it_stands(cohort_id, found)
        if stands:
            return stands
        await execute(
            """update cohort set state = $2, decide_by = $3,
                      started_at = case when $4 = 'start' then null else started_at end,
                      closed_at = case when $4 = 'cancel' then null else closed_at end,
                      ended_how = case when $4 = 'cancel' then null else ended_how end where id = $1""",
            cohort_id,
            found.state_before,
            found.decide_before,
            found.decision,
        )
        if found.decision in _CHANGE:
            await _sessions_back(cohort_id, found, principal, now)
        await forget_decision(cohort_id, found.decision, found.decided_at)
        await execute(
            "update start_decision set undone_at = $2, undone_by = $3 where id = $1", decision_id, now, principal.staff_id
        )
        if found.decision == "cancel":
            await first_right_services.take_back(cohort, decision_id, now)
        await audit.note("cohort:undo_decision", f"cohort/{cohort_id}", principal.staff_id, now)
        await queue.promote(cohort_id, now)
    return []


async def _sessions_back(cohort_id: int, found: Decided, principal: Principal, now: datetime) -> None:
    """With those who stand there, as at any undo: who leads hears what is otherwise than they were told, and whoever was to
    stand in and was told not to come is asked again."""
    async with telling_staff(cohort_id, principal, now):
        await put_back_decided(cohort_id, _CHANGE[found.decision], found.decided_at, principal, now)
        await ask_again(cohort_id, found.decided_at, principal, now)
        await tell_on_again(cohort_id, found.decided_at, principal, now)
        if found.decision == "cancel":
            await enrolment.visits_back(cohort_id, found.decided_at, now)
