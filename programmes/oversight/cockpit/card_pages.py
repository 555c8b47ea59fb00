"""One start as a card or as a row of the table: how it stands, what it needs, what is next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.rules import StartChoice, decide_start, start_choice
from programmes.cohorts.wording_rules import said
from programmes.core.clock import local_date
from programmes.core.i18n import day_long, day_parts, day_short, day_shortest, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.rules import (
    Shortage,
    Start,
    next_action,
    shortage,
)

MOST_SEATS_DRAWN = 24
# So many letters of a name have room in a line of the list in two columns (at 1280 px), each count of people (p, k, b) takes
# some of them, and of a programme that is cut so many are to be left.
_LETTERS, _LETTERS_OF_A_COUNT, _HEAD, _DOTS = 30, 5, 6, 3
# On a phone so many letters of the rest have room beside those of the programme, and so many where it has nearly none.
_FITS_BESIDE, _FITS_ALONE = 8, 12


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
class Name:
    """A start's name where there may be no room for it. `programme` is what it begins with, `cut` gives way, `kept` is what
    tells it from the others of its programme. `number`: the section's, to stand for the programme where it is narrow."""

    number: str
    programme: str
    cut: str
    kept: str

    @property
    def is_short(self) -> bool:
        """Whether what it begins with is so short that it is never cut on a phone."""
        return bool(self.kept) and not self.number and len(self.cut) <= _HEAD

    @property
    def keeps_head(self) -> bool:
        """Whether some letters of what it begins with are left on a phone whatever the rest has room for. Of a long rest the
        end gives way to them; one that would just fit is kept whole by itself, as it may be all that tells two apart."""
        fits = _FITS_BESIDE < len(self.kept) <= _FITS_ALONE
        return bool(self.kept) and len(self.programme or self.cut) > _HEAD and not (self.number and fits)


@dataclass(frozen=True)
class Row:
    """One start on a line of the table. How many are missing on how many days is in its tag; `left`: the days, if not."""

    start: Start
    name: "Name"
    decide_by: str
    tag: tuple[str, str, str]
    when: str
    left: str
    next: "Next"
    mine: bool
    linked: bool
    details: str


def linked(start: Start, coordinates: Callable[[str], bool], staff_id: int | None) -> bool:
    """Whether the group's own page is the asker's to open: a manager sees how starts stand, and nobody in them."""
    return staff_id is None or coordinates(start.section) or any(staff_id == number for number, _name in start.leaders)


def _next(start: Start, choice: StartChoice, days: int, brief: bool = False) -> Next:
    """The next action; `brief`: in so few words that they fit on the start's line."""
    group, own = f"/personal/grupper/{start.cohort_id}", f"/personal/starter/{start.cohort_id}"
    action = next_action(start, choice, days)
    missing = start.minimum - start.confirmed
    texts = {
        "announce": Next(_("Öppna anmälan") if brief else _("Öppna för anmälan"), f"{group}/traffar"),
        "start": Next(_("Starta"), f"{own}/starta"),
        "fewer": Next(
            _("Starta med färre") if brief or start.noted else _("Starta med färre, eller skjut upp"), f"{own}/starta"
        ),
        "finish": Next(_help(start.preliminary, brief), group),
        "fill": Next(ngettext("Hitta %(n)s till", "Hitta %(n)s till", missing), group),
        "settle": Next(_("Besluta nu"), f"{own}/starta")
        if brief or start.noted
        else Next(_("Skjut upp eller ställ in"), f"{own}/skjut-upp"),
    }
    return texts[action]


def _help(n: int, brief: bool) -> str:
    if brief:
        return ngettext("Hjälp %(n)s bli klar", "Hjälp %(n)s bli klara", n)
    return ngettext("Hjälp %(n)s preliminär att bli klar", "Hjälp %(n)s preliminära att bli klara", n)


def _details(start: Start) -> tuple[str, ...]:
    """Study visits that are left to do, and what people have said about new days."""
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
    return card(start, today, mine=True, main=True, uncounted=False, age=age, linked=True)


def card(start: Start, today: date, mine: bool, main: bool, uncounted: bool, age: AgeAsked, linked: bool) -> Card:
    """One start as a card; `mine`: the asker coordinates it, `main`: it has the page's one main button."""
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
        notes=(
            *(said(reason) for reason in refusals if reason.code in shown),
            *([held_note(start, choice)] if start.noted else []),
            *_ages_of_another_day(start, age),
        ),
        main=main,
        drawn=start.maximum <= MOST_SEATS_DRAWN,
        next=_next(start, choice, short.days),
        details=_details(start),
        linked=linked,
    )


def held_note(start: Start, choice: StartChoice) -> str:
    """Why a start is not offered to be postponed or cancelled, and what can be done instead where it can't be started."""
    note = ngettext(
        "%(n)s träff är redan hållen och antecknad, så starten kan varken skjutas upp eller ställas in.",
        "%(n)s träffar är redan hållna och antecknade, så starten kan varken skjutas upp eller ställas in.",
        start.noted,
    )
    return f"{note} {held_instead(start, choice)}" if choice == "not_yet" else note


