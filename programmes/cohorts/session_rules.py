"""What stands in the way of changing one session of a cohort, and what has to be meant."""

from collections.abc import Sequence
from datetime import date, datetime

from programmes.cohorts.rules import FURTHEST, UNDECIDED, Reason, why_not_times
from programmes.cohorts.schedule_rules import Slot
from programmes.core.clock import local, local_date


def why_not_move(
    cohort_state: str, decide_by: date | None, session_state: str, others: Sequence[Slot], slot: Slot, now: datetime
) -> list[Reason]:
    """What stands against giving a session another time. `decide_by` is None where no start is decided upon. `others`
    are the cohort's other sessions that count."""
    if reason := _settled(cohort_state, session_state):
        return [reason]
    found = []
    day = local_date(slot.starts_at)
    if slot.starts_at <= now:
        found.append(Reason("past", "dag"))
    elif slot.starts_at > now + FURTHEST:
        found.append(Reason("too_far", "dag"))
    elif decide_by is not None and cohort_state in UNDECIDED and day < decide_by:
        found.append(Reason("before_decision", "dag", {"day": decide_by}))
    if any(slot.meets(other) for other in others):
        found.append(Reason("overlap", "fran"))
    found.extend(why_not_times(local(slot.starts_at).time(), local(slot.ends_at).time()))
    return found


def begun(was: Slot, now: datetime) -> list[Reason]:
    """That a session which is to be changed has begun or is over: most often another one was meant, and it can't be undone
    (`change_services.undo`)."""
    if was.starts_at > now:
        return []
    said = {"day": local_date(was.starts_at), "starts_at": was.starts_at}
    return [Reason("has_been" if was.ends_at <= now else "has_begun", "anda", said)]


def why_other_order(others: Sequence[Slot], was: datetime, becomes: datetime) -> list[Reason]:
    """That a session would pass others of its cohort, so that their numbers change: something to be meant."""
    passed = [other.starts_at for other in others if min(was, becomes) < other.starts_at < max(was, becomes)]
    if not passed:
        return []
    earlier = becomes < was
    day = local_date(min(passed) if earlier else max(passed))
    return [Reason("comes_before" if earlier else "comes_after", "anda", {"day": day})]


def why_not_cancel_session(cohort_state: str, session_state: str, left: int, added: Slot | None) -> list[Reason]:
    """What stands against cancelling one session. `left` counts the cohort's sessions with this one."""
    if reason := _settled(cohort_state, session_state):
        return [reason]
    return [Reason("last_session", "sedan")] if left <= 1 and added is None else []


def _settled(cohort_state: str, session_state: str) -> Reason | None:
    """Why a session's time is no longer anybody's to change."""
    if cohort_state in {"closed", "cancelled"}:
        return Reason("cohort_over")
    if session_state in {"held", "cancelled"}:
        return Reason(f"session_{session_state}")
    return None
