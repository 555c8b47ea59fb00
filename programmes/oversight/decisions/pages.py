"""The pages that postpone or cancel a start, or change its places: what happens to whom, before it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from programmes.cohorts.rules import Reason, start_choice
from programmes.cohorts.schedule_rules import Clash, Schedule
from programmes.cohorts.wording_rules import said
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_bare, day_long, day_year, listed, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import State
from programmes.notices.reach_rules import Reach, first_elsewhere, going_first
from programmes.oversight.clash_pages import clash_lines
from programmes.oversight.cockpit.card_pages import held_instead, queue_kept
from programmes.oversight.decisions.day_pages import all_days, apart_lines, new_days, other_days
from programmes.oversight.decisions.effect_pages import Rows, leaders, people
from programmes.oversight.decisions.kept_pages import fixed_reasons
from programmes.oversight.per_year.pages import year_notes
from programmes.oversight.rules import Start, Year, without


@dataclass(frozen=True)
class DecisionPage:
    """`others_now`: it hits others than were shown before. `stands`: why it can't be done at all, and what can be done
    instead, with the ways there; then there is nothing to send."""

    facts: Start
    lead: str
    form: object
    rows: Rows
    reasons: tuple[tuple[str, str], ...] = ()
    warning: tuple[str, str] = ("", "")
    values: tuple[tuple[str, str], ...] = ()
    days: tuple[tuple[str, str, str], ...] = ()
    digest: str = ""
    look_again: bool = False
    others_now: bool = False
    button: str = ""
    keep: str = ""
    hint: str = ""
    others: str = ""
    clashes: tuple[str, ...] = ()
    meant: tuple[str, str] = ("", "")
    other_days: tuple[str, ...] = ()
    stands: tuple[str, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")


@dataclass(frozen=True)
class Other:
    """Another start of the programme that one can apply to: its first day, and whether anybody gets a place at once."""

    day: date
    free: int
    queued: int
    someone_waits: bool

    @property
    def has_room(self) -> bool:
        return self.free > 0 and not self.someone_waits


@dataclass(frozen=True)
class Asked:
    """The year that a start is in, held against the number there is to be; `by_guideline` as the guideline itself says."""

    year: Year
    by_guideline: int | None


class Cancelling(Protocol):
    """`right_services.Cancelling`."""

    @property
    def first(self) -> Reach: ...
    @property
    def moves_on(self) -> bool: ...
    @property
    def everybody(self) -> Reach: ...


class Again(Protocol):
    """`services.Again`."""

    @property
    def schedule(self) -> Schedule: ...
    @property
    def clashes(self) -> Sequence[Clash]: ...
    @property
    def apart(self) -> Sequence[date]: ...
    @property
    def far(self) -> date | None: ...
    @property
    def digest(self) -> str: ...


def _counted(facts: Start) -> str:
    """`3 är klara, 1 är preliminär och 1 är erbjuden.`: the same as the table below it has."""
    found = [ngettext("%(n)s är klar", "%(n)s är klara", facts.confirmed)]
    if facts.preliminary:
        found.append(ngettext("%(n)s är preliminär", "%(n)s är preliminära", facts.preliminary))
    if facts.offered:
        found.append(ngettext("%(n)s är erbjuden", "%(n)s är erbjudna", facts.offered))
    return f"{listed(found)}."


def _need(facts: Start) -> str:
    if facts.required is not None:
        return _("Riktlinjen %(section)s kräver minst %(n)s.", section=facts.section, n=facts.required)
    return _("Er egen gräns är minst %(n)s.", n=facts.minimum)


def _told_button(reach: Reach) -> str:
    """The button says whom mail reaches and whom somebody must ring."""
    if reach.text and reach.ring:
        return _("Ställ in, skicka besked till %(sent)s och ring %(ring)s", sent=reach.sent, ring=reach.ring)
    if reach.text:
        return _("Ställ in och skicka besked till %(n)s", n=reach.text + reach.mail)
    if reach.mail and reach.ring:
        return _("Ställ in, mejla %(mail)s och ring %(ring)s", mail=reach.mail, ring=reach.ring)
    if reach.mail:
        return _("Ställ in och mejla %(n)s", n=reach.mail)
    return _("Ställ in och ring %(n)s", n=reach.ring) if reach.ring else _("Ställ in")


def held_page(facts: Start, reason: Reason, form: object) -> DecisionPage:
    """Instead of the form: a start of which something was held can't be cancelled or postponed."""
    group = f"/personal/grupper/{facts.cohort_id}"
    sessions = (f"{group}/traffar", _("Till träffarna"))
    if facts.form == "drop_in":
        return DecisionPage(facts, "", form, (), stands=(said(reason),), ways=((sessions[0], _("Till tillfällena")),))
    choice = start_choice(facts.deciding, facts.confirmed)
    first = (f"{group}/avsluta", _("Till avslutet"))
    if choice != "not_yet":
        first = (f"/personal/starter/{facts.cohort_id}/starta", _("Till beslutet om start"))
    stands = (said(reason), held_instead(facts, choice))
    return DecisionPage(facts, _counted(facts), form, (), stands=stands, ways=(first, sessions))


