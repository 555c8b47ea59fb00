"""Which other programmes may fit somebody who does not meet a condition, by their own answers alone. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from programmes.catalogue.condition_rules import age_on
from programmes.catalogue.rules import AgeLimit, Answers, Outcome, Programme

_OLDEST = 120
# A young person, the one who committed a crime and the one who takes part may be the same; the child of a parent is not.
_OWN = {"participant", "youth", "offender"}
# Which wordings of residency somebody fails too who has said no to one of them.
_FAILED_WITH = {
    "registered_in_population_register": {"registered_in_population_register"},
    "resident": {"resident"},
    "staying_permanently": {"staying_permanently"},
}


def fitting_instead(
    programme: Programme, unmet: Sequence[Outcome], answers: Answers, on: date, known: Mapping[str, Programme]
) -> tuple[Programme, ...]:
    """The programmes to point somebody to, in the edition's order for each condition; often none.

    `unmet` are the outcomes of `programme` that do not hold, `known` the programmes in force by section. None is given
    whose age leaves the person out on that day, or that asks what they have just said no to.
    """
    # A box that is not ticked is a no, an age that is not chosen is none.
    ticked = programme.exempt and programme.age_asked != "band"
    refused = [
        outcome
        for outcome in unmet
        if outcome.code != "unanswered" or ticked or (programme.exempt and outcome.condition != "age")
    ]
    sections = dict.fromkeys(s for outcome in refused for s in programme.instead.get(outcome.condition, ()))
    found = (known[section] for section in sections if section in known)
    return tuple(
        other
        for other in found
        if _age_allows(programme, other, answers, on) and not _refused_there(programme, other, refused)
    )


def _age_allows(programme: Programme, other: Programme, answers: Answers, on: date) -> bool:
    """Whether the age that was given, or some age that may be theirs, is let in there."""
    mine, theirs = programme.age, other.age
    if mine is None or theirs is None or (mine.subject in _OWN) != (theirs.subject in _OWN):
        return True
    if programme.age_asked == "birth_date":
        return answers.birth_date is None or theirs.holds(age_on(answers.birth_date, on))
    band = next((b for b in programme.age_bands if b.key == answers.age_band), None)
    if band is not None:
        return theirs.holds(band.min) and theirs.holds(band.max)
    inside = answers.age_declared is True
    return any(theirs.holds(age) for age in _ages(mine, inside))


def _ages(limit: AgeLimit, inside: bool) -> list[int]:
    return [age for age in range(_OLDEST) if limit.holds(age) == inside]


def _refused_there(programme: Programme, other: Programme, refused: Sequence[Outcome]) -> bool:
    conditions = {outcome.condition for outcome in refused}
    if conditions & {d.key for d in other.declarations if d.asked}:
        return True
    if "residency" not in conditions:
        return False
    failed = _FAILED_WITH.get(programme.residency_kind)
    return failed is None or other.residency_kind in failed
