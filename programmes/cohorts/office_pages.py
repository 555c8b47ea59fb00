"""What the pages about closures and about who works with a cohort show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from programmes.cohorts.meant_rules import signs
from programmes.cohorts.office_rules import Worker
from programmes.cohorts.wording_rules import said
from programmes.core.i18n import capital, day_long, day_plain, ngettext
from programmes.core.i18n import gettext as _

__all__ = ["ClosureLine", "ClosuresPage", "WorkerLine", "WorkersPage", "closure_line", "said", "signs", "worker_lines"]


@dataclass(frozen=True)
class ClosureLine:
    closure_id: int
    reason: str
    when: str
    where: str
    note: str


@dataclass(frozen=True)
class ClosuresPage:
    lines: tuple[ClosureLine, ...]
    venues: tuple[tuple[str, str], ...]
    form: object


def closure_line(closure_id: int, first: date, last: date, reason: str, venue: str, sessions: int) -> ClosureLine:
    """`Sportlov`, `22 februari–26 februari 2027`, where, and how many sessions lie in it all the same."""
    begins = day_plain(first).rsplit(" ", 1)[0] if first.year == last.year else day_plain(first)
    when = capital(day_long(first)) if first == last else f"{begins}–{day_plain(last)}"
    note = ngettext(
        "%(n)s träff ligger redan då. Den ligger kvar tills ni flyttar den.",
        "%(n)s träffar ligger redan då. De ligger kvar tills ni flyttar dem.",
        sessions,
    )
    return ClosureLine(closure_id, reason, when, venue or _("Alla lokaler"), note if sessions else "")


def closure_heads() -> tuple[str, ...]:
    """The first line of the closures as a file."""
    return _("Vad är det?"), _("Första dagen"), _("Sista dagen"), _("Lokal"), _("Träffar som ligger då")


def closure_row(first: date, last: date, reason: str, venue: str, sessions: int) -> tuple[str, ...]:
    """A closure's line in the file."""
    return reason, first.isoformat(), last.isoformat(), venue or _("Alla lokaler"), str(sessions)


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
