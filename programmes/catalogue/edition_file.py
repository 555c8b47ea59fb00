"""The shape of an edition's data file. Unknown keys are errors, so that a slip of the pen is never silently lost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from programmes.catalogue.rules import Audience, Programme, Value, WayIn

# What the software can count and what it knows of whose age it is; a word beside these would be obeyed by no rule.
Figure = Literal[
    "participant_count", "sex", "open_occasions", "form_of_intervention", "number_of_talks", "how_intervention_ended",
    "evaluation",
]  # fmt: skip
AgeSubject = Literal["participant", "child", "youth", "offender"]


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """A table of the file."""


class TextRow(_Row):
    sv: str
    en: str


class WordingRow(_Row):
    question: TextRow
    statement: TextRow
    public: TextRow
    unmet: TextRow
    label: TextRow | None = None


class DeclarationRow(_Row):
    use: str = ""
    key: str = ""
    fact: str = ""
    kind: Literal["requirement", "fork"] = "requirement"
    asked: bool = True
    asked_if: str | None = None
    label: TextRow | None = None
    why_not_asked: TextRow | None = None
    question: TextRow | None = None
    statement: TextRow | None = None
    public: TextRow | None = None
    unmet: TextRow | None = None
    within_years: int | None = None
    question_on: TextRow | None = None
    statement_on: TextRow | None = None
    unmet_on: TextRow | None = None


class InterpretationRow(_Row):
    """A reading as several sections share it; `reason_alone` is the reason where people come one by one."""

    default: Value
    label: TextRow
    reason: TextRow
    reason_alone: TextRow | None = None
    options: tuple[Value, ...] = ()
    answers: tuple[TextRow, ...] = ()
    told: TextRow | None = None


class ReadingRow(_Row):
    """A programme's use of an interpretation, with its own value or reason where it differs from the shared one."""

    use: str
    value: Value | None = None
    options: tuple[Value, ...] | None = None
    reason: TextRow | None = None
    settles: tuple[int, ...] = ()


class AgeRow(_Row):
    wording: str
    label: TextRow


class BandRow(_Row):
    key: str
    min: int
    max: int
    label: TextRow


class StepRow(_Row):
    title: TextRow
    text: TextRow


class UrgentRow(_Row):
    name: TextRow
    number: str
    note: TextRow | None = None


class RecordsRow(_Row):
    kept: tuple[TextRow, ...]
    not_kept: tuple[TextRow, ...]
    kept_for_now: TextRow | None = None
    retention: TextRow | None = None


class ExtraRecordsRow(_Row):
    study_visit: TextRow
    no_head_count: TextRow


class AllRecordsRow(_Row):
    operational: RecordsRow
    open_house: RecordsRow
    group: RecordsRow
    talks: RecordsRow
    home: RecordsRow
    extra: ExtraRecordsRow


class AudienceRow(_Row):
    key: str
    label: TextRow


class GuidelineFacts(_Row):
    diary_number: str
    decided_by_sv: str
    adopted: str
    valid_from: date
    revised: list[str]
    municipality_sv: str
    doc_main_rule: str
    doc_exemptions: list[str]


class Facts(_Row, omit_defaults=True):
    """What the guideline says of one programme. A missing key is not stated there."""

    section: str
    slug: str
    name_sv: str
    form: str
    target_group: str
    show_on_request: str
    condition_own_wish: bool
    condition_no_more_extensive_need: bool
    doc_level: Literal["operational", "individual_main_rule"]
    figures: list[Figure]
    doc_basis: str
    evaluation: Literal["required", "offered", "none"]
    evaluation_dimensions: list[str]
    child_impact: str
    reporting_duty: str
    ambiguities: list[str]
    study_visit: Literal["none", "required_before"]
    accept_conditions: bool
    rules_commitment: bool
    residency: str
    quote_residency: str
    other_conditions: list[str]
    exclusions: list[str]
    consent: list[str]
    name_variants: list[str]
    form_detail: str | None = None
    frequency: str | None = None
    sessions_min: int | None = None
    sessions_max: int | None = None
    duration_weeks: int | None = None
    participants_min: int | None = None
    participants_max: int | None = None
    starts_per_year_min: int | None = None
    age_subject: AgeSubject | None = None
    age_min: int | None = None
    age_max: int | None = None
    age_min_inclusive: Literal["yes", "no", "ambiguous"] | None = None
    age_max_inclusive: Literal["yes", "no", "ambiguous"] | None = None
    quote_age: str | None = None
    quote_consent: str | None = None
    quote_evaluation: str | None = None


