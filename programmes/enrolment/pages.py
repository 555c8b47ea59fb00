"""View models of the way in: the details, the conditions, and a refusal that lists every reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from programmes.catalogue.rules import Answers, Outcome, Programme, ResidencyException
from programmes.catalogue.wording import Question, questions, refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import capital as _capital
from programmes.core.i18n import day_plain, day_year, language, language_name, ngettext, number_word
from programmes.core.i18n import gettext as _
from programmes.enrolment.head_pages import CohortHead
from programmes.enrolment.rules import NotOpen, told_by_wish
from programmes.enrolment.together.rules import MOST_SIBLINGS
from programmes.enrolment.wording import Instead, born_between, instead_of
from programmes.people.record_rules import INTERPRETED, SIGNED

__all__ = ["MOST_SIBLINGS", "born_between"]


@dataclass(frozen=True)
class AskedField:
    """A condition as a form field: what is asked, what was answered, and why the answer will not do."""

    question: Question
    value: str
    error: str
    source: str
    suffix: str = ""

    @property
    def name(self) -> str:
        return f"v_{self.question.condition}{self.suffix}"

    @property
    def seen(self) -> str:
        """The name of the hidden field that says that it was asked."""
        return f"fragad{self.suffix}"


@dataclass(frozen=True)
class Applicant:
    """One person of the form. The names of their fields end in `suffix`."""

    number: int
    suffix: str
    form: Any
    asked: tuple[AskedField, ...]


@dataclass(frozen=True)
class Reason:
    """One line of a refusal: where it links, why, and the section."""

    name: str
    sentence: str
    source: str
    unanswered: bool = False


@dataclass(frozen=True)
class LaterStart:
    """A start at which somebody who is too young for this one is old enough: its form, and its first day in words."""

    address: str
    day: str


def later_starts(found: Sequence[CohortFacts]) -> tuple[LaterStart, ...]:
    """Later starts, as one applies to them."""
    return tuple(LaterStart(f"/anmalan/{c.public_id}", day_plain(local_date(c.first_start))) for c in found if c.first_start)


@dataclass(frozen=True)
class WayIn:
    """Everything an application page shows. `step` is 0 for a one-page form, else 1 or 2.

    `again`: it has to be read and sent once more, as the first session has `moved`, as it was `sent_for_another`, or as
    it is `unsent`, the browser having forgotten the form's token, or as it did not say that a place was
    `open_already`.
    `open_already`: which place in this very cohort was taken or is open in the browser; `shown_here`: Min plats shows it.
    `proof`: what somebody may be asked to show, where nobody's identity is asked for.
    """

    head: CohortHead
    form: Any
    once: str
    step: int
    exempt: bool
    child: bool
    reasons: tuple[Reason, ...]
    action: str
    section: str
    total_steps: int = 5
    birth_date: date | None = None
    born_between: str = ""
    one_more: bool = False
    for_staff: bool = False
    later_starts: tuple[LaterStart, ...] = ()
    again: str = ""
    exceptions: tuple[tuple[str, str], ...] = ()
    instead: tuple[Instead, ...] = ()
    people: tuple[Applicant, ...] = ()
    takes_siblings: bool = False
    most_siblings: int = MOST_SIBLINGS
    languages: tuple[tuple[str, str], ...] = ()
    open_already: str = ""
    shown_here: bool = False
    by_wish: bool = False
    proof: str = ""

    @property
    def several(self) -> bool:
        return len(self.people) > 1

    @property
    def alone(self) -> bool:
        """A series of talks one to one, which is no group."""
        return self.head.form == "individual"

    @property
    def born(self) -> str:
        """What was typed as the birth date, said back."""
        if self.birth_date is None:
            return ""
        day = day_plain(self.birth_date)
        if self.for_staff:
            return _("Enligt det du skrev är personen född %(day)s.", day=day)
        return _("Du skrev att du är född %(day)s.", day=day)

    @property
    def age_counted(self) -> str:
        """On which day age counts."""
        day = day_plain(self.head.first_day)
        if self.head.first_start is None:
            return _("Åldern räknas idag, %(day)s, och en gång till den dag då det första samtalet blir.", day=day)
        if self.alone:
            return _("Åldern räknas den dag då det första samtalet är, %(day)s.", day=day)
        return _("Åldern räknas den dag gruppen börjar, %(day)s.", day=day)

    @property
    def asked(self) -> tuple[AskedField, ...]:
        """The questions to the first, and mostly the only one."""
        return self.people[0].asked

    @property
    def button(self) -> str:
        """What pressing the button does, as far as is known now."""
        if self.wrong:
            return _("Prova igen")
        if self.several:
            enough = self.head.free and self.head.seats_left >= len(self.people)
            if self.for_staff:
                return _("Ge dem platserna") if enough else _("Anmäl dem")
            return _("Ta platserna") if enough else _("Anmäl oss")
        if self.for_staff:
            return _("Ge personen platsen") if self.head.free else _("Ställ personen i kön")
        return _("Ta platsen") if self.head.free else _("Ställ mig i kön")

    @property
    def only_unanswered(self) -> bool:
        """Nothing that was answered stands in the way; something is left to answer."""
        return bool(self.reasons) and all(reason.unanswered for reason in self.reasons)

    @property
    def reasons_title(self) -> str:
        word = _capital(number_word(len(self.reasons)))
        if self.only_unanswered and self.exempt:
            return ngettext(
                "Ett villkor är inte ikryssat", "%(word)s villkor är inte ikryssade", len(self.reasons), word=word
            )
        if self.only_unanswered:
            return ngettext("En fråga saknar svar", "%(word)s frågor saknar svar", len(self.reasons), word=word)
        unmet = sum(not reason.unanswered for reason in self.reasons)
        word = _capital(number_word(unmet))
        title = ngettext("Ett villkor stämmer inte", "%(word)s villkor stämmer inte", unmet, word=word)
        missing = len(self.reasons) - unmet
        if not missing:
            return title
        word = number_word(missing)
        rest = (
            ngettext("ett är inte ikryssat", "%(word)s är inte ikryssade", missing, word=word)
            if self.exempt
            else ngettext("en fråga saknar svar", "%(word)s frågor saknar svar", missing, word=word)
        )
        return _("%(wrong)s, och %(rest)s", wrong=title, rest=rest)

    @property
    def wrong(self) -> bool:
        return bool(self.reasons or self.form.errors)


def added_later(for_staff: bool) -> str:
    """Somebody was added to a form that has been sent, and those who were on it have places or turns of their own."""
    if for_staff:
        return _(
            "De andra är redan anmälda, med egna platser eller en egen tur i kön. Ta bort krysset, så anmäls barnet som har "
            "lagts till för sig. Hör det ihop med någon som har en plats kan samordnaren ändra ordningen i kön."
        )
    return _(
        "De andra är redan anmälda, med egna platser eller en egen tur i kön. Ta bort krysset, så anmäls barnet som har "
        "lagts till för sig. Vill ni hellre vänta tillsammans? Ring oss innan ni skickar."
    )


def by_wish(programme: Programme) -> bool:
    """Whether people of a programme are sent nothing but by their explicit wish."""
    return told_by_wish(programme)


def interpreter_languages() -> tuple[tuple[str, str], ...]:
    """The languages to choose an interpreter for, by their names in the language of the page; none comes first."""
    spoken = ((code, language_name(code)) for code in INTERPRETED)
    named = sorted((*spoken, (SIGNED, _("teckenspråk"))), key=lambda one: one[1])
    return (("", _("Nej, det behövs inte")), *named)


def interpreter(code: str) -> str:
    """What the language is called that an interpreter is needed for; nothing where none is."""
    return dict(interpreter_languages()).get(code, "") if code else ""


def shown_questions(programme: Programme, municipality: str, answered: dict[str, str], on: date) -> list[Question]:
    """The conditions to ask now, of a start on a day: one that hangs on another is asked only after a yes there."""
    found = questions(programme, language(), municipality, on)
    return [q for q in found if q.asked_if is None or answered.get(q.asked_if) == "ja"]


def answers_from(
    programme: Programme,
    shown: Sequence[Question],
    answered: dict[str, str],
    birth_date: date | None,
    exception: ResidencyException | None = None,
) -> Answers:
    """What was ticked and chosen, as the rules read it. A tick that is missing is no answer."""
    given: dict[str, bool | None] = {"ja": True, "nej": False}
    kinds = {q.condition: q.kind for q in shown}
    said = {name: given.get(answered.get(name, "")) for name in kinds}
    standing = {"age", "guardian_consent", "residency"}
    return Answers(
        birth_date=birth_date if kinds.get("age") == "birth_date" else None,
        age_declared=said.get("age") if kinds.get("age") == "tick" else None,
        age_band=answered.get("age") or None if kinds.get("age") == "band" else None,
        guardian_consent=said.get("guardian_consent"),
        residency=said.get("residency"),
        declarations={name: value for name, value in said.items() if name not in standing},
        exception=exception,
    )


def exception_choices(exceptions: Sequence[ResidencyException], programme: Programme) -> tuple[tuple[str, str], ...]:
    """The exceptions from residency that this member of staff may make, to choose from."""
    words = {
        "neighbouring_agreement": _(
            "Uppdrag från en grannkommun, enligt överenskommelse (%(which)s)",
            which=programme.reading("neighbouring_agreement"),
        ),
        "protected_registration": _("Personen har skyddade uppgifter och får komma ändå"),
    }
    return tuple((one, words[one]) for one in exceptions)


def reasons_of(
    outcomes: Sequence[Outcome], programme: Programme, municipality: str, suffix: str = "", number: int = 0
) -> tuple[Reason, ...]:
    """Every unmet condition in words, with its section (promise 5); of the `number`th in the form, when it has several."""
    found = []
    for outcome in outcomes:
        refusal = refusal_text(outcome, programme, language(), municipality)
        why = _("Barn %(n)s: %(why)s", n=number, why=refusal.sentence) if number else refusal.sentence
        found.append(Reason(f"v_{outcome.condition}{suffix}", why, refusal.source, outcome.code == "unanswered"))
    return tuple(found)


def others_of(programmes: Sequence[Programme], municipality: str) -> tuple[Instead, ...]:
    """Other programmes that may fit, in words."""
    return instead_of(programmes, municipality)


def _talks_closed(code: str) -> tuple[str, str]:
    """The same of talks, once they have been open for enrolment."""
    others = _("Titta gärna på andra starter.")
    if code == "cancelled":
        return _("Samtalen är inställda"), others
    if code == "too_late":
        return _("Samtalen har redan börjat"), others
    return _("Samtalen är avslutade"), others


def fields_of(
    shown: Sequence[Question], answered: dict[str, str], reasons: Sequence[Reason], suffix: str = ""
) -> tuple[AskedField, ...]:
    """The questions as fields, each with its reason if it has one."""
    by_name = {reason.name: reason.sentence for reason in reasons}
    return tuple(
        AskedField(
            question,
            answered.get(question.condition, ""),
            by_name.get(f"v_{question.condition}{suffix}", ""),
            question.source,
            suffix,
        )
        for question in shown
    )


def closed_text(closed: NotOpen, enrol_from: date, alone: bool, called_off: bool = False) -> tuple[str, str]:
    """Title and text when one cannot enter; `alone` for talks one to one, which are no group. `called_off`: every session
    of it was cancelled, so that nothing has begun."""
    code = "cancelled" if called_off and closed.code == "too_late" else closed.code
    if closed.code == "not_yet":
        return (
            _("Anmälan har inte öppnat än"),
            _("Den öppnar %(day)s. Platserna delas ut i den ordning anmälningarna kommer.", day=day_year(enrol_from)),
        )
    if alone:
        return _talks_closed(code)
    if code == "cancelled":
        return _("Gruppen är inställd"), _("Det går inte att anmäla sig till den. Titta gärna på andra starter.")
    if code == "too_late":
        return _("Det är för sent att komma med"), _("Den här starten tar inte in fler. Titta gärna på nästa.")
    return _("Gruppen är avslutad"), _("Det går inte att anmäla sig till den. Titta gärna på andra starter.")


def proof_asked(programme: Programme) -> str:
    """What somebody may be asked to show in a programme that keeps nobody's identity; empty where nothing is asked for."""
    return programme.proof.say(language()) if programme.exempt and programme.proof_kind != "nothing" else ""
