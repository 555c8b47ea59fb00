"""What the cockpit shows: facts as sentences, tiles and tables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.decision_rules import Decided, Line
from programmes.cohorts.rules import start_choice
from programmes.core.clock import local_date
from programmes.core.i18n import clock, day_long, listed, ngettext
from programmes.core.i18n import gettext as _
from programmes.notices.reach_rules import Reach, ring_after, told
from programmes.notices.rules import Kind
from programmes.oversight.cockpit.card_pages import Card, Row, card, linked, row
from programmes.oversight.cockpit.filter_pages import Filters, filters
from programmes.oversight.per_year.pages import Chances, YearRow, year_notes, year_rows
from programmes.oversight.rules import (
    TILE,
    Filter,
    Start,
    Year,
    YearStart,
    soon,
    years,
)

MOST_SOON, PER_PAGE = 15, 50
# More starts than this are no longer seen at a glance as cards: then they stand a line each, unless cards were chosen.
MOST_CARDS = 12
EVERYTHING = Filter()


@dataclass(frozen=True)
class Tile:
    """`names`: the programmes that its note names."""

    title: str
    number: int
    note: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecidePage:
    """One start alone with its decision: who it reaches (who, what, how they hear of it), and what the button says.
    `reasons`: why with fewer, of which one is chosen."""

    card: Card
    rows: tuple[tuple[str, str, str], ...]
    button: str
    hint: str
    form: object
    others_now: bool = False
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cockpit:
    """The whole page. `choices` are the years one can look at, `year_notes` what the year asks for; `may_plan` shows the way
    to plan a start; `only_manages`: they read how it stands and decide nothing."""

    tiles: tuple[Tile, ...]
    cards: tuple[Card, ...]
    rows: tuple[Row, ...]
    filters: Filters
    page: int
    pages: int
    years: tuple[YearRow, ...]
    year: int
    choices: tuple[int, ...]
    year_notes: tuple[str, ...]
    may_plan: bool
    only_manages: bool
    done: str
    undo: "Undo | None"
    undos: tuple["Undo", ...]
    refused: tuple[str, ...]
    next_decision: str


@dataclass(frozen=True)
class Undo:
    """A decision that was just made, what it was (`what`), and that it can be taken back; without an id it can't any more,
    and `text` says why. `moves`: its people can be moved to another start."""

    cohort_id: int
    decision_id: int
    what: str
    text: str
    moves: bool
    name: str


def undo_of(cohort_id: int, name: str, found: Decided, until: datetime, refused: str = "", told: bool = True) -> Undo:
    """`told`: people get messages about it."""
    moves = found.decision == "cancel"
    what = _decided(_SAID[found.decision], name)
    if refused:
        return Undo(cohort_id, 0, what, refused, moves, name)
    text = _("Du kan ångra till %(time)s.", time=clock(until))
    if told:
        text = _("Beskeden går %(time)s. Till dess kan du ångra.", time=clock(until))
    return Undo(cohort_id, found.decision_id, what, text, moves, name)


def undo_hint(until: datetime | None, told: bool = True, ring: bool = False) -> str:
    """Whether a decision that is made now can be taken back, and until when; `told`: people get messages about it, `ring`:
    some have to be rung."""
    if not told:
        return _("Det går att ångra i tio minuter.") if until else _("Det går inte att ångra, eftersom det är så nära.")
    if until is None:
        return _("Beskeden går på en gång, eftersom det är så nära. Det går inte att ångra.")
    hint = _("Beskeden går efter tio minuter. Till dess går det att ångra.")
    return hint + " " + _("Ring först då.") if ring else hint


@dataclass(frozen=True)
class Offered:
    """A group programme whose year the asker reads: its short name, and the starts a year that there are to be at least;
    `by_guideline` as the guideline itself says."""

    section: str
    name: str
    required: int | None
    study_visit: bool = False
    by_guideline: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What the address asks for, and what has just happened, in words. `view`: `lista` or `kort`, where one was chosen."""

    year: int
    page: int
    done: str = ""
    undo: "Undo | None" = None
    undos: tuple["Undo", ...] = ()
    refused: tuple[str, ...] = ()
    filter: Filter = EVERYTHING
    view: str = ""
    staff_id: int | None = None

    def compact(self, starts: int) -> bool:
        """Whether so many starts stand a line each."""
        return self.view == "lista" or (self.view != "kort" and starts > MOST_CARDS)