def cancel_page(
    facts: Start,
    asked: Asked | None,
    others: Sequence[Other],
    form: object,
    reason: str,
    reached: Mapping[State, Reach],
    told: Cancelling,
    hint: str = "",
) -> DecisionPage:
    """`others` are the programme's other open starts; `asked` the year that this start is in. `told`: who may move here
    before newcomers, and how many people hear of it in all."""
    if facts.form == "drop_in":
        return _cancel_openings(facts, form, reason, hint)
    gone = _("Platsen försvinner. Det står på Min plats.")
    if others:
        gone = _("Platsen försvinner. Får flytta till nästa start på Min plats.")
    rows = people(
        facts,
        gone,
        gone,
        _("Erbjudandet tas tillbaka. Får flytta till nästa start på Min plats.")
        if others
        else _("Erbjudandet tas tillbaka. Det står på Min plats."),
        _("Kön upphör. Får flytta till nästa start på Min plats.") if others else _("Kön upphör. Det står på Min plats."),
        reached,
    )
    first = first_elsewhere(told.first, told.moves_on)
    rows = (*rows, *first)
    if facts.state != "planned" and facts.sessions:
        rows = (*rows, (_("Kalendrar"), _called_off_shown(facts), _("Oftast inom några timmar")))
    return DecisionPage(
        facts,
        f"{_cancel_lead(facts)} {hint}",
        form,
        (*rows, *leaders(facts, _sessions_of_cancel(facts))),
        fixed_reasons(),
        _short_year(facts, asked),
        (("skal", reason),),
        button=_told_button(told.everybody),
        others=_others(others, bool(facts.held or facts.queued or first)),
    )


def _called_off_shown(facts: Start) -> str:
    """What calendars show of a start that is cancelled: of a late one what has been apart from what is left."""
    left = facts.sessions - facts.begun
    if not left:
        return _("Alla träffar har varit. De står också som INSTÄLLT i 30 dagar.")
    shown = ngettext("%(n)s träff står som INSTÄLLT i 30 dagar.", "%(n)s träffar står som INSTÄLLT i 30 dagar.", left)
    if not facts.begun:
        return shown
    return shown + " " + ngettext("Den som har varit också.", "De %(n)s som har varit också.", facts.begun)


def _sessions_of_cancel(facts: Start) -> str:
    """What cancelling means to those who lead; of a late start what has been apart, as there is no room to set free."""
    if not facts.begun:
        return _("Träffarna ställs in. Rum och tider blir lediga.")
    been = ngettext(
        "%(n)s träff av %(all)s har redan varit, och räknas som inställd. Blev den av startar ni i stället.",
        "%(n)s träffar av %(all)s har redan varit, och räknas som inställda. Blev de av startar ni i stället.",
        facts.begun,
        all=facts.sessions,
    )
    if facts.begun == facts.sessions:
        return been
    return been + " " + _("De andra ställs in, och deras rum och tider blir lediga.")


def _cancel_openings(facts: Start, form: object, reason: str, hint: str) -> DecisionPage:
    """The same of a place where people just come: nobody holds a place, queues or is told."""
    rows: Rows = ()
    if facts.state != "planned":
        rows = ((_("Besökare"), _("Verksamheten står inte längre på sidan."), _("På sidan om verksamheten")),)
        if facts.sessions:
            shown = ngettext(
                "%(n)s öppettillfälle står som INSTÄLLT i 30 dagar.",
                "%(n)s öppettillfällen står som INSTÄLLT i 30 dagar.",
                facts.sessions,
            )
            rows = (*rows, (_("Kalendrar"), shown, _("Oftast inom några timmar")))
    return DecisionPage(
        facts,
        _("Inget besked går ut till besökare: vi vet inte vilka som tänkte komma.") + " " + hint,
        form,
        (*rows, *leaders(facts, _("Tillfällena ställs in. Rum och tider blir lediga."))),
        fixed_reasons(),
        values=(("skal", reason),),
        button=_("Ställ in"),
    )


def _others(others: Sequence[Other], anybody: bool) -> str:
    """Where those who lose their place can go, if there is anybody (`anybody`); that a start is full and has a queue is
    said. Before newcomers they go at the next one only."""
    if not others:
        again = [_("De som vill får söka igen när ni öppnar en ny.")] if anybody else []
        return " ".join([_("Ingen annan start är öppen för anmälan."), *again])
    nearest, with_room = min(others, key=lambda o: o.day), [other.day for other in others if other.has_room]
    day = day_long(nearest.day)
    goes = _("Den som vill flyttar dit själv på Min plats, med tiden för sin anmälan, och går före nya anmälningar.")
    if nearest.has_room:
        where = _("Nästa start är %(day)s.", day=day)
    elif with_room:
        later = capital(day_long(min(with_room)))
        where = _("Nästa start är %(day)s, men den är full. %(later)s finns det plats.", day=day, later=later)
        goes = _(
            "Den som vill flyttar själv på Min plats, med tiden för sin anmälan. Till den närmaste av dem går de före nya "
            "anmälningar."
        )
    elif not nearest.queued:
        where = _("Nästa start är %(day)s, men den är full.", day=day)
    else:
        where = ngettext(
            "Nästa start är %(day)s, men den är full och %(n)s person står i kö.",
            "Nästa start är %(day)s, men den är full och %(n)s personer står i kö.",
            nearest.queued,
            day=day,
        )
    return f"{where} {goes}" if anybody else where


