"""What the form for a new cohort shows: fields with what the guideline says, and every day with why one is skipped."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from programmes.catalogue.number_rules import MOST_SESSIONS
from programmes.catalogue.rules import Programme
from programmes.cohorts.rules import (
    Defaults,
    Span,
    closed_after_start,
    decided_by,
    places_span,
    sessions_span,
)
from programmes.cohorts.schedule_rules import Clash, Day, Note, Off, Schedule, weekend
from programmes.cohorts.wording_rules import default_name, noted, numbered, why_skipped
from programmes.core.clock import local, local_date
from programmes.core.i18n import (
    capital,
    day_bare,
    day_long,
    day_plain,
    day_short,
    day_year,
    ngettext,
    times,
    weekdays,
)
from programmes.core.i18n import gettext as _
from programmes.enrolment.visits.rules import Doubt
from programmes.enrolment.wording import doubted, visit_beside
from programmes.oversight.clash_pages import clash_lines, clash_on_the_day
from programmes.oversight.rules import Visit

__all__ = ["visit_beside"]

VISIT_ROWS = (1, 2, 3)
MOST_DAYS_BY_HAND = MOST_SESSIONS


@dataclass(frozen=True)
class Choice:
    """A programme to open a cohort of."""

    section: str
    name: str
    form: str


@dataclass(frozen=True)
class Line:
    """One day of the schedule."""

    when: str
    what: str
    state: str
    tag: tuple[str, str, str] | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class OpeningPage:
    """The form. `lines` is empty while what is typed gives no schedule; `none_yet`: none is asked for either, as talks are
    booked one at a time. `ask_anyway`: something clashes, and it is asked whether that is meant. `once`: by
    which the form is known, also when it is sent twice."""

    section: str
    name: str
    kind: str
    form: object
    values: Mapping[str, str]
    suggested: Mapping[str, str]
    leaders: tuple[tuple[int, str, bool], ...]
    venues: tuple[tuple[str, str], ...]
    days: tuple[tuple[int, str, bool], ...]
    hints: Mapping[str, str]
    fixed_sessions: bool
    closed_after_start: bool
    study_visit: bool
    one_programme: bool
    summary: str
    warnings: tuple[str, ...]
    lines: tuple[Line, ...]
    digest: str
    once: str
    look_again: bool
    button: str
    none_yet: bool = False
    named_by_us: bool = False
    ask_anyway: bool = False

    @property
    def how_often(self) -> tuple[tuple[str, str], ...]:
        """How often it meets, as one chooses it; an open meeting place has its weekdays only."""
        several = _("Flera gånger i veckan")
        every = (("vecka", _("Varje vecka")), ("varannan", _("Varannan vecka")))
        found: tuple[tuple[str, str], ...] = (*every, ("flera", several), ("egna", _("Egna datum")))
        if self.kind == "individual":
            first, none = _("Bara det första, resten bokas ett i taget"), _("Ingen tid än, alla bokas ett i taget")
            found = (*found, ("forsta", first), ("ingen", none))
        return () if self.kind == "drop_in" else found

    @property
    def picked(self) -> tuple[str, ...]:
        """The fields of days that are picked one by one, once that is chosen."""
        return tuple(name for name in self.values if name.startswith("datum"))

    @property
    def hours_open(self) -> bool:
        return any(self.values[f"fran{day}"] or self.values[f"till{day}"] for day in range(7))

    @property
    def visit_rows(self) -> tuple[int, ...]:
        return VISIT_ROWS if self.study_visit else ()

    @property
    def visits_open(self) -> bool:
        """Whether something is filled in there, or wrong."""
        return any(self.values[f"besok{row}"] or self.values[f"besok{row}tid"] for row in VISIT_ROWS)


def choices(programmes: Sequence[Programme]) -> list[tuple[str, list[Choice]]]:
    """What can be opened, by form, in the guideline's order."""
    titles = {"group": _("Grupper"), "individual": _("Samtal"), "drop_in": _("Öppna verksamheter")}
    found = []
    for form, title in titles.items():
        of_form = [Choice(p.section, p.short_name, form) for p in programmes if p.form == form]
        if of_form:
            found.append((title, of_form))
    return found


