"""The year of each programme: its starts, done and planned, and by when the next must open."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from programmes.cohorts.year_rules import last_chance
from programmes.core.i18n import capital, day_long, days_long, listed, month_name, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.rules import Planned, Year, YearStart, years


@dataclass(frozen=True)
class YearRow:
    """The year of one programme. `link`: the start that is needed, and `mine`: the asker may plan one; both only where they
    coordinate it."""

    name: str
    section: str
    done: tuple[int, ...]
    planned: tuple[int, ...]
    sentence: str
    link: int
    tag: tuple[str, str, str]
    warning: tuple[str, str, str]
    mine: bool


def year_of(section: str, required: int, found: Sequence[YearStart]) -> Year:
    """The year of one programme, whatever its starts lack."""
    return years({section: required}, found, {})[section]


@dataclass(frozen=True)
class Chances:
    """By when another start of the year can still be made; `visits`: which sections have study visits."""

    year: int
    today: date
    visits: Mapping[str, bool]


def year_rows(
    found: Mapping[str, Year],
    names: Mapping[str, str],
    shown: Collection[str],
    chances: Chances,
    coordinates: Callable[[str], bool],
) -> tuple[YearRow, ...]:
    """The table of the year: those with a requirement first, as the guideline orders them."""
    ordered = sorted((section for section in found if section in shown), key=lambda s: found[s].required is None)
    return tuple(_year_row(section, names[section], found[section], chances, coordinates(section)) for section in ordered)


def _year_row(section: str, name: str, year: Year, chances: Chances, mine: bool) -> YearRow:
    if year.required is None:
        tag = (_("Inget krav"), "", "")
    else:
        text = _("%(counted)s av %(required)s", counted=min(year.counted, year.required), required=year.required)
        tag = (text, "warn", "warn") if year.lacking else (text, "ok", "check")
    needed = year.needed
    return YearRow(
        name,
        section,
        year.done,
        tuple(start.month for start in year.planned),
        _year_sentence(year, needed),
        needed.cohort_id if needed and mine else 0,
        tag,
        _last_chance(section, year, chances),
        mine,
    )


def year_notes(numbers: Sequence[tuple[str, int | None, int | None]]) -> tuple[str, ...]:
    """What the year is held against, of each section with the number there is to be and the guideline's own; `2.7 och 2.8`
    where they have the same."""
    by_guideline: dict[int, list[str]] = {}
    by_office: dict[int, list[str]] = {}
    for section, required, stated in numbers:
        if stated:
            by_guideline.setdefault(stated, []).append(section)
        if required and required != stated:
            by_office.setdefault(required, []).append(section)
    notes = [
        ngettext("Riktlinjen kräver minst %(n)s start i %(sections)s.",
                 "Riktlinjen kräver minst %(n)s starter i %(sections)s.", n, sections=listed(sections))
        for n, sections in sorted(by_guideline.items())
    ]  # fmt: skip
    notes += [
        ngettext("Ni vill själva ha minst %(n)s start i %(sections)s.",
                 "Ni vill själva ha minst %(n)s starter i %(sections)s.", n, sections=listed(sections))
        for n, sections in sorted(by_office.items())
    ]  # fmt: skip
    return tuple(notes)


def _last_chance(section: str, year: Year, chances: Chances) -> tuple[str, str, str]:
    """By when enrolment must open for the start that is not planned yet, with its sign; nothing when all are."""
    if not year.unplanned or year.required is None:
        return "", "", ""
    chance = last_chance(chances.year, chances.visits.get(section, False))
    missing = [str(n) for n in range(year.required - year.unplanned + 1, year.required + 1)]
    words = {"n": listed(missing), "year": chances.year}
    if chance.over(chances.today):
        over = _("Anmälan till start %(n)s %(year)s skulle ha öppnat senast %(day)s.",
                 day=day_long(chance.open_by), **words)  # fmt: skip
        return over, "stop", "warn"
    open_by, decide_by, first, *visits_from = days_long(
        chance.open_by, chance.decide_by, chance.first, *([chance.visits_from] if chance.visits_from else [])
    )
    parts = [_("För att hinna start %(n)s %(year)s: öppna anmälan senast %(day)s.", day=open_by, **words)]
    parts += [_("Studiebesök från %(day)s.", day=day) for day in visits_from]
    parts.append(_("Beslut %(day)s, första träff senast %(first)s.", day=decide_by, first=first))
    warns = chance.warns(chances.today)
    return " ".join(parts), "warn" if warns else "", "warn" if warns else "cal"


def _year_sentence(year: Year, needed: Planned | None) -> str:
    parts = [capital(f"{_months(year.done)}.")] if year.done else []
    late = [start.month for start in year.planned if start.late]
    if late:
        words = ngettext("Planerad, inte beslutad: %(months)s.", "Planerade, inte beslutade: %(months)s.", len(late),
                         months=_months(late))  # fmt: skip
        parts.append(words)
    others = [start.month for start in year.planned if start != needed and not start.late]
    if others:
        planned = ngettext("Planerad i %(months)s.", "Planerade i %(months)s.", len(others), months=_months(others))
        parts.append(planned)
    more = year.lacking - len(late)
    if needed and not needed.late:
        parts.append(_("Starten i %(month)s behövs, och där saknas %(n)s.", month=_months([needed.month]), n=needed.missing))
    elif more > 0:
        parts.append(ngettext("%(n)s start till behövs.", "%(n)s starter till behövs.", more))
    return " ".join(parts) or _("Ingen start i år.")


def _months(months: Sequence[int]) -> str:
    """`januari och april`"""
    return listed([month_name(month) for month in sorted(set(months))])
