"""What the catalogue says in words: conditions, questions, refusals and the short facts of a programme.

Whatever the law part of an edition says comes from its own texts; the rest from the message catalogues.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from programmes.catalogue.condition_rules import earliest_within
from programmes.catalogue.filling_rules import of_days, of_section
from programmes.catalogue.refusal_rules import FOUND, PROOF
from programmes.catalogue.rules import OUTSIDE_BANDS, Declaration, Lang, Outcome, Programme, Text, Wording
from programmes.core.i18n import day_plain, ngettext, speaking
from programmes.core.i18n import gettext as _

Kind = Literal["birth_date", "tick", "band", "yes_no"]
_AGE_READINGS = ("lower_age_included", "adult_included", "upper_age_included", "range_end_included")
_RESIDENCY_READINGS = ("protected_registration",)


@dataclass(frozen=True)
class Refusal:
    """Why a condition isn't met, and where it stands: `Riktlinjen 2.8, folkbokförd`."""

    sentence: str
    source: str


@dataclass(frozen=True)
class Question:
    """One condition as it is asked. `options` belong to a band of ages: value and label.

    For a tick show `statement`, otherwise `question`. With `asked_if` it is asked only after yes to that condition.
    """

    condition: str
    kind: Kind
    question: str
    statement: str
    source: str
    options: tuple[tuple[str, str], ...] = ()
    asked_if: str | None = None
    help: str = ""


@dataclass(frozen=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True)
class Words:
    """An edition's texts in one language, with what their words in braces stand for. `on`: the first session's day, where
    it is known, for what counts to that."""

    programme: Programme
    lang: Lang
    municipality: str
    on: date | None = None

    def say(self, text: Text) -> str:
        return text.say(self.lang, self._values)

    def told(self, keys: tuple[str, ...]) -> str:
        """What the public is told of how an unclear point is read."""
        found = [i.told for i in self.programme.interpretations if i.key in keys and i.told is not None]
        return " ".join(self.say(text) for text in found)

    def wording(self, condition: str) -> Wording | Declaration:
        """How a condition is put. Raises ValueError when the programme does not ask it."""
        programme = self.programme
        standing = {"age": programme.age_wording, "guardian_consent": programme.guardian, "residency": programme.residency}
        found = standing.get(condition) or next((d for d in programme.declarations if d.key == condition), None)
        if found is None:
            raise ValueError(f"{programme.section} does not ask {condition}")
        return found

    def of_the_day(self, asked: Wording | Declaration, part: Literal["question", "statement", "unmet"]) -> str:
        """A text that names the days to which it counts; empty where none does, or no day is known."""
        if self.on is None or not isinstance(asked, Declaration) or asked.within_years is None:
            return ""
        text = {"question": asked.question_on, "statement": asked.statement_on, "unmet": asked.unmet_on}[part]
        values = of_days(day_plain(self.on), day_plain(earliest_within(asked.within_years, self.on)))
        return text.say(self.lang, values) if text else ""

    def help(self, condition: str) -> str:
        """What a condition means, in plainer words; mostly nothing."""
        found = self.programme.help.get(condition)
        return self.say(found) if found else ""

    def source(self, condition: str) -> str:
        """Where a condition stands, and how we read it where it is unclear."""
        if condition == PROOF:
            label = _("legitimation") if self.programme.proof_kind == "identity" else _("att visa sin ålder")
            return _("Riktlinjen %(section)s, %(label)s", section=self.programme.section, label=label)
        values = {"section": self.programme.section, "label": self.say(self.wording(condition).label)}
        if condition == "guardian_consent" and not self.programme.facts.get("consent"):
            return _("Vår läsning av riktlinjen %(section)s, %(label)s", **values)
        source = _("Riktlinjen %(section)s, %(label)s", **values)
        told = self.told(_AGE_READINGS) if condition == "age" else ""
        return f"{source}. {told}" if told else source

    @property
    def _values(self) -> Mapping[str, object]:
        return of_section(self.programme, self.municipality)


def refusal_text(outcome: Outcome, programme: Programme, lang: Lang, municipality: str) -> Refusal:
    """One sentence that says why, and its source (DESIGN 2, promise 5).

    Raises:
        ValueError: the condition is met, or the programme has no such condition.
    """
    if outcome.met:
        raise ValueError(f"{outcome.condition} is met")
    on = outcome.params.get("on")
    words = Words(programme, lang, municipality, on if isinstance(on, date) else None)
    with speaking(lang):
        said = _not_shown(programme.proof_kind) if outcome.condition == PROOF else _sentence(outcome, words)
        return Refusal(said, words.source(outcome.condition))