def suggested(programme: Programme, first: date, today: date) -> dict[str, str]:
    """What follows from the first day until somebody types something else."""
    return {"namn": default_name(programme, first), "beslut": max(today, decided_by(first)).isoformat()}


def default_values(programme: Programme, start: Defaults) -> dict[str, str]:
    """What the fields hold before anything is typed."""
    return {
        "namn": default_name(programme, start.first),
        "forsta": start.first.isoformat(),
        "antal": str(start.count),
        "monster": "vecka",
        "fran": f"{start.starts:%H:%M}",
        "till": f"{start.ends:%H:%M}",
        "min": str(start.minimum),
        "max": str(start.maximum),
        "oppnar": start.enrol_from.isoformat(),
        "beslut": start.decide_by.isoformat(),
        "sista": str(start.last_entry),
    }


def hints(programme: Programme, first: date | None) -> dict[str, str]:
    """What the guideline says beside each field."""
    places = places_span(programme)
    return {
        "forsta": _("En %(weekday)s", weekday=day_long(first).split(" ")[0]) if first else "",
        "antal": _sessions_hint(programme, sessions_span(programme)),
        "min": _("Riktlinjen: %(n)s", n=places.least) if places.section else _("Riktlinjen har ingen gräns"),
        "max": _("Riktlinjen: %(n)s", n=places.most) if places.section else _("Riktlinjen har ingen gräns"),
    }


def _sessions_hint(programme: Programme, span: Span) -> str:
    if programme.form == "drop_in":
        return _("Högst %(n)s", n=span.most)
    if not span.section:
        return _("Riktlinjen säger inget antal")
    if span.least == span.most:
        return _("%(n)s enligt %(section)s", n=span.least, section=span.section)
    return _("%(least)s till %(most)s enligt %(section)s", least=span.least, most=span.most, section=span.section)


def weekday_names() -> list[str]:
    """`måndag` to `söndag`."""
    return [day_long(date(2026, 6, day)).split(" ")[0] for day in range(1, 8)]


def schedule_summary(programme: Programme, schedule: Schedule) -> str:
    """`10 måndagar, 15 februari–3 maj 2027`"""
    held = schedule.sessions
    if not held:
        return ""
    if len(held) == 1:
        return capital(day_year(held[0].day))
    usual = {weekdays(day.day) for day in held}
    counted = ngettext("%(n)s tillfälle", "%(n)s tillfällen", len(held))
    what = f"{len(held)} {usual.pop()}" if len(usual) == 1 else counted
    first = day_plain(held[0].day)
    if held[0].day.year == held[-1].day.year:
        first = first.rsplit(" ", 1)[0]
    return f"{what}, {first}–{day_plain(held[-1].day)}"


def warnings(programme: Programme, schedule: Schedule, clashes: Sequence[Clash], venue: str, first: date) -> tuple[str, ...]:
    """What is worth a look before saving. Only what clashes stands in the way, until it is said to be meant."""
    found = []
    if programme.duration_weeks and schedule.weeks > programme.duration_weeks:
        found.append(
            _(
                "Det blir %(weeks)s veckor. Riktlinjen %(section)s säger %(said)s.",
                weeks=schedule.weeks,
                section=programme.section,
                said=programme.duration_weeks,
            )
        )
    if schedule.sessions and schedule.days[0].number is None:
        found.append(_("Första dagen hoppas över. Det börjar i stället %(day)s.", day=day_long(schedule.sessions[0].day)))
    elif schedule.sessions and programme.form != "drop_in" and schedule.days[0].day > first:
        found.append(_("Den dag du skrev är ingen av veckodagarna. Det börjar %(day)s.", day=day_long(schedule.days[0].day)))
    found.extend(_meant(day.day, day.off) for day in schedule.sessions if day.off)
    found.extend(_about_first(schedule, programme.form))
    return (*found, *clash_lines(clashes, len(schedule.sessions), venue))


