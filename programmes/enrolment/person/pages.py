"""View models of what staff see of one person, and of the study visits and texts that they keep."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from programmes.catalogue.rules import Outcome
from programmes.core.clock import local_date
from programmes.core.i18n import MESSAGE_LANGUAGES, Language, capital, day_long, moment_long, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.pages import Reason
from programmes.enrolment.rules import ALIVE, AgreementText, EnrolmentFacts, Remaining, Slot, StaffEnding
from programmes.enrolment.visits.rules import Doubt, Guest, Offered
from programmes.enrolment.wording import (
    Accepted,
    AcceptedText,
    accepted_texts,
    age_text,
    doubted,
    remaining_text,
    state_words,
)
from programmes.people.hold_wording_rules import HoldView
from programmes.people.look_wording_rules import look_choices


@dataclass(frozen=True)
class Partner:
    """What staff have to know before they contact somebody's partner. `consent` is None where none was asked for; `unseen`:
    it was taken back, and no leader has noted that they have seen it."""

    text: str
    consent: bool | None
    unseen: bool


@dataclass(frozen=True)
class VisitPart:
    """Somebody's study visit: when and where (`told`), what became of it, who said no after it, and what can be done now.

    `seen` tells the form which visit it was about. `settled`: it can't be put right any more. `due`: one is still to be
    booked, by `book_by`, which is empty where the day costs nothing. `slots` can be booked.
    """

    told: str
    state: str
    wishes: str
    seen: str
    markable: bool
    correctable: bool
    settled: bool
    cancellable: bool
    due: bool
    book_by: str
    slots: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class PersonPage:
    """One person as the cohort's staff see them. `details` are label and value; empty for protected identity.

    `reachable`: where nobody is named, whether they left a way to reach them. Which is not said here. `unreadable`:
    there is a record, and its key is gone or doesn't open it. `coordinates`: who looks may hand out what is kept about
    the person. `bounced`: nothing is received at their address or number.
    `offer_over`: the time to answer is over, and the worker has not been there. `paper_wrong`: the texts
    whose acceptance on paper was noted just now and can be taken back. `may_go_again`: a message that still
    holds did not reach the address or number that they had before.
    """

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
    answer_by: str
    details: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    visit: VisitPart
    texts: tuple[AgreementText, ...]
    texts_again: bool
    accepted: tuple[AcceptedText, ...]
    proof_asked: str
    proof: str
    endings: tuple[tuple[str, str], ...]
    may_end: bool
    partner: Partner | None
    code: str
    contact: str | None
    form: Any
    skipped: str = ""
    skip_reasons: tuple[tuple[str, str], ...] = ()
    asked_to_come: bool = False
    siblings: tuple[tuple[str, str], ...] = ()
    same_form: tuple[tuple[str, str], ...] = ()
    exception: str = ""
    age_warning: str = ""
    asked_again: str = ""
    refused_for: tuple[Reason, ...] = ()
    may_take_back: bool = False
    reachable: bool = True
    unreadable: bool = False
    coordinates: bool = False
    reason: str = ""
    reveal_reasons: tuple[tuple[str, str], ...] = ()
    hold: HoldView | None = None
    paper_wrong: tuple[int, ...] = ()
    protected_elsewhere: bool = False
    protection_asked: bool = False
    offer_over: bool = False
    language: Language = "sv"
    bounced: bool = False
    may_go_again: bool = False

    @property
    def alive(self) -> bool:
        return self.state in {"preliminary", "confirmed", "queued", "offered"}

    @property
    def holds(self) -> bool:
        return self.state in {"preliminary", "confirmed", "offered"}


@dataclass(frozen=True)
class WhyPage:
    """The question why staff look at somebody of a group that is over. Nothing of the person stands on it."""

    cohort_id: int
    cohort_name: str
    reasons: tuple[tuple[str, str], ...]
    wrong: bool


def why_page(cohort_id: int, cohort_name: str, wrong: bool) -> WhyPage:
    """The question. `wrong`: it was answered with none of the reasons."""
    return WhyPage(cohort_id, cohort_name, look_choices(), wrong)


def sibling_links(cohort_id: int, people: Sequence[tuple[UUID, str]]) -> tuple[tuple[str, str], ...]:
    """Addresses and labels of others of the same form, or who wait together with somebody."""
    return tuple((f"/personal/grupper/{cohort_id}/deltagare/{one}", label) for one, label in people)


def state_of(facts: EnrolmentFacts) -> tuple[str, str]:
    """How somebody stands, in words, and the kind of its tag."""
    return state_words(facts.state, facts.only_waited, facts.confirmed_at is not None)


def message_language(facts: EnrolmentFacts) -> str:
    """In which language they are written to, by its name in itself."""
    return dict(MESSAGE_LANGUAGES)[facts.language]


def steps_left(codes: Sequence[Remaining]) -> tuple[str, ...]:
    """What is left before the place is confirmed, in words."""
    return tuple(remaining_text(code) for code in codes)


def partner_words(asked: bool, facts: EnrolmentFacts) -> Partner | None:
    """What stands there about the partner; None where nobody is asked about it (2.14 asks)."""
    if not asked:
        return None
    texts = {
        None: _("Det finns ingen pågående relation, enligt anmälan. Kontakta inte en tidigare partner."),
        True: _("Personen har sagt ja till att ni kontaktar partnern, och kan ändra sig när som helst."),
        False: _("Personen har tagit tillbaka sitt ja. Kontakta inte partnern."),
    }
    unseen = facts.consent_withdrawn_at is not None
    if facts.state in ALIVE or unseen:
        return Partner(texts[False if unseen else facts.partner_consent], facts.partner_consent, unseen)
    over = _("Platsen här är avslutad eller flyttad. Kontakta inte partnern härifrån.")
    return Partner(over, None, False)


def accepted_lines(found: Sequence[Accepted]) -> tuple[AcceptedText, ...]:
    """What the person has accepted, word for word."""
    return accepted_texts(found)


def endings(ways: Sequence[StaffEnding]) -> tuple[tuple[str, str], ...]:
    """How it may have ended, in the words of the statistics. Who didn't go on is not said: the person, or both sides."""
    words: dict[StaffEnding, str] = {
        "completed": _("Fullföljde"),
        "dropped_out": _("Avbröt"),
        "declined": _("Gick inte vidare"),
    }
    return tuple((way, words[way]) for way in ways)