def _sentence(outcome: Outcome, words: Words) -> str:
    asked = words.wording(outcome.condition)
    special = _unanswered(outcome, words, asked) if outcome.code == "unanswered" else _of_the_day(outcome, words)
    if special:
        return special
    if outcome.code == FOUND and _said_by_oneself(outcome.condition, words.programme):
        return _("Det här stämmer inte: %(condition)s", condition=words.say(asked.public or asked.statement or asked.label))
    if asked.unmet is None:
        raise ValueError(f"{outcome.condition} is never refused")
    return words.of_the_day(asked, "unmet") or words.say(asked.unmet)


def _unanswered(outcome: Outcome, words: Words, asked: Wording | Declaration) -> str:
    if outcome.condition == "age" and words.programme.age_asked == "birth_date":
        return _("Du har inte skrivit när du är född.")
    if _ticked(outcome.condition, words.programme) and asked.statement is not None:
        return _("Inte ikryssat: %(statement)s", statement=words.say(asked.statement))
    question = words.of_the_day(asked, "question") or (words.say(asked.question) if asked.question else "")
    return _("Du har inte svarat på frågan: %(question)s", question=question) if question else ""


def _of_the_day(outcome: Outcome, words: Words) -> str:
    """Of somebody who is too young on the first day, when they will be old enough."""
    turns_on, first = outcome.params.get("turns_on"), outcome.params.get("on")
    if not isinstance(turns_on, date) or not isinstance(first, date):
        return ""
    values = {"years": outcome.params["youngest"], "day": day_plain(turns_on), "first": day_plain(first)}
    if words.programme.form == "group":
        return _("Du fyller %(years)s år den %(day)s, och gruppen börjar den %(first)s.", **values)
    return _("Du fyller %(years)s år den %(day)s, och det första samtalet är den %(first)s.", **values)


def _said_by_oneself(condition: str, programme: Programme) -> bool:
    """Whether the refusal of the way in quotes the person's own answer, which staff who find it unmet cannot."""
    if condition == "age":
        return programme.age_asked == "declared"
    return condition in {d.key for d in programme.declarations}


def _not_shown(kind: str) -> str:
    if kind == "identity":
        return _("Du har inte visat legitimation när vi bad om det.")
    if kind == "age_or_guardian_confirmation":
        return _("Du har inte visat hur gammal du är när vi bad om det, och ingen vårdnadshavare har bekräftat din ålder.")
    return _("Du har inte visat hur gammal du är när vi bad om det.")


def _ticked(condition: str, programme: Programme) -> bool:
    """Whether a condition is a box to tick rather than a question to answer."""
    return programme.exempt and not (condition == "age" and programme.age_asked == "band")


def conditions(programme: Programme, lang: Lang, municipality: str) -> list[str]:
    """Everything that has to be right, as one line each, also what nobody is asked about."""
    words = Words(programme, lang, municipality)
    found = [(programme.residency.public, words.told(_RESIDENCY_READINGS))]
    if programme.guardian is not None:
        found.insert(0, (programme.guardian.public, ""))
    if programme.age_wording is not None:
        found.insert(0, (programme.age_wording.public, ""))
    found.extend((d.public, "") for d in programme.declarations if d.public is not None)
    return [f"{words.say(text)} {told}".strip() for text, told in found]


def questions(programme: Programme, lang: Lang, municipality: str, on: date | None = None) -> list[Question]:
    """The conditions in the order they are asked, of a start with its first session on a day. `check` gives an outcome for
    each of them under the same name."""
    words = Words(programme, lang, municipality, on)
    kind: Kind = "tick" if programme.exempt else "yes_no"
    with speaking(lang):
        found = _age_questions(words)
        found.append(_question(words, "residency", kind))
        found.extend(_question(words, d.key, kind) for d in programme.declarations if d.asked)
    return found