def cockpit(
    starts: Sequence[Start],
    found: Sequence[YearStart],
    offered: Sequence[Offered],
    uncounted: Collection[int],
    coordinates: Callable[[str], bool],
    today: date,
    wanted: Wanted,
    ages: Mapping[int, AgeAsked],
) -> Cockpit:
    """Everything on the page. `uncounted` are programmes, by id, whose people may not be counted; `ages` how each of
    them asks for an age."""
    short = {start.cohort_id: max(0, start.minimum - start.confirmed) for start in starts}
    by_section = years({o.section: o.required for o in offered}, found, short)
    names = {o.section: o.name for o in offered}
    visits = {o.section: o.study_visit for o in offered}
    shown = {s for s, year in by_section.items() if year.required is not None or year.done or year.planned}
    narrowed = [start for start in starts if wanted.filter.holds(start)]
    # By all of them: what one narrows them to looks as it did before.
    compact = wanted.compact(len(starts))
    cards, rows, at, pages = cards_and_rows(narrowed, today, coordinates, uncounted, wanted, ages, compact)
    may_plan = any(coordinates(o.section) for o in offered)
    this_year = by_section if wanted.year == today.year else {}
    return Cockpit(
        tiles=tiles(narrowed, today, this_year, names),
        cards=cards,
        rows=rows,
        filters=filters(starts, len(narrowed), wanted.filter, wanted.view, compact),
        page=at,
        pages=pages,
        years=year_rows(by_section, names, shown, Chances(wanted.year, today, visits), coordinates),
        year=wanted.year,
        choices=(today.year, today.year + 1),
        year_notes=year_notes([(o.section, o.required, o.by_guideline) for o in offered]),
        may_plan=may_plan,
        only_manages=wanted.staff_id is not None and not may_plan,
        done=wanted.done,
        undo=wanted.undo,
        undos=wanted.undos,
        refused=wanted.refused,
        next_decision=day_long(narrowed[0].decide_by) if narrowed else "",
    )


# The message that each decision puts on its way.
TELLS: Mapping[str, Kind] = {
    "startad": "cohort_started",
    "uppskjuten": "cohort_postponed",
    "installd": "cohort_cancelled",
}


# The decision that each word in the address says was made.
DECIDED: Mapping[str, str] = {"startad": "start", "uppskjuten": "postpone", "installd": "cancel"}
_SAID = {decision: what for what, decision in DECIDED.items()}


@dataclass(frozen=True)
class TakenBack:
    """Which decision was taken back last; `again`: when the messages of the postponing leave that stands again with that."""

    decision: str
    again: datetime | None = None


def taken_back(newest: Decided | None, history: Sequence[Line], tells: bool, now: datetime) -> TakenBack | None:
    """The one that was taken back last, if any; `tells`: people are told of the newest that stands."""
    undone = [(line.undone_at, line.decision) for line in history if line.undone_at]
    if not undone:
        return None
    until = newest.undone_until if newest and newest.decision == "postpone" and tells else None
    return TakenBack(max(undone)[1], until if until and until > now else None)


def _undone(name: str, back: TakenBack) -> str:
    """That a decision is taken back, and what stays that came of it."""
    found = [
        _("Beslutet om %(name)s är ångrat. Ingen deltagare har fått besked om beslutet.", name=name),
        {
            "cancel": _("Den som redan hade flyttat till en annan start är kvar där."),
            "postpone": _(
                "Den som redan hade flyttat till en annan start är kvar där, och den som däremellan fick veta andra dagar "
                "får veta vilka som gäller."
            ),
        }.get(back.decision, ""),
    ]
    if back.again:
        found.append(
            _(
                "Framflyttningen före det gäller igen. Beskeden om den går %(when)s, om ni inte ångrar också den.",
                when=clock(back.again),
            )
        )
    return " ".join(part for part in found if part)


def _decided(what: str, name: str) -> str:
    texts = {
        "startad": _("%(name)s är startad.", name=name),
        "uppskjuten": _("%(name)s är framflyttad. Alla behåller sin plats.", name=name),
        "installd": _("%(name)s är inställd. Kalendrarna visar det.", name=name),
        "angrad": _undone(name, TakenBack("postpone")),
        "platser": _("Antalet platser i %(name)s är ändrat.", name=name),
    }
    return texts.get(what, "")


