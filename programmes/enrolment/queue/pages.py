"""View models of a queue: its order with every reason, and its history as lines of a list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from programmes.core.clock import local
from programmes.core.i18n import capital, day_plain, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.queue.rules import SKIP_REASONS, OrderReason
from programmes.enrolment.rules import EnrolmentFacts
from programmes.enrolment.together.rules import held_by, numbers_together
from programmes.enrolment.wording import event_words, order_text, passed_by_text, passed_over_text, skip_text, stranded_text

__all__ = ["passed_over_text"]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d[+-]\d\d:\d\d")


@dataclass(frozen=True)
class Place:
    """Somebody in the queue, by number, with why they stand where they stand. `moved_back` can be put back. `stranded`: they
    wait together for more places than there are. `takes`: they are the first who can have a free place, and staff can
    give it to them."""

    enrolment_id: str
    address: str
    label: str
    protected: bool
    number: int
    arrival: int
    applied: str
    skipped: str
    moved: str
    passed: str
    moved_back: bool
    asked_to_come: bool
    together: str
    passed_by: str
    stranded: str = ""
    takes: bool = False


@dataclass(frozen=True)
class QueuePage:
    cohort_id: int
    cohort_name: str
    exempt: bool
    places: tuple[Place, ...]
    may_change: bool
    may_export: bool
    reasons: tuple[tuple[str, str], ...]
    form: Any
    seats_free: str = ""
    printed: str = ""

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Everybody in the queue, to choose from."""
        return tuple((p.enrolment_id, f"{p.number}. {p.label}") for p in self.places)


def places(
    cohort_id: int,
    section: str,
    people: Sequence[tuple[EnrolmentFacts, str]],
    passed: Mapping[UUID, tuple[str, datetime]],
    maximum: int,
    takes: UUID | None = None,
) -> tuple[Place, ...]:
    """The queue in its order; `people` are those who wait, with what staff call them, `passed` who of them was passed by,
    `takes` who can be given a free place now."""
    together = numbers_together([facts.together_id for facts, _label in people])
    held = held_by([(facts.together_id, facts.skip_reason) for facts, _label in people])
    found = (
        _place_of(
            cohort_id,
            number,
            facts,
            label,
            siblings,
            passed.get(facts.enrolment_id),
            passed_over_text(facts.skip_reason, by, section),
        )
        for number, ((facts, label), siblings, by) in enumerate(zip(people, together, held, strict=True), start=1)
    )
    return tuple(
        replace(one, stranded=stranded_text(one.together, maximum), takes=one.enrolment_id == str(takes)) for one in found
    )


def free_text(free: int) -> str:
    """`1 plats är ledig`, inside a sentence."""
    return ngettext("%(n)s plats är ledig", "%(n)s platser är lediga", free)


def _place_of(
    cohort_id: int,
    number: int,
    facts: EnrolmentFacts,
    label: str,
    together: str,
    passed_by: tuple[str, datetime] | None,
    skipped: str,
) -> Place:
    return Place(
        enrolment_id=str(facts.enrolment_id),
        address=f"/personal/grupper/{cohort_id}/deltagare/{facts.enrolment_id}",
        label=label,
        protected=facts.protected,
        number=number,
        arrival=facts.arrival,
        applied=moment_long(facts.applied_at),
        skipped=skipped,
        moved=order_text(facts.order_reason) if facts.order_reason else "",
        passed=day_plain(local(facts.passed_at).date()) if facts.passed_at else "",
        moved_back=facts.order_reason not in {None, "transfer"},
        asked_to_come=facts.asked_to_come,
        together=together,
        passed_by=passed_by_text(*passed_by) if passed_by else "",
    )


def order_choices(reasons: Sequence[OrderReason]) -> tuple[tuple[str, str], ...]:
    """The reasons for which the order may be changed."""
    return tuple((code, capital(order_text(code))) for code in reasons)


def skip_choices(section: str, was_offered: bool) -> tuple[tuple[str, str], ...]:
    """The reasons for which somebody may be passed over. Only who was offered a place can have left an offer unanswered."""
    reasons = [code for code in SKIP_REASONS if was_offered or code != "no_answer"]
    return tuple((code, capital(skip_text(code, section))) for code in reasons)


def heads(exempt: bool) -> Sequence[str]:
    """The headings of the history; of an exempt cohort nobody is named in it."""
    named = () if exempt else (_("Namn"),)
    happened = (_("Händelse"), _("Skäl"), _("Plats i kön före"), _("Plats i kön efter"), _("Högst antal platser"), _("Av"))
    return (_("Märkning"), _("Tid"), _("Anmälan nr"), _("Anmäld"), *named, *happened)


def mark(exempt: bool) -> str:
    """What each line says of itself. Of an exempt cohort a line is one person, and nothing of them is kept anywhere else."""
    return _("Internt, sekretess. Förstörs när gruppen avslutas") if exempt else _("Internt, sekretess")


def _place(number: int | None) -> str:
    return "" if number is None else str(number)


def _moment(at: datetime) -> str:
    """A local time that can be compared with any other: `2026-10-25 02:30:00+02:00`."""
    return local(at).isoformat(sep=" ", timespec="seconds")


def only_days(row: tuple[str, ...]) -> tuple[str, ...]:
    """A line with the day instead of each time: the number of an application and the order of the lines prove the order, and
    by the second it would be known whose line it is."""
    return tuple(_TIME.sub(r"\1", cell) for cell in row)


def history_row(
    at: datetime,
    applied_at: datetime,
    arrival: int,
    name: str | None,
    kind: str,
    reason: str | None,
    places: tuple[int | None, int | None],
    maximum: int,
    by: str | None,
    section: str,
) -> tuple[str, ...]:
    """One line of the history, in the order of `heads`. `name` is None where nobody is named; `maximum` is how many places
    there were then."""
    why = {"skipped": skip_text(reason or "", section), "order_changed": order_text(reason or "")}.get(kind, "")
    named = () if name is None else (name,)
    return (
        _moment(at),
        str(arrival),
        _moment(applied_at),
        *named,
        event_words(kind),
        why,
        _place(places[0]),
        _place(places[1]),
        str(maximum),
        by or "",
    )


def maximum_row(at: datetime, before: int, after: int, named: bool, by: str | None) -> tuple[str, ...]:
    """The line that says that the most places are others, in the order of `heads`."""
    nobody = ("", "", "") if named else ("", "")
    why = _("från %(before)s till %(after)s", before=before, after=after)
    return (_moment(at), *nobody, _("högsta antalet platser ändrat"), why, "", "", str(after), by or "")