def _age_questions(words: Words) -> list[Question]:
    if words.programme.age_asked == "none":
        return []
    if words.programme.age_asked == "birth_date":
        return [_question(words, "age", "birth_date")]
    if words.programme.age_asked == "declared":
        return [_question(words, "age", "tick")]
    options = [(band.key, words.say(band.label)) for band in words.programme.age_bands]
    options.append((OUTSIDE_BANDS, _("En annan ålder")))
    return [_question(words, "age", "band", tuple(options)), _question(words, "guardian_consent", "tick")]


def _question(words: Words, condition: str, kind: Kind, options: tuple[tuple[str, str], ...] = ()) -> Question:
    asked = words.wording(condition)
    if asked.question is None or asked.statement is None:
        raise ValueError(f"{words.programme.section} does not ask {condition}")
    return Question(
        condition=condition,
        kind=kind,
        question=words.of_the_day(asked, "question") or words.say(asked.question),
        statement=words.of_the_day(asked, "statement") or words.say(asked.statement),
        source=words.source(condition),
        options=options,
        asked_if=asked.asked_if if isinstance(asked, Declaration) else None,
        help=words.help(condition),
    )


def form_text(programme: Programme, lang: Lang) -> str:
    """`5–8 personer i grupp`, `Enskilda samtal`: always shown beside the name (2.7 and 2.18 are named alike)."""
    if programme.form_name is not None:
        return programme.form_name.say(lang)
    if programme.form == "individual":
        return _("Enskilda samtal")
    if programme.form == "drop_in":
        return _("Öppet hus")
    if programme.participants_max is None:
        return _("Grupp")
    return _("%(least)s–%(most)s personer i grupp", least=programme.participants_min, most=programme.participants_max)


def length_text(programme: Programme, lang: Lang) -> str:
    """`10 träffar, 10 veckor`; where the guideline gives none, who decides it."""
    least, most = programme.sessions_min, programme.sessions_max
    if programme.length is not None:
        return programme.length.say(lang)
    if least is None or most is None:
        return _("Bestäms för varje grupp") if programme.form == "group" else _("Det kommer vi överens om")
    if programme.form != "group":
        if least != most:
            return _("%(least)s–%(most)s samtal", least=least, most=most)
        return ngettext("%(n)s samtal", "%(n)s samtal", most)
    sessions = ngettext("%(n)s träff", "%(n)s träffar", most)
    if programme.duration_weeks is None:
        return sessions
    weeks = ngettext("%(n)s vecka", "%(n)s veckor", programme.duration_weeks)
    return f"{sessions}, {weeks}"


def tag_text(programme: Programme, lang: Lang) -> str:
    """Form and length in one tag: `4 träffar i grupp`, `20 enskilda samtal`."""
    most = programme.sessions_max
    if programme.form == "group" and most is not None:
        return ngettext("%(n)s träff i grupp", "%(n)s träffar i grupp", most)
    if programme.form == "individual" and programme.form_name is None and most is not None:
        if programme.sessions_min != most:
            return _("%(least)s–%(most)s enskilda samtal", least=programme.sessions_min, most=most)
        return ngettext("%(n)s enskilt samtal", "%(n)s enskilda samtal", most)
    return _("Grupp") if programme.form == "group" else form_text(programme, lang)


def recorded_text(programme: Programme) -> str:
    """The shortest true answer to what is recorded."""
    if programme.form == "catalogue_only":
        return _("Ditt namn, hos hemtjänsten")
    if not programme.exempt:
        return _("Namn och närvaro")
    if "participant_count" in programme.figures:
        return _("Bara antal och kön")
    return _("Inget om vem du är")


def key_facts(programme: Programme, lang: Lang) -> list[Fact]:
    """Form, length, what comes before, what is recorded."""
    facts = [Fact(_("Form"), form_text(programme, lang)), Fact(_("Längd"), length_text(programme, lang))]
    if programme.form in ("drop_in", "catalogue_only"):
        facts[1] = Fact(_("När och var") if programme.form == "drop_in" else _("Hur ofta"), facts[1].value)
    if programme.study_visit:
        facts.append(Fact(_("Innan du börjar"), _("Ett studiebesök")))
    facts.append(Fact(_("Antecknas"), recorded_text(programme)))
    return facts


def evaluation_text(programme: Programme, lang: Lang) -> str:
    """What is said about evaluation, or nothing where there is none (DESIGN 7)."""
    found = programme.evaluation_texts.get(programme.evaluation)
    return found.say(lang) if found else ""
