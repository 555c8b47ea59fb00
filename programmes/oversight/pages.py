"""What the cockpit shows: facts as sentences, tiles and tables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.rules import StartChoice, decide_start, start_choice
from programmes.cohorts.wording_rules import said
from programmes.core.clock import local_date
from programmes.core.i18n import clock, day_long, day_parts, day_short, listed, ngettext
from programmes.core.i18n import gettext as _
from programmes.notices.reach_rules import Reach, told
from programmes.notices.rules import Kind
from programmes.oversight.rules import (
    TILE,
    Filter,
    Shortage,
    Start,
    Year,
    YearStart,
    half_of,
    next_action,
    shortage,
    soon,
    years,
)
from programmes.oversight.year_strip_pages import Chances, YearRow, year_rows

MOST_SOON, PER_PAGE, MOST_SEATS_DRAWN = 15, 50, 24
EVERYTHING = Filter()


@dataclass(frozen=True)
class Tile:
    title: str
    number: int
    note: str


@dataclass(frozen=True)
class Card:
    """One start in full. `choice` is what its coordinator is offered if it is theirs (`mine`); others see no buttons."""

    start: Start
    parts: tuple[str, str, str]
    decide_by: str
    when: str
    late: bool
    first: str
    needs: str
    tag: tuple[str, str, str]
    mine: bool
    choice: StartChoice
    notes: tuple[str, ...]
    main: bool
    drawn: bool
    next: "Next"
    details: tuple[str, ...]
    linked: bool


@dataclass(frozen=True)
class Next:
    """The one next action for a start."""

    text: str
    address: str


@dataclass(frozen=True)
class DecidePage:
    """One start alone with its decision: who it reaches (who, what, how they hear of it), and what the button says."""

    card: Card
    rows: tuple[tuple[str, str, str], ...]
    button: str
    hint: str


@dataclass(frozen=True)
class Row:
    """One start in the table of later ones."""

    start: Start
    decide_by: str
    tag: tuple[str, str, str]
    when: str
    late: bool
    next: "Next"
    mine: bool
    linked: bool
    pace: str
    details: str


@dataclass(frozen=True)
class Choice:
    """One entry of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Filters:
    """By what the starts can be narrowed: the name of the field, what it is called, what there is to choose. `compact`: all
    in one table. `address`: what the next page of the table keeps."""

    fields: tuple[tuple[str, str, tuple[Choice, ...]], ...]
    narrowed: bool
    compact: bool
    shown: str
    address: str
    other_view: str


@dataclass(frozen=True)
class Cockpit:
    """The whole page. `choices` are the years one can look at; `may_plan` shows the way to plan a start."""

    tiles: tuple[Tile, ...]
    cards: tuple[Card, ...]
    rows: tuple[Row, ...]
    filters: Filters
    page: int
    pages: int
    years: tuple[YearRow, ...]
    year: int
    choices: tuple[int, ...]
    may_plan: bool
    done: str
    undo: "Undo | None"
    refused: tuple[str, ...]
    next_decision: str


@dataclass(frozen=True)
class Undo:
    """A decision that was just made and can be taken back; `moves`: its people can be moved to another start."""

    cohort_id: int
    decision_id: int
    text: str
    moves: bool


def undo_of(cohort_id: int, decision_id: int, until: datetime, moves: bool) -> Undo:
    text = _("Beskeden går %(time)s. Till dess kan du ångra.", time=clock(until))
    return Undo(cohort_id, decision_id, text, moves)


def undo_hint(until: datetime | None) -> str:
    """Whether a decision that is made now can be taken back."""
    if until is None:
        return _("Beskeden går på en gång, eftersom det är så nära. Det går inte att ångra.")
    return _("Beskeden går efter tio minuter. Till dess går det att ångra.")