def visit_words(facts: EnrolmentFacts) -> tuple[str, str]:
    """When and where the study visit is or was, and what became of it."""
    if facts.visit is None:
        return "", ""
    words = {"booked": _("Bokat"), "attended": _("Gjort"), "missed": _("Kom inte"), "cancelled": _("Inställt av oss")}
    return f"{capital(moment_long(facts.visit.starts_at))}, {facts.visit.venue}", words[facts.visit.state]


def wish_words(facts: EnrolmentFacts) -> str:
    """Who said no after the study visit, and that the place is kept until somebody ends it; nothing when nobody did."""
    visit = facts.visit
    if visit is None or visit.state != "attended" or visit.goes_on:
        return ""
    if visit.person_goes_on is False and visit.staff_goes_on is False:
        who = _("Ingen av er vill gå vidare.")
    else:
        who = _("Personen vill inte gå vidare.") if visit.person_goes_on is False else _("Ni vill inte gå vidare.")
    rest = _(
        "Platsen är kvar tills personen lämnar den eller ni avslutar den här nedanför. Stämmer det inte, anteckna igen."
    )
    return f"{who} {rest}"


def slot_options(slots: list[Slot]) -> tuple[tuple[int, str], ...]:
    """Study visits with room, to book for somebody."""
    return tuple((s.slot_id, f"{capital(moment_long(s.starts_at))}, {s.venue}") for s in slots if s.left > 0)


@dataclass(frozen=True)
class SlotLine:
    """A study visit on offer: when, with whom, how many may still come, and who comes (address, label, state).

    `off`: it is cancelled. `removable`: nobody has booked it; `cancellable`: somebody has.
    """

    slot_id: int
    when: str
    leader: str
    venue: str
    left: int
    guests: tuple[Guest, ...]
    removable: bool
    cancellable: bool = False
    off: bool = False


def slots_done(code: str) -> str:
    """What has just been done to the study visits; empty for a code that says nothing."""
    return {
        "tid": _("Tiden är tillagd. Den går att boka på Min plats."),
        "borta": _("Tiden är borttagen. Ingen hade bokat den."),
        "installd": _("Besöket är inställt. De som hade bokat behåller sin plats och får veta det."),
        "dag": _("Sista dagen att boka är ändrad."),
    }.get(code, "")


@dataclass(frozen=True)
class SlotsPage:
    """The study visits of a cohort, and the form for one more while one can be offered (`may_add`). `waiting` lack a visit
    while no time is free."""

    cohort_id: int
    cohort_name: str
    exempt: bool
    slots: tuple[SlotLine, ...]
    past: tuple[SlotLine, ...]
    waiting: int
    book_by: str
    days: int
    leaders: tuple[tuple[str, str], ...]
    venues: tuple[tuple[int, str], ...]
    venue: int
    once: str
    form: Any
    refused: str = ""
    tabs: tuple[tuple[str, str], ...] = ()
    done: str = ""
    may_add: bool = True

    @property
    def ask_anyway(self) -> bool:
        return "anda" in self.form.errors or self.form.ticked("anda")

    @property
    def meant(self) -> str:
        """What the tick says when the question that stands beside it is meant."""
        return meant(self.form.errors["anda"]) if "anda" in self.form.errors else self.form.raw("anda")


