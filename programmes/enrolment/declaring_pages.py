"""View models of what is said again for somebody, by staff, for another first day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from programmes.catalogue.rules import Outcome, Programme
from programmes.catalogue.wording import Question, refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_year, language
from programmes.enrolment.age_rules import answers_again
from programmes.enrolment.wording import born_between, questions_again

__all__ = ["answers_again", "declaring_page", "why_not"]


@dataclass(frozen=True)
class DeclaringPage:
    """`day` is the new first day as a form says it, `when` in words; `wrong` is why the answer will not do. `age`: that is
    among what is asked."""

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
    age: bool


def declaring_page(
    cohort: CohortFacts,
    programme: Programme,
    asked: Collection[str],
    enrolment_id: str,
    label: str,
    form: Any,
    municipality: str,
    wrong: str,
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
        born_between(programme, day, for_staff=True) if "age" in asked else "",
        questions_again(programme, asked, day, municipality),
        form,
        wrong,
        "age" in asked,
    )


def why_not(unmet: Sequence[Outcome], programme: Programme, municipality: str) -> str:
    """Every condition that doesn't hold, with its section."""
    said = [refusal_text(outcome, programme, language(), municipality) for outcome in unmet]
    return " ".join(f"{refusal.sentence} ({refusal.source})" for refusal in said)