@dataclass(frozen=True)
class Offered:
    """A group programme that the asker coordinates: its short name and the starts a year that the guideline requires."""

    section: str
    name: str
    required: int | None
    study_visit: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the address asks for, and what has just happened, in words."""

    year: int
    page: int
    done: str = ""
    undo: "Undo | None" = None
    refused: tuple[str, ...] = ()
    filter: Filter = EVERYTHING
    compact: bool = False
    staff_id: int | None = None


def cockpit(
    starts: Sequence[Start],
    found: Sequence[YearStart],
    offered: Sequence[Offered],
    uncounted: Collection[str],
    coordinates: Callable[[str], bool],
    today: date,
    wanted: Wanted,
    ages: Mapping[str, AgeAsked],
) -> Cockpit:
    """Everything on the page. `uncounted` are sections where people may not be counted; `ages` how each section asks for
    an age."""
    short = {start.cohort_id: max(0, start.minimum - start.confirmed) for start in starts}
    by_section = years({o.section: o.required for o in offered}, found, short)
    names = {o.section: o.name for o in offered}
    visits = {o.section: o.study_visit for o in offered}
    shown = {s for s, year in by_section.items() if year.required is not None or year.done or year.planned}
    narrowed = [start for start in starts if wanted.filter.holds(start)]
    cards, rows, at, pages = cards_and_rows(narrowed, today, coordinates, uncounted, wanted, ages)
    this_year = by_section if wanted.year == today.year else {}
    return Cockpit(
        tiles=tiles(narrowed, today, this_year, names),
        cards=cards,
        rows=rows,
        filters=filters(starts, len(narrowed), wanted),
        page=at,
        pages=pages,
        years=year_rows(by_section, names, shown, Chances(wanted.year, today, visits)),
        year=wanted.year,
        choices=(today.year, today.year + 1),
        may_plan=bool(offered),
        done=wanted.done,
        undo=wanted.undo,
        refused=wanted.refused,
        next_decision=day_long(narrowed[0].decide_by) if narrowed else "",
    )


def filters(starts: Sequence[Start], shown: int, wanted: Wanted) -> Filters:
    """What there is to choose among, of all the starts that one may see."""
    chosen = wanted.filter
    names = {start.section: f"{start.section} {start.programme}".strip() for start in starts}
    sections = sorted(names, key=lambda section: [int(part) for part in section.split(".")])
    leaders = sorted({leader for start in starts for leader in start.leaders}, key=lambda leader: leader[1])
    halves = sorted({half for start in starts if (half := half_of(start.first_start))})
    fields = (
        ("insats", _("Insats"), _choices([(section, names[section]) for section in sections], chosen.section)),
        ("ledare", _("Ledare"), _choices([(str(n), name) for n, name in leaders], str(chosen.leader or ""))),
        ("plats", _("Plats"), _choices([(v, v) for v in sorted({start.venue for start in starts})], chosen.venue)),
        ("halvar", _("Halvår"), _choices([(half, _half(half)) for half in halves], chosen.half)),
    )
    kept = {"insats": chosen.section, "ledare": str(chosen.leader or ""), "plats": chosen.venue, "halvar": chosen.half}
    query = {name: value for name, value in kept.items() if value}
    view = {"vy": "lista"} if wanted.compact else {}
    other = {} if wanted.compact else {"vy": "lista"}
    return Filters(
        fields,
        bool(chosen),
        wanted.compact,
        ngettext("%(n)s av %(all)s starter", "%(n)s av %(all)s starter", shown, all=len(starts)),
        urlencode({**query, **view}),
        urlencode({**query, **other}),
    )


def _choices(found: Sequence[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, text, value == chosen) for value, text in found)


def _half(half: str) -> str:
    year, number = half.split("-")
    return _("våren %(year)s", year=year) if number == "1" else _("hösten %(year)s", year=year)


# The message that each decision puts on its way.
TELLS: Mapping[str, Kind] = {
    "startad": "cohort_started",
    "uppskjuten": "cohort_postponed",
    "installd": "cohort_cancelled",
}


def done_text(what: str, name: str, reach: Reach) -> str:
    """What has just been decided and who hears of it how, from a fixed list; anything else says nothing."""
    texts = {
        "startad": _("%(name)s är startad.", name=name),
        "uppskjuten": _("%(name)s är framflyttad. Alla behåller sin plats.", name=name),
        "installd": _("%(name)s är inställd. Kalendrarna visar det.", name=name),
        "angrad": _("Beslutet om %(name)s är ångrat. Ingen har fått något besked, och allt är som förut.", name=name),
        "platser": _("Antalet platser i %(name)s är ändrat.", name=name),
    }
    calls = _("De som ska ringas står på Idag.") if reach.ring else ""
    return " ".join(part for part in (texts[what], told(reach), calls) if part) if what in texts else ""


def not_started(name: str) -> str:
    return _("%(name)s är inte startad.", name=name)


def cards_and_rows(
    starts: Sequence[Start],
    today: date,
    coordinates: Callable[[str], bool],
    uncounted: Collection[str],
    wanted: Wanted,
    ages: Mapping[str, AgeAsked],
) -> tuple[tuple[Card, ...], tuple[Row, ...], int, int]:
    """The nearest in full, the rest as a table in pages; or all of them in the table."""
    near = 0 if wanted.compact else soon([start.decide_by for start in starts], today, MOST_SOON)
    later = starts[near:]
    pages = max(1, -(-len(later) // PER_PAGE))
    at = min(max(1, wanted.page), pages)
    mine = [s for s in starts[:near] if coordinates(s.section)]
    main = next((s.cohort_id for s in mine if start_choice(s.deciding, s.confirmed) == "start"), 0)
    cards = tuple(
        _card(
            s,
            today,
            coordinates(s.section),
            s.cohort_id == main,
            s.section in uncounted,
            ages.get(s.section, "none"),
            _linked(s, coordinates, wanted.staff_id),
        )
        for s in starts[:near]
    )
    rows = tuple(
        _row(s, today, coordinates(s.section), _linked(s, coordinates, wanted.staff_id))
        for s in later[(at - 1) * PER_PAGE : at * PER_PAGE]
    )
    return cards, rows, at, pages


def _linked(start: Start, coordinates: Callable[[str], bool], staff_id: int | None) -> bool:
    """Whether the group's own page is the asker's to open: a manager sees how starts stand, and nobody in them."""
    return staff_id is None or coordinates(start.section) or any(staff_id == number for number, _name in start.leaders)


def _next(start: Start, choice: StartChoice, days: int) -> Next:
    group, own = f"/personal/grupper/{start.cohort_id}", f"/personal/starter/{start.cohort_id}"
    action = next_action(start, choice, days)
    missing = start.minimum - start.confirmed
    texts = {
        "announce": Next(_("Öppna för anmälan"), f"{group}/traffar"),
        "start": Next(_("Starta"), f"{own}/starta"),
        "fewer": Next(_("Starta med färre, eller skjut upp"), f"{own}/starta"),
        "finish": Next(
            ngettext("Hjälp %(n)s preliminär att bli klar", "Hjälp %(n)s preliminära att bli klara", start.preliminary),
            group,
        ),
        "fill": Next(ngettext("Hitta %(n)s till", "Hitta %(n)s till", missing), group),
        "settle": Next(_("Skjut upp eller ställ in"), f"{own}/skjut-upp"),
    }
    return texts[action]


def _help(n: int) -> str:
    return ngettext("Hjälp %(n)s preliminär att bli klar", "Hjälp %(n)s preliminära att bli klara", n)


def _details(start: Start) -> tuple[str, ...]:
    """Study visits to come, and what people have said about new days."""
    visits = ngettext("%(n)s studiebesök kvar.", "%(n)s studiebesök kvar.", start.visits)
    return (*([visits] if start.visits else []), *_about_new_days(start))


def _about_new_days(start: Start) -> tuple[str, ...]:
    """What people have said about the days of a postponed start."""
    found = []
    if start.can_not:
        found.append(ngettext("%(n)s kan inte de nya dagarna.", "%(n)s kan inte de nya dagarna.", start.can_not))
    if start.silent:
        found.append(ngettext("%(n)s har inte svarat om de kan.", "%(n)s har inte svarat om de kan.", start.silent))
    return tuple(found)


def one_card(start: Start, today: date, age: AgeAsked) -> Card:
    """One start alone, for its coordinator."""
    return _card(start, today, mine=True, main=True, uncounted=False, age=age, linked=True)


def _card(start: Start, today: date, mine: bool, main: bool, uncounted: bool, age: AgeAsked, linked: bool) -> Card:
    choice = start_choice(start.deciding, start.confirmed)
    short = shortage(start.minimum, start.confirmed, start.decide_by, today)
    shown = {"below_guideline", "below_own", "no_sessions", "nobody"}
    refusals = decide_start(start.deciding, start.confirmed, with_fewer=False)
    return Card(
        start=start,
        parts=day_parts(start.decide_by),
        decide_by=day_short(start.decide_by),
        when=_when(short.days),
        late=short.days < 0,
        first=_first(start, uncounted),
        needs=_needs(start, short),
        tag=_tag(start, short),
        mine=mine,
        choice=choice,
        notes=(*(said(reason) for reason in refusals if reason.code in shown), *_ages_of_another_day(start, age)),
        main=main,
        drawn=start.maximum <= MOST_SEATS_DRAWN,
        next=_next(start, choice, short.days),
        details=_details(start),
        linked=linked,
    )


def _ages_of_another_day(start: Start, age: AgeAsked) -> tuple[str, ...]:
    """That the first day is another than the one that ages were said or judged for; the group's page has who."""
    if not start.other_day or age == "none":
        return ()
    if age == "birth_date":
        return (_("Första dagen har flyttats. Den vars ålder inte passar längre är markerad på gruppens sida."),)
    return (
        ngettext(
            "%(n)s person har inte sagt sin ålder för den nya första dagen. På gruppens sida ser du vem.",
            "%(n)s personer har inte sagt sin ålder för den nya första dagen. På gruppens sida ser du vilka.",
            start.other_day,
        ),
    )


