"""What the pages about moving to another start say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from programmes.catalogue.wording import Question
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.group import transfer_pages
from programmes.desk.moving.rules import Outcome
from programmes.enrolment.leaving.first_right_queries import FirstRight
from programmes.enrolment.leaving.transfer_rules import Move, Refused
from programmes.enrolment.leaving.transfer_services import Plan
from programmes.notices.reach_rules import Reach, told


@dataclass(frozen=True)
class Way:
    """One start that somebody may move to: what they get there, and `seen`, empty where they can't (`refused`). `until`:
    how long they go before newcomers there; empty where nothing is kept for them."""

    cohort_id: int
    title: str
    gets: str
    asked: tuple[Question, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    seen: str
    until: str = ""


@dataclass(frozen=True)
class MyMovePage:
    ways: tuple[Way, ...]
    cancelled: bool
    changed: bool
    wrong: str


@dataclass(frozen=True)
class MovingPart:
    """On Min plats: whether one may move (`to`: there is a start to move to; `by_phone`: not by
    oneself to the next one), until when before others to the next of
    them, and whether one can come on the new days of a postponed start (`asked_at` tells which; empty where nobody asks)."""

    may: bool = False
    to: bool = False
    by_phone: bool = False
    until: str = ""
    asked_at: str = ""
    can: bool | None = None


NOT_MOVING = MovingPart()


@dataclass(frozen=True)
class Choice:
    """Somebody who can be ticked. `answer`: whether they can come on the new days, where that was asked."""

    enrolment_id: str
    label: str
    note: str
    ticked: bool


@dataclass(frozen=True)
class ChoosePage:
    cohort_id: int
    cohort_name: str
    cancelled: bool
    anybody: bool
    people: tuple[Choice, ...]
    starts: tuple[transfer_pages.Start, ...]
    form: Any


@dataclass(frozen=True)
class ConfirmPage:
    """Who gets a place, who waits as which number, and who can't be moved, and why: all that will happen."""

    cohort_id: int
    cohort_name: str
    target_id: int
    target_name: str
    lead: str
    seats: tuple[tuple[str, str], ...]
    queue: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    seen: str
    told: str
    button: str
    changed: bool
    gone: str


def until_text(right: FirstRight | None) -> str:
    return moment_long(right.until) if right else ""


def way_to(planned: Plan, krock: bool, municipality: str, right: FirstRight | None = None) -> Way:
    """What one start means to somebody who would move there. `right`: their first right, to this one or another."""
    target = planned.target
    day = capital(day_long(local_date(target.first_start))) if target.first_start else ""
    decided = planned.decided
    if isinstance(decided, Refused):
        return Way(target.cohort_id, day, "", (), (), transfer_pages.why_not(decided, planned.programme, municipality), "")
    if krock:
        why = _("Just den starten går inte att välja här. Ring oss, så hjälper vi dig.")
        return Way(target.cohort_id, day, "", (), (), (why,), "")
    asked = transfer_pages.asked(planned.asked, planned.programme, municipality, planned.first_day)
    until = until_text(right) if right and right.cohort_id == target.cohort_id else ""
    return Way(target.cohort_id, day, _my_place(decided, planned), asked, _my_notes(planned), (), planned.seen, until)


def _my_place(move: Move, planned: Plan) -> str:
    if move.seat:
        return _("Du får en plats.") if not planned.remaining else _("Du får en preliminär plats.")
    return _(
        "Den är full. Du står där i kö som nummer %(n)s, efter tiden för din anmälan, %(when)s.",
        n=move.position,
        when=moment_long(planned.facts.applied_at),
    )


def _my_notes(planned: Plan) -> tuple[str, ...]:
    found = []
    if planned.source.state != "cancelled" and planned.facts.seat:
        found.append(_("Platsen du har nu går vidare till nästa i kön på en gång."))
    if planned.facts.together_id is not None:
        found.append(_("Det gäller bara dig, inte dem som du väntar tillsammans med."))
    if planned.age_again:
        found.append(_("Åldern räknas den nya första dagen. Du säger till om det stämmer på Min plats."))
    return tuple(found)


def why_text(outcome: Outcome, planned: Plan, municipality: str) -> str:
    """Why somebody is not moved with the others."""
    if outcome.why == "refused" and isinstance(planned.decided, Refused):
        return " ".join(transfer_pages.why_not(planned.decided, planned.programme, municipality))
    return {
        "asked": _(
            "Starten har en annan utgåva av riktlinjen, som frågar mer. Personen svarar på Min plats, eller till er."
        ),
        "krock": _("Krock. Flytta personen för sig om det ändå ska bli så."),
        "together": _("Väntar tillsammans med syskon. Flytta dem en och en."),
    }[outcome.why]


def gets_text(planned: Plan) -> str:
    """What somebody gets there, in a few words."""
    decided = planned.decided
    assert isinstance(decided, Move)
    if decided.seat:
        return _("Plats %(n)s", n=decided.seat) if not planned.remaining else _("Preliminär plats %(n)s", n=decided.seat)
    return _("Kö, nummer %(n)s", n=decided.position)


def confirm_page(
    source: CohortFacts,
    target: CohortFacts,
    labels: Mapping[UUID, str],
    outcomes: Sequence[Outcome],
    plans: Sequence[Plan],
    seen: str,
    reach: Reach,
    municipality: str,
    gone: int = 0,
    changed: bool = False,
) -> ConfirmPage:
    """All that will happen, in the order in which it is done."""
    pairs = list(zip(outcomes, plans, strict=True))
    moved = [(labels[o.enrolment_id], gets_text(p), p) for o, p in pairs if not o.why]
    seats = tuple((who, what) for who, what, p in moved if isinstance(p.decided, Move) and p.decided.seat)
    queue = tuple((who, what) for who, what, p in moved if isinstance(p.decided, Move) and not p.decided.seat)
    left = tuple((labels[o.enrolment_id], why_text(o, p, municipality)) for o, p in pairs if o.why)
    n = len(seats) + len(queue)
    first = day_long(local_date(target.first_start)) if target.first_start else ""
    return ConfirmPage(
        source.cohort_id,
        source.name,
        target.cohort_id,
        target.name,
        _("Börjar %(when)s.", when=first) if first else "",
        seats,
        queue,
        left,
        tuple(str(o.enrolment_id) for o in outcomes),
        seen,
        capital(told(reach)),
        ngettext("Flytta %(n)s person", "Flytta %(n)s personer", n) if n else "",
        changed,
        ngettext(
            "%(n)s person är redan flyttad eller har lämnat.", "%(n)s personer är redan flyttade eller har lämnat.", gone
        )
        if gone
        else "",
    )


def answer_text(answer: bool | None) -> str:
    """Whether somebody can come on the new days, in words."""
    if answer is None:
        return _("Har inte svarat")
    return _("Kan de nya dagarna") if answer else _("Kan inte de nya dagarna")


def asked_key(asked_at: datetime) -> str:
    """Tells a form which new days it asked about."""
    return asked_at.isoformat()
