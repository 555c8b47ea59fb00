"""Whether an age that was right for one first day, or years that were few enough, are so for another. Pure."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from programmes.catalogue.condition_rules import check
from programmes.catalogue.reading_rules import Readings
from programmes.catalogue.rules import Answers, Outcome, Programme
from programmes.enrolment.rules import EnrolmentFacts

_NO_END = 999


def answers_again(said: str, guardian_agrees: bool, declared: Collection[str] = ()) -> Answers:
    """What was answered for another first day: of the age where nobody's birth date is kept `ja` or the key of a band, and
    what else was ticked."""
    return Answers(
        declarations=dict.fromkeys(declared, True),
        age_declared=True if said == "ja" else None,
        age_band=said or None,
        guardian_consent=True if guardian_agrees else None,
    )


def as_judged(readings: Readings, applied_at: datetime) -> Programme:
    """The programme by whose age somebody who applied at that time is judged, also on a day that has moved since.

    It is read as when they applied: a decision stands when the office chooses another reading. A reading of today that asks
    no more of anybody is used instead.
    """
    then, now = readings.at(applied_at), readings.in_force
    return now if _asks_no_more(now, then) else then


def _asks_no_more(now: Programme, then: Programme) -> bool:
    if (now.guardian_consent_under or 0) > (then.guardian_consent_under or 0):
        return False
    if now.age is None or then.age is None:
        return now.age is None
    youngest = (now.age.youngest or 0) <= (then.age.youngest or 0)
    return youngest and (now.age.oldest or _NO_END) >= (then.age.oldest or _NO_END)


def age_unmet(programme: Programme, born: date | None, first_day: date) -> Outcome | None:
    """The age on that day, where a birth date is known, if it isn't met. Elsewhere the person ticks it."""
    if programme.age_asked != "birth_date":
        return None
    outcomes = check(programme, Answers(birth_date=born), first_day)
    return next((o for o in outcomes if o.condition == "age" and not o.met), None)


def age_after_move(
    programme: Programme, born: date | None, judged_for: date | None, first_day: date | None, protected: bool = False
) -> Outcome | None:
    """The age that isn't met on the day the first session has moved to.

    On the day that it was judged for it stands, however the limit is read by now. Of somebody with protected identity
    the outcome says nothing of when they were born.
    """
    if born is None or first_day is None or first_day == judged_for:
        return None
    found = age_unmet(programme, born, first_day)
    if found is None or not protected:
        return found
    return replace(found, code="unmet", params={"on": first_day})


def asks_age_again(facts: EnrolmentFacts, programme: Programme, first_day: date | None) -> bool:
    """Whether the first session has moved since an age was ticked for its day (promise 2)."""
    if programme.age_asked not in {"declared", "band"} or first_day is None:
        return False
    return facts.declared_for is not None and facts.declared_for != first_day


def to_say_again(facts: EnrolmentFacts, programme: Programme, first_day: date | None) -> frozenset[str]:
    """Which conditions somebody is asked about once more since the first session has moved: an age that was ticked for
    another day, and what was to be at most some years ago and was said for an earlier one."""
    found: set[str] = {"age", "guardian_consent"} if asks_age_again(facts, programme, first_day) else set()
    if first_day is not None and facts.counted_for is not None and first_day > facts.counted_for:
        found |= programme.counted_to_first_day
    return frozenset(found)
