"""View models of the age said again for somebody, by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from programmes.catalogue.rules import Outcome, Programme
from programmes.catalogue.wording import Question, refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_year, language
from programmes.enrolment.age_rules import age_answers
from programmes.enrolment.wording import age_questions, born_between

__all__ = ["age_answers", "declaring_page", "why_not"]


@dataclass(frozen=True)
class DeclaringPage:
    """`day` is the new first day as a form says it, `when` in words; `wrong` is why the answer will not do."""

    cohort_id: int
    cohort_name: str
    enrolment_id: str
    label: str
    day: str
    when: str
    born_between: str
    questions: tuple[Question, ...]
    form: Any
    wrong: str


def declaring_page(
    cohort: CohortFacts, programme: Programme, enrolment_id: str, label: str, form: Any, municipality: str, wrong: str
) -> DeclaringPage:
    """The page for somebody of a cohort that has a first session."""
    assert cohort.first_start is not None
    day = local_date(cohort.first_start)
    return DeclaringPage(
        cohort.cohort_id,
        cohort.name,
        enrolment_id,
        label,
        day.isoformat(),
        day_year(day),
        born_between(programme, day, for_staff=True),
        age_questions(programme, municipality),
        form,
        wrong,
    )


def why_not(unmet: Sequence[Outcome], programme: Programme, municipality: str) -> str:
    """Every condition that doesn't hold, with its section."""
    said = [refusal_text(outcome, programme, language(), municipality) for outcome in unmet]
    return " ".join(f"{refusal.sentence} ({refusal.source})" for refusal in said)
