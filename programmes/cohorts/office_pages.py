"""What the page about who works with a cohort shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from programmes.cohorts.meant_rules import signs
from programmes.cohorts.office_rules import Worker
from programmes.cohorts.wording_rules import said
from programmes.core.i18n import day_plain
from programmes.core.i18n import gettext as _

__all__ = ["WorkerLine", "WorkersPage", "said", "signs", "worker_lines"]


@dataclass(frozen=True)
class WorkerLine:
    staff_id: int
    name: str
    role: str


@dataclass(frozen=True)
class WorkersPage:
    cohort_id: int
    name: str
    lines: tuple[WorkerLine, ...]
    choices: tuple[tuple[int, str], ...]
    form: object


def _role(worker: Worker) -> str:
    role = _("Vikarie till och med %(day)s", day=day_plain(worker.until)) if worker.until else _("Gruppledare")
    return role if worker.works else _("%(role)s. Har inte längre konto eller roll för det, och ser inget.", role=role)


def worker_lines(workers: Sequence[Worker]) -> tuple[WorkerLine, ...]:
    """Name and role; a substitute with the last day."""
    return tuple(
        WorkerLine(
            worker.staff_id,
            worker.name,
            _role(worker),
        )
        for worker in workers
    )