def _about_first(schedule: Schedule, form: str) -> list[str]:
    """That the first day is a weekend, the eve of a holiday or a bridge day, however the days were chosen; one that is a day
    off is said already, and of an open meeting place the weekdays were ticked."""
    if not schedule.sessions or schedule.sessions[0].off:
        return []
    first = schedule.sessions[0]
    kinds: dict[str, Note] = {note.kind: note for note in (*(weekend(first.day) if form != "drop_in" else ()), *first.notes)}
    texts = [noted(kinds[kind]) for kind in ("weekend", "eve", "bridge") if kind in kinds]
    return [_("Första dagen, %(day)s: %(why)s", day=day_long(first.day), why=" ".join(texts))] if texts else []


def _meant(day: date, off: Off) -> str:
    """A day off that was chosen by hand."""
    return _("%(day)s: %(why)s", day=capital(day_long(day)), why=why_skipped(day, off))


def visit_warning(visit: Visit, doubt: Doubt, holder: str) -> str:
    """What is worth a look about one study visit, with the row of the form that it stands in."""
    return _("Studiebesök %(n)s: %(what)s", n=visit.row, what=doubted(doubt, holder))


def seen(days: str, asked: Sequence[str]) -> str:
    """What the form says was seen: the digest of the days and, where study visits are worth a look, of what was said."""
    return f"{days}.{hashlib.sha256(' '.join(asked).encode()).hexdigest()[:16]}" if asked else days


def lines(form: str, schedule: Schedule, clashes: Sequence[Clash]) -> tuple[Line, ...]:
    """Every day in order, with why it is skipped or what is worth knowing."""
    hours = {(local(day.slot.starts_at).time(), local(day.slot.ends_at).time()) for day in schedule.days}
    return tuple(_line(form, day, [c for c in clashes if c.day == day.day], len(hours) > 1) for day in schedule.days)


def _line(form: str, day: Day, clashes: Sequence[Clash], with_hours: bool) -> Line:
    if day.off and day.number is None:
        return Line(day_short(day.day), why_skipped(day.day, day.off), "off", (_("Hoppas över"), "", "move"), ())
    notes = [why_skipped(day.day, day.off)] if day.off else []
    notes += [noted(note) for note in day.notes]
    notes += [clash_on_the_day(clash) for clash in clashes]
    tag = (_("Krock"), "warn", "warn") if clashes else (_("Ledig dag"), "warn", "warn") if day.off else None
    what = capital(numbered(form, day.number))
    what += f", {times(day.slot.starts_at, day.slot.ends_at)}" if with_hours else ""
    return Line(day_short(day.day), what, "", tag, tuple(dict.fromkeys(notes)))


def button(enrol_from: date | None, form: str, today: date) -> str:
    """`Öppna för anmälan 2 november`; drop-ins have nothing to enrol in."""
    if form == "drop_in":
        return _("Visa utåt")
    if enrol_from and enrol_from > today:
        return _("Öppna för anmälan %(day)s", day=day_bare(enrol_from))
    return _("Öppna för anmälan")


def kind_line(programme: Programme) -> str:
    """What kind of thing is being opened, where the name alone could mislead (2.7 and 2.18)."""
    words: Mapping[str, Callable[[], str]] = {
        "group": lambda: _("Grupp"),
        "individual": lambda: (
            _("Enskilda samtal, en plats") if programme.parties == 1 else _("Samtal för båda parter, två platser")
        ),
        "drop_in": lambda: _("Öppen verksamhet, ingen anmälan"),
    }
    return words[programme.form]()


def is_closed_after_start(programme: Programme) -> bool:
    return closed_after_start(programme)


def first_day(schedule: Schedule | None) -> date | None:
    """The first session's day, if there is one."""
    return local_date(schedule.slots[0].starts_at) if schedule and schedule.slots else None