def done_text(
    what: str,
    name: str,
    reach: Reach,
    tells: bool = True,
    until: datetime | None = None,
    back: TakenBack | None = None,
) -> str:
    """What has just been decided and who hears of it how, from a fixed list; anything else says nothing. `tells`: it is such
    as people are told of; `until`: it can be taken back until then, and nobody is rung before. `back`: what was taken back,
    where that was what was done."""
    if what == "angrad" and back:
        return _undone(name, back)
    if what == "startad" and not tells:
        return _decided(what, name) + " " + _("Ingen får besked: alla träffar har varit.")
    calls = _("De som ska ringas står på Idag.") if reach.ring else ""
    if calls and until:
        calls += " " + ring_after(until)
    said = _decided(what, name)
    return " ".join(part for part in (said, told(reach), calls) if part) if said else ""


def happened(what: str, newest: Decided | None, history: Sequence[Line], today: date) -> bool:
    """Whether what an address says was just decided is so: made today, and nothing was decided or taken back since. An
    address can be kept, typed, or be from before somebody else took the decision back."""
    if what in DECIDED:
        latest = bool(history) and history[0].undone_at is None
        return latest and newest is not None and newest.decision == DECIDED[what] and local_date(newest.decided_at) == today
    if what == "angrad":
        undone = history[0].undone_at if history else None
        return undone is not None and local_date(undone) == today
    return True


def not_taken_back(name: str) -> str:
    return _("Beslutet om %(name)s är inte ångrat.", name=name)


def cards_and_rows(
    starts: Sequence[Start],
    today: date,
    coordinates: Callable[[str], bool],
    uncounted: Collection[int],
    wanted: Wanted,
    ages: Mapping[int, AgeAsked],
    compact: bool,
) -> tuple[tuple[Card, ...], tuple[Row, ...], int, int]:
    """The nearest in full, the rest as a table in pages; or all of them in the table."""
    near = 0 if compact else soon([start.decide_by for start in starts], today, MOST_SOON)
    later = starts[near:]
    pages = max(1, -(-len(later) // PER_PAGE))
    at = min(max(1, wanted.page), pages)
    mine = [s for s in starts[:near] if coordinates(s.section)]
    main = next((s.cohort_id for s in mine if start_choice(s.deciding, s.confirmed) == "start"), 0)
    cards = tuple(
        card(
            s,
            today,
            coordinates(s.section),
            s.cohort_id == main,
            s.programme_id in uncounted,
            ages.get(s.programme_id, "none"),
            linked(s, coordinates, wanted.staff_id),
        )
        for s in starts[:near]
    )
    rows = tuple(
        row(s, today, coordinates(s.section), linked(s, coordinates, wanted.staff_id))
        for s in later[(at - 1) * PER_PAGE : at * PER_PAGE]
    )
    return cards, rows, at, pages


def tiles(starts: Sequence[Start], today: date, in_year: Mapping[str, Year], names: Mapping[str, str]) -> tuple[Tile, ...]:
    """The four numbers at the top, each with what it is made of."""
    near = [start for start in starts if start.decide_by <= today + TILE]
    below = [start for start in starts if start.confirmed < start.minimum]
    queues = [start for start in starts if start.queued]
    missing = sum(start.minimum - start.confirmed for start in below)
    late = sum(1 for start in starts if start.decide_by < today)
    # The nearest one may lie beyond the fourteen days, but not beside a number that counts others.
    coming = [start.decide_by for start in (near or starts) if start.decide_by >= today]
    first = [ngettext("%(n)s försenat", "%(n)s försenade", late)] if late else []
    first += [_("närmast %(day)s", day=day_long(coming[0]))] if coming else []
    lacking = [names[section] for section, year in in_year.items() if year.lacking]
    found = [
        Tile(_("Beslut inom 14 dagar"), len(near), ", ".join(first) or _("inga beslut väntar")),
        Tile(_("Under minsta antal"), len(below), ngettext("%(n)s till behövs", "%(n)s till behövs tillsammans", missing)),
        Tile(
            _("I kö"),
            sum(start.queued for start in queues),
            ngettext("i %(n)s grupp", "i %(n)s grupper", len(queues)) if queues else _("ingen väntar"),
        ),
    ]
    if in_year:
        note = listed(lacking) if lacking else _("ingen insats")
        found.append(Tile(_("Saknar starter i år"), len(lacking), note, tuple(lacking)))
    return tuple(found)
