"""View models of conditions and rules in their versions, and of who a new one concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from programmes.catalogue.rules import Programme
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import AgreementText, asked_texts
from programmes.enrolment.texts.agreement_rules import NewText, WhyNotAdd, last_of, newest
from programmes.enrolment.wording import title_of


@dataclass(frozen=True)
class Version:
    """One version, in both its languages."""

    text_id: int
    title: str
    day: str
    lines_sv: tuple[str, ...]
    lines_en: tuple[str, ...]


@dataclass(frozen=True)
class TextsOf:
    """A programme's texts: what is in force, what comes, and what was before. `lacking`: a text that is asked for."""

    section: str
    name: str
    in_force: tuple[Version, ...]
    coming: tuple[Version, ...]
    earlier: tuple[Version, ...]
    lacking: bool


@dataclass(frozen=True)
class TextsPage:
    programmes: tuple[TextsOf, ...]
    form: Any
    today: date
    latest: date
    refused: str = ""

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        return tuple((texts.section, f"{texts.name} ({texts.section})") for texts in self.programmes)


@dataclass(frozen=True)
class PreviewPage:
    """A new version before it is saved, both languages, and how many of which group are asked to accept it again.

    `hidden` is the form as it was typed; `seen` what was shown. `changed`: something is different from when it was.
    """

    name: str
    section: str
    title: str
    day: str
    lines_sv: tuple[str, ...]
    lines_en: tuple[str, ...]
    groups: tuple[tuple[str, str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    seen: str
    changed: bool


def texts_of(programme: Programme, versions: Sequence[AgreementText], today: date) -> TextsOf:
    """Every version, each where it belongs today."""
    now = newest(versions, today, None)
    coming = [text for text in versions if text.valid_from > today]
    earlier = [text for text in reversed(versions) if text.valid_from <= today and text not in now]
    return TextsOf(
        programme.section,
        programme.short_name,
        tuple(map(_version, now)),
        tuple(map(_version, coming)),
        tuple(map(_version, earlier)),
        {text.kind for text in now} != asked_texts(programme),
    )


def _version(text: AgreementText) -> Version:
    return Version(text.text_id, title_of(text), day_plain(text.valid_from), text.lines_sv, text.lines_en)


def preview_page(
    programme: Programme,
    new: NewText,
    versions: Sequence[AgreementText],
    cohorts: Sequence[CohortFacts],
    asked: Mapping[int, int],
    seen: str,
    changed: bool,
) -> PreviewPage:
    """The page before saving. Nobody is named on it."""
    text = new.after(versions)
    return PreviewPage(
        programme.short_name,
        programme.section,
        title_of(text),
        day_plain(text.valid_from),
        new.lines_sv,
        new.lines_en,
        tuple(_group(cohort, asked[cohort.cohort_id]) for cohort in cohorts if asked.get(cohort.cohort_id)),
        (
            ("avsnitt", new.section),
            ("sort", new.kind),
            ("fran", new.valid_from.isoformat()),
            ("sv", "\n".join(new.lines_sv)),
            ("en", "\n".join(new.lines_en)),
        ),
        seen,
        changed,
    )


def _group(cohort: CohortFacts, asked: int) -> tuple[str, str, str]:
    people = ngettext(
        "%(n)s person har godkänt den förra och ska godkänna igen.",
        "%(n)s personer har godkänt den förra och ska godkänna igen.",
        asked,
    )
    start = _("Startar %(day)s.", day=day_plain(local_date(cohort.first_start))) if cohort.first_start else ""
    return f"/personal/grupper/{cohort.cohort_id}", cohort.name, f"{people} {start}".strip()


def refusals(found: Mapping[str, WhyNotAdd], new: NewText, versions: Sequence[AgreementText]) -> dict[str, str]:
    """Why a version cannot be saved, beside each field."""
    last = last_of(new.kind, versions)
    number, day = (last.version, day_plain(last.valid_from)) if last else (0, "")
    texts = {
        "past": _("Välj i dag eller en dag som kommer. Det som redan har gällt ändras aldrig."),
        "too_far": _("Välj en dag inom ett år."),
        "before_last": _("Version %(n)s gäller från %(day)s. En ny kan inte gälla före den.", n=number, day=day),
        "unequal": _(
            "Svenskan har %(sv)s punkter och engelskan %(en)s. Den som läser på engelska ska godkänna lika mycket.",
            sv=len(new.lines_sv),
            en=len(new.lines_en),
        ),
        "same": _("Texten är likadan som version %(n)s, som redan är sparad.", n=number),
    }
    return {field: texts[code] for field, code in found.items()}


def still_in_force() -> str:
    """Why a version stays."""
    return _("Versionen gäller redan, eller så har någon godkänt den. Skriv en ny version i stället.")


def no_such_text() -> str:
    """What is said when a version is withdrawn that is gone already."""
    return _("Den versionen finns inte längre. Den är redan tillbakatagen.")