class ProgrammeRow(_Row):
    facts: Facts
    way_in: WayIn
    audience: tuple[str, ...]
    short_name: str
    lead: TextRow
    what: tuple[TextRow, ...]
    good_to_know: tuple[TextRow, ...]
    notes: tuple[str, ...]
    steps: str
    interpretations: tuple[ReadingRow, ...]
    declarations: tuple[DeclarationRow, ...] = ()
    age: AgeRow | None = None
    age_bands: tuple[BandRow, ...] = ()
    urgent: tuple[str, ...] = ()
    form_name: TextRow | None = None
    length: TextRow | None = None
    parties: int = 1
    instead: dict[str, tuple[str, ...]] = {}
    help: dict[str, TextRow] = {}


class EditionRow(_Row):
    valid_from: date
    revised_on: date
    facts: GuidelineFacts


class EditionFile(_Row):
    """The whole file: the edition, the texts that programmes share, and the programmes."""

    edition: EditionRow
    audience: tuple[AudienceRow, ...]
    residency: dict[str, WordingRow]
    age: dict[str, WordingRow]
    guardian: WordingRow
    proof: dict[str, TextRow]
    figure: dict[str, TextRow]
    records: AllRecordsRow
    evaluation: dict[str, TextRow]
    dimension: dict[str, TextRow]
    note: dict[str, TextRow]
    urgent: dict[str, UrgentRow]
    steps: dict[str, tuple[StepRow, ...]]
    declaration: dict[str, DeclarationRow]
    interpretation: dict[str, InterpretationRow]
    programme: tuple[ProgrammeRow, ...]


# What comes of it, once `services.read_edition` has put shared texts in their places.


@dataclass(frozen=True)
class Edition:
    """The guideline as it stood from a day on. Never edited after use; a cohort keeps the one it was opened under."""

    valid_from: date
    revised_on: date
    diary_number: str
    facts: Mapping[str, object]
    audiences: tuple[Audience, ...]
    programmes: tuple[Programme, ...]
    digest: bytes

    def programme(self, slug: str) -> Programme:
        """The programme of that slug.

        Raises:
            KeyError: the edition has none.
        """
        for programme in self.programmes:
            if programme.slug == slug:
                return programme
        raise KeyError(slug)


def decode(source: bytes) -> EditionFile:
    """The file as rows.

    Raises:
        msgspec.ValidationError: a key is unknown, missing or of the wrong kind; the message says where, of a programme by
            its section.
        msgspec.DecodeError: the file is not TOML.
    """
    raw: Any = msgspec.toml.decode(source)
    try:
        return msgspec.convert(raw, type=EditionFile, strict=True)
    except msgspec.ValidationError as problem:
        raise msgspec.ValidationError(_with_section(str(problem), raw)) from problem


# `Invalid enum value 'x' - at `$.programme[3].facts.figures[0]``
_PLACE = re.compile(r"(?P<why>.*) - at `\$\.programme\[(?P<n>\d+)\]\.?(?P<field>.*)`", re.DOTALL)


def _with_section(problem: str, raw: Any) -> str:
    """The same by the section, which whoever wrote the file knows, instead of by how many stand before it."""
    found = _PLACE.fullmatch(problem)
    if found is None:
        return problem
    facts = raw["programme"][int(found["n"])].get("facts", {})
    section = facts.get("section", "?") if isinstance(facts, dict) else "?"
    return f"{section}: {found['field'] or 'programme'}: {found['why']}"
