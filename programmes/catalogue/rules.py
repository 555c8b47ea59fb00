"""What a programme is, what it asks of a person, and whether the answers meet it. Nothing here reads or writes anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

Lang = Literal["sv", "en"]
Value = bool | int | str
FactValue = bool | int | str | list[str]
WayIn = Literal["web", "contact", "drop_in", "catalogue_only"]
Form = Literal["group", "individual", "drop_in", "catalogue_only"]
DocLevel = Literal["operational", "individual"]
Inclusive = Literal["yes", "no", "ambiguous"]
AgeAsked = Literal["none", "birth_date", "declared", "band"]

OUTSIDE_BANDS = "outside"
_LOWER_READINGS = ("lower_age_included", "adult_included")
_UPPER_READINGS = ("upper_age_included", "range_end_included")
# From the condition on residency: an assignment from a neighbouring municipality by agreement (2.5), and somebody with
# protected registration, who may be registered elsewhere (2.2). Solved in a conversation, never on the web.
ResidencyException = Literal["neighbouring_agreement", "protected_registration"]


@dataclass(frozen=True)
class Text:
    """A text of the edition itself, in both languages; words in braces are filled in when shown."""

    sv: str
    en: str

    def say(self, lang: Lang, values: Mapping[str, object] | None = None) -> str:
        text = self.en if lang == "en" else self.sv
        for name, value in (values or {}).items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


@dataclass(frozen=True)
class Wording:
    """One condition in words: how it is asked, ticked, listed for everyone, and refused."""

    label: Text
    question: Text
    statement: Text
    public: Text
    unmet: Text


@dataclass(frozen=True)
class Declaration:
    """What a person says about themselves and nobody assesses. A `fork` only decides whether another is asked.

    `within_years`: it was at most so many years before the first session (2.19); the texts that end in `_on` name the days.
    """

    key: str
    fact: str
    label: Text
    kind: Literal["requirement", "fork"] = "requirement"
    asked: bool = True
    asked_if: str | None = None
    why_not_asked: Text | None = None
    question: Text | None = None
    statement: Text | None = None
    public: Text | None = None
    unmet: Text | None = None
    within_years: int | None = None
    question_on: Text | None = None
    statement_on: Text | None = None
    unmet_on: Text | None = None


@dataclass(frozen=True)
class Interpretation:
    """How an unclear point is read (DESIGN 3): the file's default, or what the office chose instead. `answers` are the
    options in words, where the words for their values do not answer the question."""

    key: str
    value: Value
    default: Value
    label: Text
    reason: Text
    section: str
    options: tuple[Value, ...] = ()
    told: Text | None = None
    settles: tuple[int, ...] = ()
    answers: tuple[Text, ...] = ()

    @property
    def changed(self) -> bool:
        return self.value != self.default

    @property
    def changeable(self) -> bool:
        """A choice among several, or a reference to be filled in. The rest is built into the rules."""
        return len(self.options) > 1 or self.default == ""

    def allows(self, value: Value) -> bool:
        if self.default == "":
            return isinstance(value, str)
        return any(value == option and type(value) is type(option) for option in self.options)


@dataclass(frozen=True)
class AgeFacts:
    """The age as the section states it; `ambiguous` ends are settled by an interpretation."""

    subject: str
    quote: str
    minimum: int | None = None
    maximum: int | None = None
    minimum_inclusive: Inclusive | None = None
    maximum_inclusive: Inclusive | None = None


@dataclass(frozen=True)
class AgeLimit:
    """Whole years, both ends included, on the day of the first session."""

    subject: str
    youngest: int | None
    oldest: int | None

    def holds(self, age: int) -> bool:
        return (self.youngest is None or age >= self.youngest) and (self.oldest is None or age <= self.oldest)


@dataclass(frozen=True)
class AgeBand:
    """A span that a child ticks instead of giving a birth date."""

    key: str
    min: int
    max: int
    label: Text


@dataclass(frozen=True)
class Audience:
    """Whom a programme is for, as the public list is filtered. `rank` is the order of the chips."""

    key: str
    label: Text
    rank: int


@dataclass(frozen=True)
class Step:
    title: Text
    text: Text


@dataclass(frozen=True)
class UrgentLine:
    """A telephone number that stands above everything else on the page."""

    name: Text
    number: str
    note: Text | None = None


@dataclass(frozen=True)
class Records:
    """What is kept about a person and what is not, and for how long (chapter 1, and the section's own Dokumentation)."""

    kept: tuple[Text, ...]
    not_kept: tuple[Text, ...]
    kept_for_now: Text | None = None
    retention: Text | None = None


@dataclass(frozen=True)
class Programme:
    """One section of an edition. `facts` is what the guideline says; the rest is how we put it and read it.

    `parties`: how many come to the same talks, each with an application of their own (2.13: the victim and the offender).
    `instead` are, by condition, the sections that may fit somebody who does not meet it; `help` what it means.
    """

    section: str
    slug: str
    name: str
    short_name: str
    way_in: WayIn
    form: Form
    doc_level: DocLevel
    audience: tuple[Audience, ...]
    lead: Text
    what: tuple[Text, ...]
    steps: tuple[Step, ...]
    records: Records
    good_to_know: tuple[Text, ...]
    residency: Wording
    residency_kind: str
    proof: Text
    proof_kind: str
    figures: tuple[str, ...]
    evaluation_dimensions: tuple[str, ...]
    facts: Mapping[str, FactValue]
    declarations: tuple[Declaration, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()
    age_facts: AgeFacts | None = None
    age_wording: Wording | None = None
    age_bands: tuple[AgeBand, ...] = ()
    guardian: Wording | None = None
    urgent: tuple[UrgentLine, ...] = ()
    evaluation_texts: Mapping[str, Text] = field(default_factory=dict)
    form_name: Text | None = None
    length: Text | None = None
    sessions_min: int | None = None
    sessions_max: int | None = None
    duration_weeks: int | None = None
    participants_min: int | None = None
    participants_max: int | None = None
    starts_per_year_min: int | None = None
    parties: int = 1
    study_visit: bool = False
    accept_conditions: bool = False
    rules_commitment: bool = False
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    help: Mapping[str, Text] = field(default_factory=dict)

    @property
    def exempt(self) -> bool:
        """Documented at operational level: nothing that names a person may be kept (DESIGN 2, promise 2)."""
        return self.doc_level == "operational"

    @property
    def people_counted(self) -> bool:
        """Whether people may be counted: where nobody is named, only if their number is among the section's figures."""
        return not self.exempt or "participant_count" in self.figures

    @property
    def sessions_default(self) -> int | None:
        """The number that a new cohort starts from; of a span (2.3: five to ten) the smaller, more can be added."""
        return self.sessions_min

    @property
    def evaluation(self) -> str:
        """`required`, `offered`, `default_on` or `off` (DESIGN 7)."""
        return str(self.reading("evaluation", "off"))

    @property
    def guardian_consent_under(self) -> int | None:
        value = self.reading("guardian_consent_under")
        return value if isinstance(value, int) else None

    @property
    def age(self) -> AgeLimit | None:
        """The stated age with its ambiguous ends read as interpreted; 0 is no limit (2.9)."""
        stated = self.age_facts
        if stated is None:
            return None
        youngest, oldest = stated.minimum or None, stated.maximum
        if youngest is not None and not self._included(stated.minimum_inclusive, _LOWER_READINGS):
            youngest += 1
        if oldest is not None and not self._included(stated.maximum_inclusive, _UPPER_READINGS):
            oldest -= 1
        return AgeLimit(stated.subject, youngest, oldest)

    @property
    def age_asked(self) -> AgeAsked:
        """Exempt programmes only tick: a birth date is never asked for there (DESIGN 2)."""
        if self.age_facts is None:
            return "none"
        if self.age_bands:
            return "band"
        return "declared" if self.exempt else "birth_date"

    @property
    def residency_exceptions(self) -> tuple[ResidencyException, ...]:
        """The exceptions from the condition on residency that the office may make here, as the section is read."""
        found: list[ResidencyException] = []
        if self.reading("neighbouring_municipality") == "with_agreement" and self.reading("neighbouring_agreement"):
            found.append("neighbouring_agreement")
        if self.reading("protected_registration") == "by_contact":
            found.append("protected_registration")
        return tuple(found)

    @property
    def counted_to_first_day(self) -> frozenset[str]:
        """What a person declares whose years count to the first session, which may move (2.19)."""
        return frozenset(d.key for d in self.declarations if d.within_years is not None)

    @property
    def numbers(self) -> Mapping[str, object]:
        """What the numbers in braces of a text stand for, as the section is read; empty where there is none."""
        age = self.age
        oldest = age.oldest if age else None
        return {
            "youngest": "" if age is None or age.youngest is None else age.youngest,
            "oldest": "" if oldest is None else oldest,
            "under": "" if oldest is None else oldest + 1,
            "guardian_under": self.guardian_consent_under or "",
        }

    def reading(self, key: str, missing: Value = False) -> Value:
        return next((i.value for i in self.interpretations if i.key == key), missing)

    def reread(self, chosen: Mapping[str, Value]) -> "Programme":
        """The programme as the office reads it. A choice that the software does not obey is left out."""
        read = tuple(
            replace(i, value=chosen[i.key]) if i.key in chosen and i.allows(chosen[i.key]) else i
            for i in self.interpretations
        )
        return replace(self, interpretations=read)

    def _included(self, stated: Inclusive | None, readings: tuple[str, ...]) -> bool:
        if stated != "ambiguous":
            return stated != "no"
        return any(self.reading(key) is True for key in readings)


@dataclass(frozen=True)
class Answers:
    """What a person answered. None is not answered, which meets nothing. An `exception` is the office's to make."""

    birth_date: date | None = None
    age_declared: bool | None = None
    age_band: str | None = None
    guardian_consent: bool | None = None
    residency: bool | None = None
    declarations: Mapping[str, bool | None] = field(default_factory=dict)
    exception: ResidencyException | None = None


@dataclass(frozen=True)
class Outcome:
    """One condition, met or not, with the section it stands in and what the sentence about it needs."""

    condition: str
    met: bool
    section: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