def slot_line(slot: Offered, guests: Sequence[Guest], now: datetime) -> SlotLine:
    """One study visit of the page; one that is to come can be taken away, or cancelled once somebody has booked it."""
    when = f"{capital(day_long(local_date(slot.starts_at)))} {times(slot.starts_at, slot.ends_at)}"
    coming = slot.starts_at > now and not slot.cancelled
    removable, cancellable = coming and not slot.taken, coming and bool(slot.taken)
    return SlotLine(
        slot.slot_id, when, slot.leader or "", slot.venue, slot.left, tuple(guests), removable, cancellable, slot.cancelled
    )


def visit_state_words(state: str) -> str:
    """What became of a booked visit; nothing while it is only booked."""
    words = {"attended": _("Gjort"), "missed": _("Kom inte"), "cancelled": _("Behöver en ny tid")}
    return words.get(state, "")


def slot_refusals(found: Mapping[str, str]) -> dict[str, str]:
    """Why a study visit cannot be offered then, beside each field."""
    texts = {
        "ends_first": _("Sluttiden måste vara efter starttiden."),
        "past": _("Tiden har redan varit. Välj en tid som kommer."),
        "after_start": _("Studiebesöket måste vara före den första träffen."),
    }
    return {field: texts[code] for field, code in found.items()}


def held_already(name: str, visits: Sequence[tuple[datetime, datetime]]) -> str:
    """Why somebody cannot hold a visit then: the one that they hold."""
    when = f"{day_long(local_date(visits[0][0]))} {times(*visits[0])}"
    return _("%(name)s håller ett annat studiebesök då: %(when)s.", name=name, when=when)


def doubts_text(doubts: Sequence[Doubt], holder: str) -> str:
    """Everything that is asked before a visit is offered; nothing when nothing is."""
    return " ".join(doubted(doubt, holder) for doubt in doubts)


def meant(asked: str) -> str:
    """A tick that is good for one question only."""
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def no_such_visit() -> str:
    """What is said when a study visit is taken away that was, or that is gone already."""
    return _("Den tiden finns inte här längre. Den är redan borttagen, eller så har den varit.")


def still_booked() -> str:
    """Why a study visit stays where it is."""
    return _("Någon har bokat den tiden. Ställ in den i stället, så får alla som har bokat veta det.")


def day_has_been(last: date) -> str:
    """Why a last day to book can't be set."""
    return _("Då blir sista dagen %(day)s, och den har redan varit. Välj färre dagar.", day=day_long(last))


def age_warning(unmet: Outcome | None) -> str:
    """Why the age no longer fits since the first session moved, or nothing."""
    return age_text(unmet) if unmet else ""


def when_noted(moment: datetime | None) -> str:
    """When something was noted, or nothing."""
    return moment_long(moment) if moment else ""


def proof_words(facts: EnrolmentFacts) -> str:
    """That identity or age was shown; for who is documented also when."""
    if facts.proof_checked_at:
        return _("Kontrollerad %(when)s. Ingen kopia är sparad.", when=moment_long(facts.proof_checked_at))
    return _("Kontrollerad. Ingen kopia är sparad.") if facts.proof_ticked else ""


def asked_again(asked: Collection[str]) -> str:
    """What is to be said again for another first day, in one sentence; empty for nothing."""
    if not asked:
        return ""
    if "age" in asked:
        return _("Personen kryssade i åldern för en annan första dag. Den kan svara på Min plats, eller till er.")
    return _("Tiden i Sverige räknades till en tidigare första dag. Personen kan svara på Min plats, eller till er.")


def book_by(last: date, today: date) -> str:
    """By when the visit must be booked, for staff who may be about to say it."""
    if last < today:
        return _("Sista dagen var %(day)s. Platsen går vidare tidigast tre dagar efter att personen har fått veta det.",
                 day=day_long(last))  # fmt: skip
    return _("Ska vara bokat senast %(day)s. Personen påminns före. Finns det ingen tid att boka är platsen kvar.",
             day=day_long(last))  # fmt: skip


def proof_title(kind: str) -> str:
    """What the part about showing a document is called, by what the edition says is asked for; empty where nothing is."""
    return {"nothing": "", "identity": _("Legitimation")}.get(kind, _("Visa sin ålder"))
