"""What the office keeps around cohorts: closures, and who works with a cohort until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from programmes.cohorts.rules import FURTHEST, Reason

LONGEST_CLOSURE = timedelta(days=120)


@dataclass(frozen=True)
class Worker:
    """Somebody who works with a cohort. `until` is a substitute's last day, None for a leader; `works` not, who has no
    account or role for it any more."""

    staff_id: int
    name: str
    role: str
    until: date | None
    works: bool = True


def why_not_close(first: date, last: date, today: date) -> list[Reason]:
    """A closure is to come, in order, and no longer than a summer."""
    found = []
    if last < today:
        found.append(Reason("past", "sista"))
    if last < first:
        found.append(Reason("ends_before", "sista"))
    elif last - first > LONGEST_CLOSURE:
        found.append(Reason("closed_too_long", "sista"))
    if first > today + FURTHEST:
        found.append(Reason("too_far", "forsta"))
    return found


def why_not_let_in(workers: Sequence[Worker], staff_id: int, until: date | None, today: date) -> list[Reason]:
    """A substitute's time ends today at the earliest; a leader is one already only once."""
    if until is not None and until < today:
        return [Reason("past", "till")]
    if until is not None and until > today + FURTHEST:
        return [Reason("too_far", "till")]
    if any(w.staff_id == staff_id and w.role == "leader" for w in workers):
        return [Reason("leads_already", "vem")]
    return []


def why_not_take_out(workers: Sequence[Worker], staff_id: int) -> list[Reason]:
    """A cohort always has a leader."""
    leaders = [worker for worker in workers if worker.role == "leader" and (worker.works or worker.staff_id == staff_id)]
    return [Reason("last_leader", "vem")] if [worker.staff_id for worker in leaders] == [staff_id] else []