def held_instead(start: Start, choice: StartChoice) -> str:
    """What can be done about a start of which something was held."""
    if choice != "not_yet":
        return _("Starta i stället, ställ in de träffar som är kvar och avsluta sedan.")
    return ngettext(
        "Den kan starta när minst %(n)s är klar. Annars ställer ni in de träffar som är kvar, och avslutar gruppen.",
        "Den kan starta när minst %(n)s är klara. Annars ställer ni in de träffar som är kvar, och avslutar gruppen.",
        start.required or 1,
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


def row(start: Start, today: date, mine: bool, linked: bool) -> Row:
    """One start as a row of the table."""
    short = shortage(start.minimum, start.confirmed, start.decide_by, today)
    when = ngettext("%(n)s dag sen", "%(n)s dagar sen", -short.days) if short.days < 0 else _when(short.days)
    return Row(
        start,
        short_name(start),
        day_shortest(start.decide_by),
        brief_tag(start, short),
        when,
        "" if _paced(start, short) else when if short.days < 2 else _in(short.days),
        next_step(start, short),
        mine,
        linked,
        " ".join(_about_new_days(start)),
    )


def short_name(start: Start) -> Name:
    """What tells two starts of a programme apart stands last (`Återfallsprevention, torsdagar`), so that is what is kept."""
    head, comma, rest = start.name.partition(", ")
    if not comma:
        head, comma, rest = start.name.rpartition(" ")
    room, kept = _LETTERS - _LETTERS_OF_A_COUNT * start.kinds, comma + rest
    if not head:
        return Name("", "", start.name, "")
    if min(len(head), _HEAD) + len(kept) <= room - _DOTS:
        return Name("", "", head, kept)
    middle, kept = _last_of(kept) if len(start.section) + len(kept) > room else ("", kept)
    return Name(start.section, head, middle, kept)


def _last_of(text: str) -> tuple[str, str]:
    """`, onsdagar i Asarum, våren` in two: what is before its last part, and that."""
    at = max(text.rfind(", ", 1), 0) or max(text.rfind(" ", 2), 0)
    return text[:at], text[at:]


def next_step(start: Start, short: Shortage) -> Next:
    """The one next action, in few words."""
    return _next(start, start_choice(start.deciding, start.confirmed), short.days, brief=True)


def _paced(start: Start, short: Shortage) -> bool:
    return start.state != "planned" and short.missing > 0 and short.days >= 0


def brief_tag(start: Start, short: Shortage) -> tuple[str, str, str]:
    """One tag in a line: what a late one lacks stands beside it, and the pace that is needed is in it."""
    if short.days < 0:
        return _("Försenat"), "stop", "clock"
    if not _paced(start, short):
        return _tag(start, short)
    _text, kind, icon = _tag(start, short)
    if short.days == 0:
        return _("%(n)s till idag", n=short.missing), kind, icon
    return _("%(n)s till på %(days)s", n=short.missing, days=_in(short.days)), kind, icon


def how_late(days: int) -> str:
    """In words, as a number below nought is guarded in a file."""
    return _("Försenat, %(days)s", days=_in(days))


def _when(days: int) -> str:
    if days < 0:
        return ngettext("för %(n)s dag sedan", "för %(n)s dagar sedan", -days)
    if days == 0:
        return _("idag")
    return _("i morgon") if days == 1 else _("om %(n)s dagar", n=days)


def _first(start: Start, uncounted: bool) -> str:
    parts = [_("Inga träffar är planerade.")]
    if start.first_start:
        parts = [_days(start, day_long(local_date(start.first_start)))]
    if start.queued:
        parts.append(_("%(n)s i kö.", n=start.queued))
    parts += [queue_kept(start.queue_until)] if start.queue_until else []
    if uncounted:
        parts.append(_("Platserna räknas inte i statistiken."))
    return " ".join(parts)


def queue_kept(until: date) -> str:
    """That those who wait lose nothing by a late decision, but don't wait for ever."""
    return _("De som står i kö väntar på ert beslut, men längst till %(day)s.", day=day_long(until))


def _days(start: Start, first: str) -> str:
    """When it starts; of a late one that its first day has been, and how many sessions are left."""
    if not start.begun:
        return _("Startar %(day)s.", day=first)
    if start.begun == start.sessions:
        return _("Skulle ha startat %(day)s. Alla träffar har varit.", day=first)
    left = ngettext(
        "%(n)s träff av %(all)s är kvar.",
        "%(n)s träffar av %(all)s är kvar.",
        start.sessions - start.begun,
        all=start.sessions,
    )
    return _("Skulle ha startat %(day)s.", day=first) + " " + left


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
