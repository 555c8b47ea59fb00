"""Who works with a cohort, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from programmes.cohorts.rules import FURTHEST, Reason
from programmes.core.principal import Principal


@dataclass(frozen=True)
class Worker:
    """Somebody who works with a cohort. `until` is a substitute's last day, None for a leader; `works` not, who has no
    account or role for it any more."""

    staff_id: int
    name: str
    role: str
    until: date | None
    works: bool = True


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


def may_take_home(workers: Sequence[Worker], who: Principal, section: str) -> bool:
    """Whether somebody may take the lists of a group out of the service: its leaders, and who coordinates its programme. A
    substitute is there for the sessions."""
    leads = any(worker.staff_id == who.staff_id and worker.role == "leader" for worker in workers)
    return leads or who.coordinates(section)