def _cancel_lead(facts: Start) -> str:
    if not facts.held and not facts.queued:
        return _("Ingen har plats eller står i kö.")
    people = ngettext("%(n)s person har plats.", "%(n)s personer har plats.", facts.held)
    queue = ngettext("%(n)s står i kö.", "%(n)s står i kö.", facts.queued) if facts.queued else _("Ingen står i kö.")
    return " ".join([people, queue, *([queue_kept(facts.queue_until)] if facts.queue_until else [])])


def _short_year(facts: Start, asked: Asked | None) -> tuple[str, str]:
    """A warning when the number of starts in the year that the guideline demands, or the office wants, is not reached."""
    if asked is None or facts.first_start is None:
        return "", ""
    year = without(asked.year, facts.cohort_id)
    left = len(year.done) + len(year.planned)
    if left >= (year.required or 0):
        return "", ""
    number = local_date(facts.first_start).year
    title = ngettext("Då blir det bara %(n)s start %(year)s", "Då blir det bara %(n)s starter %(year)s", left, year=number)
    if not left:
        title = _("Då blir det ingen start %(year)s", year=number)
    return title, " ".join(year_notes([(facts.section, year.required, asked.by_guideline)]))


def postpone_page(
    facts: Start,
    again: Again,
    decide_by: str,
    first: str,
    asked: Asked | None,
    form: object,
    reason: str,
    reached: Mapping[State, Reach],
    right: Reach,
    look_again: bool = False,
    hint: str = "",
) -> DecisionPage:
    """`again` is what the sessions would be, and what clashes then; `asked` the year that the start was in. `right`: who may
    move here before newcomers: they were told until when, and of no day."""
    schedule = again.schedule
    rows = people(
        facts,
        _("Behåller sin plats, och frågas om de nya dagarna går."),
        _("Behåller sin plats, och frågas om de nya dagarna går. Är ett studiebesök bokat ligger det kvar."),
        _("Erbjudandet gäller de nya dagarna."),
        _("Behåller sin plats i kön och tiden för sin anmälan."),
        reached,
    )
    stays = _("Får flytta hit före andra, lika länge som förut. De nya dagarna står på Min plats.")
    rows = (*rows, *going_first(right, stays, unseen=True))
    days = [day.day for day in schedule.sessions]
    if days and facts.state != "planned":
        rows = (*rows, (_("Kalendrar"), new_days(schedule), _("Oftast inom några timmar")))
    leaves = bool(days) and facts.first_start is not None and days[0].year != local_date(facts.first_start).year
    return DecisionPage(
        facts,
        " ".join([_counted(facts), _need(facts), *([queue_kept(facts.queue_until)] if facts.queue_until else [])]),
        form,
        (*rows, *leaders(facts, _("De nya dagarna gäller."))),
        fixed_reasons(),
        _short_year(facts, asked if leaves else None),
        (("start", first), ("beslut", decide_by), ("skal", reason)),
        all_days(schedule, facts.form, again.clashes),
        again.digest,
        look_again,
        hint=hint,
        clashes=(*clash_lines(again.clashes, len(days), facts.venue), *apart_lines(again.apart)),
        meant=_is_it_meant(again.far),
        other_days=other_days(schedule, first),
        button=_("Skjut upp till %(day)s", day=day_bare(days[0])) if days else _("Skjut upp"),
        keep=_kept_day(facts),
    )


def _is_it_meant(far: date | None) -> tuple[str, str]:
    """A question about a first day that is far off."""
    if far is None:
        return "", ""
    return _("Menar du %(day)s?", day=day_year(far)), _("Det är mer än ett halvår senare än nu.")


def _kept_day(facts: Start) -> str:
    if facts.first_start is None:
        return _("Avbryt")
    return _("Skjut inte upp") if facts.begun else _("Behåll %(day)s", day=day_bare(local_date(facts.first_start)))


def limits_page(
    facts: Start, least: int, most: int, by_guideline: bool, form: object, values: dict[str, str]
) -> DecisionPage:
    """How many places there are, within the guideline's limits where it has them."""
    hint = (
        _(
            "Riktlinjen %(section)s säger %(least)s till %(most)s. Ingen kan gå utanför det.",
            section=facts.section,
            least=least,
            most=most,
        )
        if by_guideline
        else _("Riktlinjen har ingen gräns för antalet. Ni bestämmer.")
    )
    lead = capital(ngettext("%(n)s plats är upptagen.", "%(n)s platser är upptagna.", facts.held))
    return DecisionPage(facts, lead, form, (), values=tuple(values.items()), hint=hint)


def sentences(found: Sequence[Reason]) -> list[tuple[str, str]]:
    """Field and sentence of each reason."""
    return [(reason.beside, said(reason)) for reason in found]