def _row(start: Start, today: date, mine: bool, linked: bool) -> Row:
    short = shortage(start.minimum, start.confirmed, start.decide_by, today)
    return Row(
        start,
        day_short(start.decide_by),
        _tag(start, short),
        _when(short.days),
        short.days < 0,
        _next(start, start_choice(start.deciding, start.confirmed), short.days),
        mine,
        linked,
        _pace(short),
        " ".join(_about_new_days(start)),
    )


def _pace(short: Shortage) -> str:
    """`2 till på 9 dagar`"""
    if not short.missing:
        return _("Inget")
    if short.days <= 0:
        return _("%(n)s till", n=short.missing)
    return _("%(n)s till på %(days)s", n=short.missing, days=_in(short.days))


def _when(days: int) -> str:
    if days < 0:
        return ngettext("för %(n)s dag sedan", "för %(n)s dagar sedan", -days)
    if days == 0:
        return _("idag")
    return _("i morgon") if days == 1 else _("om %(n)s dagar", n=days)


def _first(start: Start, uncounted: bool) -> str:
    parts = [_("Inga träffar är planerade.")]
    if start.first_start:
        parts = [_("Startar %(day)s.", day=day_long(local_date(start.first_start)))]
    if start.queued:
        parts.append(_("%(n)s i kö.", n=start.queued))
    if uncounted:
        parts.append(_("Platserna räknas inte i statistiken."))
    return " ".join(parts)


