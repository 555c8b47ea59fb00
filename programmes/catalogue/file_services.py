"""Reading an edition's data file into programmes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec

from programmes.catalogue import edition_file as file
from programmes.catalogue.edition_file import Edition
from programmes.catalogue.filling_rules import of_dimensions, unnumbered
from programmes.catalogue.number_rules import impossible, undialable
from programmes.catalogue.obeyed_rules import no_option, unknown_values
from programmes.catalogue.rules import (
    AgeBand,
    AgeFacts,
    Audience,
    Declaration,
    Form,
    Interpretation,
    Programme,
    Records,
    Step,
    Text,
    UrgentLine,
    Wording,
)
from programmes.catalogue.stated_rules import contradictions, evaluations
from programmes.catalogue.text_rules import not_the_last_revision, unreadable

EDITIONS = Path(__file__).parent / "editions"
_FORMS: dict[str, Form] = {
    "group": "group",
    "individual_series": "individual",
    "individual_talks": "individual",
    "single_occasion": "individual",
    "single_occasion_or_few": "individual",
    "drop_in": "drop_in",
    "home_service": "catalogue_only",
}
_WAYS_IN: dict[Form, tuple[str, ...]] = {
    "group": ("web",),
    "individual": ("web", "contact"),
    "drop_in": ("drop_in",),
    "catalogue_only": ("catalogue_only",),
}
# Where people come together, or nobody enrols.
_TOGETHER = frozenset({"group", "drop_in", "home_service"})
_T = TypeVar("_T")


class EditionError(Exception):
    """The data file cannot be used; the message says where and why."""


def read_edition(path: Path) -> Edition:
    """The edition in a data file.

    Raises:
        EditionError: a key is unknown or missing, something refers to what the file does not have, a number cannot be, a
            text cannot be read, or what is asked and read of a section is not what its facts state.
    """
    source = path.read_bytes()
    try:
        rows = file.decode(source)
    except msgspec.MsgspecError as problem:
        raise EditionError(f"{path.name}: {problem}") from problem
    _demand_nothing(unreadable(msgspec.to_builtins(rows)))
    _demand_nothing(f"urgent.{key}.number: {why}" for key, line in rows.urgent.items() if (why := undialable(line.number)))
    _demand_nothing(
        no_option(f"interpretation {key!r}", row.default, row.options) for key, row in rows.interpretation.items()
    )
    programmes = tuple(_Reader(rows, row).programme() for row in rows.programme)
    _demand_unique("section", (p.section for p in programmes))
    _demand_unique("slug", (p.slug for p in programmes))
    _demand_known_conditions(programmes)
    for rule in (impossible, contradictions, unnumbered):
        _demand_nothing(f"{p.section} {p.slug}: {why}" for p in programmes for why in rule(p))
    _demand_its_days(rows.edition)
    return Edition(
        valid_from=rows.edition.valid_from,
        revised_on=rows.edition.revised_on,
        diary_number=rows.edition.facts.diary_number,
        facts=msgspec.structs.asdict(rows.edition.facts),
        audiences=_audiences(rows),
        programmes=programmes,
        digest=hashlib.sha256(source).digest(),
    )


def _audiences(rows: file.EditionFile) -> tuple[Audience, ...]:
    return tuple(Audience(a.key, _text(a.label), rank) for rank, a in enumerate(rows.audience))


def _demand_unique(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise EditionError(f"{what} {value!r} stands twice")
        seen.add(value)


def _demand_known_conditions(programmes: Iterable[Programme]) -> None:
    """What is suggested instead stands in the file, and what is said of a condition is said of one that is asked."""
    sections = {p.section for p in programmes}
    for programme in programmes:
        asked = {"age", "residency", "guardian_consent", *(d.key for d in programme.declarations if d.asked)}
        for condition in [*programme.instead, *programme.help]:
            if condition not in asked:
                raise EditionError(f"{programme.section} {programme.slug}: {condition!r} is not asked")
        for others in programme.instead.values():
            for unknown in set(others) - (sections - {programme.section}):
                raise EditionError(f"{programme.section} {programme.slug}: instead has no {unknown!r}")


def _demand_its_days(edition: file.EditionRow) -> None:
    if edition.valid_from != edition.facts.valid_from:
        raise EditionError(f"valid_from is {edition.valid_from}, and among the facts {edition.facts.valid_from}")
    _demand_nothing([not_the_last_revision(edition.revised_on, edition.facts.revised, edition.facts.adopted)])


def _demand_nothing(wrong: Iterable[str]) -> None:
    lines = [why for why in wrong if why]
    if lines:
        raise EditionError("\n  ".join(lines))


def _text(row: file.TextRow) -> Text:
    return Text(row.sv, row.en)


def _maybe(row: file.TextRow | None) -> Text | None:
    return None if row is None else _text(row)


def _texts(rows: Iterable[file.TextRow]) -> tuple[Text, ...]:
    return tuple(_text(row) for row in rows)


class _Reader:
    """One programme of the file, with the shared texts it points to put in their places."""

    def __init__(self, rows: file.EditionFile, row: file.ProgrammeRow) -> None:
        self.rows, self.row, self.facts = rows, row, row.facts

    def programme(self) -> Programme:
        """The programme, checked.

        Raises:
            EditionError: it refers to what isn't there, or contradicts itself.
        """
        row, facts, form = self.row, self.facts, self._form()
        audiences = {a.key: a for a in _audiences(self.rows)}
        found = Programme(
            section=facts.section,
            slug=facts.slug,
            name=facts.name_sv,
            short_name=row.short_name,
            way_in=row.way_in,
            form=form,
            doc_level="operational" if facts.doc_level == "operational" else "individual",
            audience=tuple(self._shared(audiences, key, "audience") for key in row.audience or ("",)),
            lead=_text(row.lead),
            what=_texts(row.what),
            steps=tuple(Step(_text(s.title), _text(s.text)) for s in self._shared(self.rows.steps, row.steps, "steps")),
            records=self._records(form),
            good_to_know=_texts([*row.good_to_know, *(self._shared(self.rows.note, n, "notes") for n in row.notes)]),
            residency=self._wording(self._shared(self.rows.residency, facts.residency, "residency")),
            residency_kind=facts.residency,
            proof=_text(self._shared(self.rows.proof, facts.show_on_request, "proof")),
            proof_kind=facts.show_on_request,
            figures=tuple(figure for figure in facts.figures if self._shared(self.rows.figure, figure, "figure")),
            evaluation_dimensions=tuple(facts.evaluation_dimensions),
            facts=msgspec.to_builtins(facts),
        )
        return self._with_numbers(self._with_conditions(found))

    def _with_conditions(self, programme: Programme) -> Programme:
        return replace(
            programme,
            declarations=self._declarations(),
            interpretations=self._interpretations(),
            age_facts=self._age_facts(),
            age_wording=self._age_wording(),
            age_bands=tuple(AgeBand(b.key, b.min, b.max, _text(b.label)) for b in self.row.age_bands),
            guardian=self._wording(self.rows.guardian) if self.row.age_bands else None,
            study_visit=self.facts.study_visit == "required_before",
            accept_conditions=self.facts.accept_conditions,
            rules_commitment=self.facts.rules_commitment,
            instead=dict(self.row.instead),
            help={condition: _text(text) for condition, text in self.row.help.items()},
        )

    def _with_numbers(self, programme: Programme) -> Programme:
        row, facts = self.row, self.facts
        return replace(
            programme,
            urgent=tuple(self._urgent(key) for key in row.urgent),
            evaluation_texts=self._evaluation_texts(programme),
            form_name=_maybe(row.form_name),
            length=_maybe(row.length),
            parties=row.parties,
            sessions_min=facts.sessions_min,
            sessions_max=facts.sessions_max,
            duration_weeks=facts.duration_weeks,
            participants_min=facts.participants_min,
            participants_max=facts.participants_max,
            starts_per_year_min=facts.starts_per_year_min,
        )

    def _fail(self, why: str) -> EditionError:
        return EditionError(f"{self.facts.section} {self.facts.slug}: {why}")

    def _shared(self, table: Mapping[str, _T], key: str, what: str) -> _T:
        if key not in table:
            raise self._fail(f"{what} has no {key!r}")
        return table[key]

    def _form(self) -> Form:
        form = self._shared(_FORMS, self.facts.form, "form")
        if self.row.way_in not in _WAYS_IN[form]:
            raise self._fail(f"way_in {self.row.way_in!r} does not go with form {form!r}")
        return form

    def _wording(self, row: file.WordingRow, label: file.TextRow | None = None) -> Wording:
        name = label or row.label
        if name is None:
            raise self._fail("a wording has no label")
        return Wording(_text(name), _text(row.question), _text(row.statement), _text(row.public), _text(row.unmet))

    def _urgent(self, key: str) -> UrgentLine:
        row = self._shared(self.rows.urgent, key, "urgent")
        return UrgentLine(_text(row.name), row.number, _maybe(row.note))

    def _records(self, form: Form) -> Records:
        """Operational level keeps only the figures of the section; individual level names and attendance (chapter 1)."""
        every, facts = self.rows.records, self.facts
        if facts.doc_level == "operational":
            base = every.open_house if form == "drop_in" else every.operational
            kept = [self._shared(self.rows.figure, f, "figure") for f in facts.figures]
            not_kept = [*base.not_kept] + ([] if "participant_count" in facts.figures else [every.extra.no_head_count])
        else:
            base = {"group": every.group, "individual": every.talks}.get(form, every.home)
            kept = [*base.kept] + ([every.extra.study_visit] if facts.study_visit == "required_before" else [])
            not_kept = [*base.not_kept]
        return Records(_texts(kept), _texts(not_kept), _maybe(base.kept_for_now), _maybe(base.retention))

    def _age_facts(self) -> AgeFacts | None:
        facts = self.facts
        if facts.age_subject is None:
            return None
        return AgeFacts(
            facts.age_subject,
            facts.quote_age or "",
            facts.age_min,
            facts.age_max,
            facts.age_min_inclusive,
            facts.age_max_inclusive,
        )

    def _age_wording(self) -> Wording | None:
        age = self.row.age
        if (age is None) != (self.facts.age_subject is None):
            raise self._fail("an age needs its wording, and a wording its age")
        return None if age is None else self._wording(self._shared(self.rows.age, age.wording, "age"), age.label)

    def _evaluation_texts(self, programme: Programme) -> dict[str, Text]:
        for reading in evaluations(programme) - {"off"}:
            self._shared(self.rows.evaluation, reading, "evaluation")
        names = [self._shared(self.rows.dimension, d, "dimension") for d in self.facts.evaluation_dimensions]
        sv = of_dimensions(_listed([n.sv for n in names], "och") or "hur det var")
        en = of_dimensions(_listed([n.en for n in names], "and") or "how it was")
        return {key: Text(_text(row).say("sv", sv), _text(row).say("en", en)) for key, row in self.rows.evaluation.items()}

    def _declarations(self) -> tuple[Declaration, ...]:
        found: list[Declaration] = []
        for given in self.row.declarations:
            row = self._shared(self.rows.declaration, given.use, "declaration") if given.use else given
            found.append(self._declaration(row, given.use or given.key, {d.key for d in found if d.kind == "fork"}))
        _demand_unique(f"{self.facts.section}: declaration", (d.key for d in found))
        return tuple(found)

    def _declaration(self, row: file.DeclarationRow, key: str, forks: set[str]) -> Declaration:
        asked_whole = row.question and row.statement and (row.kind == "fork" or (row.unmet and row.public))
        if not key or not row.fact or row.label is None:
            raise self._fail(f"declaration {key!r} needs key, fact and label")
        if not (asked_whole if row.asked else row.why_not_asked):
            raise self._fail(f"declaration {key!r} needs its texts, or the reason why it is not asked")
        if row.asked_if is not None and row.asked_if not in forks:
            raise self._fail(f"declaration {key!r} is asked if {row.asked_if!r}, which is no fork before it")
        of_the_day = {text is not None for text in (row.question_on, row.statement_on, row.unmet_on)}
        if of_the_day != {row.within_years is not None}:
            raise self._fail(f"declaration {key!r} needs its texts of the day, and years only with them")
        return Declaration(
            key=key,
            fact=row.fact,
            label=_text(row.label),
            kind=row.kind,
            asked=row.asked,
            asked_if=row.asked_if,
            why_not_asked=_maybe(row.why_not_asked),
            question=_maybe(row.question),
            statement=_maybe(row.statement),
            public=_maybe(row.public),
            unmet=_maybe(row.unmet),
            within_years=row.within_years,
            question_on=_maybe(row.question_on),
            statement_on=_maybe(row.statement_on),
            unmet_on=_maybe(row.unmet_on),
        )

    def _interpretations(self) -> tuple[Interpretation, ...]:
        found = tuple(self._interpretation(given) for given in self.row.interpretations)
        _demand_unique(f"{self.facts.section}: interpretation", (i.key for i in found))
        settled = {n for i in found for n in i.settles}
        if settled != set(range(len(self.facts.ambiguities))):
            raise self._fail(f"ambiguities settled: {sorted(settled)} of {len(self.facts.ambiguities)}")
        return found

    def _interpretation(self, given: file.ReadingRow) -> Interpretation:
        row = self._shared(self.rows.interpretation, given.use, "interpretation")
        value = row.default if given.value is None else given.value
        options = row.options if given.options is None else given.options
        alone = row.reason_alone if self.facts.form not in _TOGETHER else None
        read = Interpretation(
            key=given.use,
            value=value,
            default=value,
            label=_text(row.label),
            reason=_text(given.reason or alone or row.reason),
            section=self.facts.section,
            options=options,
            told=_maybe(row.told),
            settles=given.settles,
            answers=_texts(row.answers),
        )
        if row.answers and len(row.answers) != len(options):
            raise self._fail(f"interpretation {given.use!r} has {len(row.answers)} answers to {len(options)} options")
        if wrong := no_option(f"interpretation {given.use!r}", value, options):
            raise self._fail(wrong)
        for unknown in unknown_values(read):
            raise self._fail(f"interpretation {given.use!r} is {unknown!r}, which no rule of this release follows")
        return read


def _listed(parts: list[str], last: str) -> str:
    return f" {last} ".join(p for p in (", ".join(parts[:-1]), *parts[-1:]) if p)
