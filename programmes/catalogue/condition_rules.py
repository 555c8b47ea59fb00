"""Whether the conditions of a section are met: pure functions over what somebody answered (DESIGN 3)."""

from dataclasses import replace
from datetime import date, timedelta

from programmes.catalogue.rules import AgeBand, AgeLimit, Answers, Declaration, Outcome, Programme


def age_on(birth: date, on: date) -> int:
    """Whole years. Who was born on 29 February turns on 1 March in other years (law-work glossary, 2)."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _latest_birth(years: int, on: date) -> date:
    """The last birth date of those who have turned `years` on that day."""
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February, in a year without one
        return date(on.year - years, 2, 28)


def birth_date_window(limit: AgeLimit, on: date) -> tuple[date | None, date | None]:
    """The earliest and the latest birth date that the limit lets in on that day, both included."""
    earliest = None if limit.oldest is None else _latest_birth(limit.oldest + 1, on) + timedelta(days=1)
    latest = None if limit.youngest is None else _latest_birth(limit.youngest, on)
    return earliest, latest


def turns(birth: date, years: int) -> date:
    """The day someone turns that many years."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


def earliest_within(years: int, on: date) -> date:
    """The first day from which no more than so many years have passed on that day."""
    try:
        found = on.replace(year=on.year - years)
    except ValueError:  # 29 February, in a year without one
        return date(on.year - years, 3, 1)
    leap_day = found - timedelta(days=1)
    return leap_day if turns(leap_day, years) >= on else found


def check(programme: Programme, answers: Answers, first_session: date) -> list[Outcome]:
    """Every condition of the section with its outcome, so that a refusal can list all reasons at once (DESIGN 2).

    Age counts on the first session's day, not today, and so do years that may have passed since something.

    Raises:
        ValueError: a birth date for an exempt programme; it must not have been asked for, let alone travel here.
    """
    if programme.exempt and answers.birth_date is not None:
        raise ValueError(f"{programme.section} is exempt: no birth date may be given")
    found = [*_age(programme, answers, first_session), *_guardian(programme, answers)]
    found.append(_residency(programme, answers))
    found.extend(_declared(programme, d, answers, first_session) for d in programme.declarations if d.asked)
    return found


def _age(programme: Programme, answers: Answers, first_session: date) -> list[Outcome]:
    limit = programme.age
    if limit is None:
        return []
    params: dict[str, object] = {"youngest": limit.youngest, "oldest": limit.oldest, "on": first_session}
    if programme.age_asked == "declared":
        code = _answered(programme, "age", answers.age_declared).code
    elif programme.age_asked == "band":
        code = _age_by_band(programme, limit, answers)
    else:
        code = _age_by_birth_date(limit, answers.birth_date, first_session)
    if code == "too_young" and answers.birth_date and limit.youngest:
        params["turns_on"] = turns(answers.birth_date, limit.youngest)
    return [Outcome("age", code == "met", programme.section, code, params)]


def _age_by_birth_date(limit: AgeLimit, birth: date | None, on: date) -> str:
    if birth is None:
        return "unanswered"
    age = age_on(birth, on)
    if limit.holds(age):
        return "met"
    return "too_young" if limit.youngest is not None and age < limit.youngest else "too_old"


def _age_by_band(programme: Programme, limit: AgeLimit, answers: Answers) -> str:
    if answers.age_band is None:
        return "unanswered"
    band = _band(programme, answers)
    return "met" if band and limit.holds(band.min) and limit.holds(band.max) else "unmet"


def _band(programme: Programme, answers: Answers) -> AgeBand | None:
    return next((band for band in programme.age_bands if band.key == answers.age_band), None)


def _guardian(programme: Programme, answers: Answers) -> list[Outcome]:
    """A guardian's consent, as a tick that says nothing of who (DESIGN 3), only below the age where it is needed."""
    under, band = programme.guardian_consent_under, _band(programme, answers)
    if under is None or not programme.age_bands:
        return []
    if band is None or band.min >= under:
        return [Outcome("guardian_consent", True, programme.section, "not_needed")]
    return [replace(_answered(programme, "guardian_consent", answers.guardian_consent), params={"under": under})]


def _residency(programme: Programme, answers: Answers) -> Outcome:
    if answers.residency is False and answers.exception in programme.residency_exceptions:
        return Outcome("residency", True, programme.section, "excepted", {"exception": answers.exception})
    return _answered(programme, "residency", answers.residency)


def _declared(programme: Programme, declaration: Declaration, answers: Answers, first_session: date) -> Outcome:
    given = answers.declarations.get(declaration.key)
    if declaration.asked_if and answers.declarations.get(declaration.asked_if) is not True:
        return Outcome(declaration.key, True, programme.section, "not_needed")
    if declaration.kind == "fork" and given is not None:
        return Outcome(declaration.key, True, programme.section, "met")
    found = _answered(programme, declaration.key, given)
    return found if declaration.within_years is None else replace(found, params={"on": first_session})


def _answered(programme: Programme, condition: str, given: bool | None) -> Outcome:
    code = "unanswered" if given is None else "met" if given else "unmet"
    return Outcome(condition, code == "met", programme.section, code)
