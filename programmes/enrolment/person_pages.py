"""View models of what staff see of one person, and of the study visits and texts that they keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from programmes.core.i18n import capital, moment_long
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import AgreementText, EnrolmentFacts, Remaining, Slot
from programmes.enrolment.wording import remaining_text


@dataclass(frozen=True)
class PersonPage:
    """One person as the cohort's staff see them. `details` are label and value; empty for protected identity."""

    cohort_id: int
    cohort_name: str
    enrolment_id: str
    label: str
    protected: bool
    exempt: bool
    state: str
    state_text: str
    state_kind: str
    applied: str
    seat: int | None
    details: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    visit: str
    visit_state: str
    visit_due: bool
    slots: tuple[tuple[int, str], ...]
    texts: tuple[AgreementText, ...]
    proof_asked: bool
    proof: str
    drop_out: bool
    code: str
    contact: str | None
    form: Any

    @property
    def alive(self) -> bool:
        return self.state in {"preliminary", "confirmed", "queued", "offered"}

    @property
    def holds(self) -> bool:
        return self.state in {"preliminary", "confirmed", "offered"}


def steps_left(codes: Sequence[Remaining]) -> tuple[str, ...]:
    """What is left before the place is confirmed, in words."""
    return tuple(remaining_text(code) for code in codes)


def state_words(state: str) -> tuple[str, str]:
    """A state in words, and the kind of its tag."""
    return {
        "confirmed": (_("Klar"), "ok"),
        "preliminary": (_("Preliminär"), "warn"),
        "offered": (_("Erbjuden"), "info"),
        "queued": (_("I kö"), "info"),
        "completed": (_("Fullföljt"), "ok"),
        "dropped_out": (_("Avbrutit"), ""),
        "withdrawn": (_("Har lämnat"), ""),
        "declined": (_("Tackat nej"), ""),
        "expired": (_("Fick ingen plats"), ""),
        "transferred": (_("Flyttad till en annan grupp"), ""),
        "refused": (_("Uppfyller inte villkoren"), ""),
    }[state]


def visit_words(facts: EnrolmentFacts) -> tuple[str, str]:
    """When the study visit is or was, and what became of it."""
    if facts.visit is None:
        return "", ""
    words = {"booked": _("Bokat"), "attended": _("Gjort"), "missed": _("Kom inte")}
    return capital(moment_long(facts.visit.starts_at)), words[facts.visit.state]


def slot_options(slots: list[Slot]) -> tuple[tuple[int, str], ...]:
    """Study visits with room, to book for somebody."""
    return tuple((slot.slot_id, capital(moment_long(slot.starts_at))) for slot in slots if slot.left > 0)


@dataclass(frozen=True)
class SlotLine:
    """A study visit on offer: when, with whom, and how many may still come."""

    when: str
    leader: str
    left: int


@dataclass(frozen=True)
class SlotsPage:
    """The study visits of a cohort, and the form for one more."""

    cohort_id: int
    cohort_name: str
    slots: tuple[SlotLine, ...]
    form: Any


def slots_page(cohort_id: int, name: str, slots: list[Slot], form: Any) -> SlotsPage:
    """The page of a cohort's study visits."""
    lines = tuple(SlotLine(capital(moment_long(s.starts_at)), s.leader or "", s.left) for s in slots)
    return SlotsPage(cohort_id, name, lines, form)


def when_noted(moment: datetime | None) -> str:
    """When something was noted, or nothing."""
    return moment_long(moment) if moment else ""


def proof_words(facts: EnrolmentFacts) -> str:
    """That identity or age was shown; for who is documented also when."""
    if facts.proof_checked_at:
        return _("Kontrollerad %(when)s. Ingen kopia är sparad.", when=moment_long(facts.proof_checked_at))
    return _("Kontrollerad. Ingen kopia är sparad.") if facts.proof_ticked else ""
