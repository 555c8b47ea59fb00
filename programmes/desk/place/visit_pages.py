"""The study visit on Min plats: which times there are, what is booked, and by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import EnrolmentFacts, Slot, Visit


@dataclass(frozen=True)
class SlotChoice:
    """A study visit to choose."""

    slot_id: int
    when: str
    where: str
    mine: bool


@dataclass(frozen=True)
class VisitPart:
    """The study visit: what can be booked, and the one that is or was. `off`: the office has cancelled it. `no_from`: who
    said no after it. `seen` tells a form which visit it was shown for."""

    slots: tuple[SlotChoice, ...] = ()
    when: str = ""
    where: str = ""
    off: bool = False
    book_by: tuple[str, ...] = ()
    no_from: str = ""
    seen: str = ""


def slot_choices(slots: list[Slot], facts: EnrolmentFacts) -> tuple[SlotChoice, ...]:
    """Study visits with room, and the one that is booked."""
    mine = facts.visit.slot_id if facts.visit and facts.visit.state == "booked" else None
    found = []
    for slot in slots:
        if slot.left > 0 or slot.slot_id == mine:
            where = f"{slot.leader}. {slot.address}, {slot.venue}" if slot.leader else f"{slot.address}, {slot.venue}"
            found.append(SlotChoice(slot.slot_id, span(slot.starts_at, slot.ends_at), where, slot.slot_id == mine))
    return tuple(found)


def span(starts_at: datetime, ends_at: datetime) -> str:
    """`Torsdag 26 november 14.00–14.30`"""
    return f"{capital(day_long(local_date(starts_at)))} {times(starts_at, ends_at)}"


def visit_place(visit: Visit | None, slots: Sequence[Slot]) -> str:
    """Where a booked study visit is, and whom one meets there: `Storgatan 1, Linden. Du träffar Robin.`"""
    if visit is None:
        return ""
    leader = next((slot.leader for slot in slots if slot.slot_id == visit.slot_id and slot.leader), None)
    where = f"{visit.address}, {visit.venue}."
    whom = _("Du träffar %(name)s.", name=leader) if leader else ""
    return f"{where} {whom}".strip()


def no_from(visit: Visit | None) -> str:
    """Who said no after the visit: `person`, `staff` or `both`; nothing when nobody did."""
    if visit is None or visit.goes_on:
        return ""
    if visit.person_goes_on is False:
        return "both" if visit.staff_goes_on is False else "person"
    return "staff"


def book_by(last: date, today: date) -> tuple[str, ...]:
    """By when the visit must be booked, and what happens otherwise. A day that has been is nobody's last chance."""
    if last < today:
        return (
            _("Boka så snart du kan."),
            _("Platsen går vidare till nästa i kön, men tidigast tre dagar efter att vi har påmint dig."),
        )
    return (
        _("Boka senast %(day)s.", day=day_long(last)),
        _("Har du inte bokat då, och det har funnits tider, går platsen vidare till nästa i kön. Vi påminner dig före. "
          "Finns det ingen tid att boka är platsen kvar."),
    )  # fmt: skip