def _needs(start: Start, short: Shortage) -> str:
    if short.missing:
        return _needs_short(short) if short.days >= 0 else _("%(n)s till behövs. Beslutet är försenat.", n=short.missing)
    parts = [_("Minsta antalet är nått.")]
    if start.preliminary:
        parts.append(ngettext("%(n)s har något kvar att göra.", "%(n)s har något kvar att göra.", start.preliminary))
    elif start.free > 0 and short.days > 0 and not start.queued:
        parts.append(
            ngettext(
                "%(n)s plats kan fyllas på %(when)s.",
                "%(n)s platser kan fyllas på %(when)s.",
                start.free,
                when=_in(short.days),
            )
        )
    return " ".join(parts)


def _in(days: int) -> str:
    return ngettext("%(n)s dag", "%(n)s dagar", days)


def _needs_short(short: Shortage) -> str:
    if not short.missing:
        return _("Inget, minsta antalet är nått.")
    if short.days > 0:
        return _("%(missing)s till behövs på %(days)s.", missing=short.missing, days=_in(short.days))
    return _("%(n)s till behövs.", n=short.missing)


def _tag(start: Start, short: Shortage) -> tuple[str, str, str]:
    if start.state == "planned":
        return _("Planerad"), "", "cal"
    if short.missing:
        soon_due = short.days <= 21
        return _("Saknar %(n)s", n=short.missing), "warn" if soon_due else "", "warn" if soon_due else ""
    return _("Kan starta"), "ok", "check"


def tiles(starts: Sequence[Start], today: date, in_year: Mapping[str, Year], names: Mapping[str, str]) -> tuple[Tile, ...]:
    """The four numbers at the top, each with what it is made of."""
    near = [start for start in starts if start.decide_by <= today + TILE]
    below = [start for start in starts if start.confirmed < start.minimum]
    queues = [start for start in starts if start.queued]
    missing = sum(start.minimum - start.confirmed for start in below)
    first = _("närmast %(day)s", day=day_long(starts[0].decide_by)) if starts else _("inga beslut väntar")
    lacking = [names[section] for section, year in in_year.items() if year.lacking]
    found = [
        Tile(_("Beslut inom 14 dagar"), len(near), first),
        Tile(_("Under minsta antal"), len(below), ngettext("%(n)s till behövs", "%(n)s till behövs tillsammans", missing)),
        Tile(
            _("I kö"),
            sum(start.queued for start in queues),
            ngettext("i %(n)s grupp", "i %(n)s grupper", len(queues)) if queues else _("ingen väntar"),
        ),
    ]
    if in_year:
        found.append(Tile(_("Saknar starter i år"), len(lacking), listed(lacking) if lacking else _("ingen insats")))
    return tuple(found)
