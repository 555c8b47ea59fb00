"""What the pages show on which sessions are moved, cancelled or given another leader: first what happens to whom, then that
they have been told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.clash_wording_rules import clash_lines
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import ROOM_AND_LEADER, Clash, Day, Schedule, Slot
from programmes.cohorts.wording_rules import begins_soon, many, noted, numbered, said, why_skipped
from programmes.cohorts.words_rules import SessionWords, words_for
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_short, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.desk.changes.rules import Told, Whom
from programmes.notices.leaving_rules import until_text
from programmes.notices.reach_rules import rows

Rows = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Group:
    """The cohort that the session belongs to."""

    cohort_id: int
    name: str
    form: str
    coordinated: bool

    @property
    def words(self) -> SessionWords:
        """What its sessions are called."""
        return words_for(self.form)


@dataclass(frozen=True)
class ChangePage:
    """One change of one session. `refused` says why nothing can be changed at all; `ages` what another first day means where
    there is a limit of age; `shown` the sign of when one would be added, `clashes` what that meets; `begun` that it is over
    or going on; `following` how many sessions come after; `soon` that it begins so soon that some have to be rung."""

    group: Group
    session_id: int
    sequence: int
    title: str
    lead: str
    refused: tuple[str, ...]
    form: object
    rows: Rows
    choices: tuple[tuple[int, str], ...] = ()
    added: str = ""
    shown: str = ""
    ask_anyway: bool = False
    ages: str = ""
    values: tuple[tuple[str, str], ...] = ()
    clashes: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    following: str = ""
    soon: str = ""
    present: tuple[tuple[int, str], ...] = ()

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")


@dataclass(frozen=True)
class RestPage:
    """A session and all that follow, as they would be; nothing is saved yet."""

    group: Group
    session_id: int
    title: str
    lead: str
    rows: Rows
    days: tuple[tuple[str, str, str], ...]
    clashes: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    button: str
    look_again: bool = False
    ages: str = ""
    soon: str = ""


@dataclass(frozen=True)
class DonePage:
    """After a change: that it is done, who has heard of it, and until when it can be undone. `book`: another talk may be
    booked in the series. `lacking`: sessions that nobody leads, and where that is put right. `together`: what was cancelled
    with one tap and is brought back with one. `stands`: why it can't be undone any more, where that needs saying."""

    group: Group
    title: str
    lines: tuple[str, ...]
    missed: int
    complete: bool
    undo: int
    until: str
    refused: tuple[str, ...] = ()
    book: bool = False
    lacking: tuple[tuple[str, str], ...] = ()
    heading: str = ""
    together: tuple[str, ...] = ()
    stands: str = ""


def head(group: Group, session: SessionFacts) -> tuple[str, str]:
    """Title and lead of a page about one session."""
    which = capital(numbered(group.form, session.number))
    day = capital(day_long(local_date(session.starts_at)))
    return which, f"{group.name}. {day} {times(session.starts_at, session.ends_at)}, {session.venue}."


def sentences(found: Sequence[Reason], form: str) -> list[tuple[str, str]]:
    """Field and sentence of each reason."""
    return [(reason.beside, said(reason, form)) for reason in found]


def ages_note(age: AgeAsked, first: bool) -> str:
    """What it means that the first day becomes another one; nothing for other sessions, and where age is not asked."""
    if age == "none" or not first:
        return ""
    if age == "birth_date":
        return _(
            "Åldern räknas den första dagen. Blir den en annan dag markerar vi på gruppens sida den vars ålder inte passar "
            "längre. Ingen förlorar sin plats av sig själv."
        )
    return _(
        "Åldern räknas den första dagen. Blir den en annan dag får alla säga sin ålder igen, på Min plats eller till er. "
        "Ingen förlorar sin plats av sig själv."
    )


def soon_note(found: Sequence[Reason], form: str) -> str:
    """That it begins soon, where it does (`rules.soon`)."""
    return begins_soon(form == "drop_in") if found else ""


def slot_text(slot: Slot | None) -> str:
    """`tisdag 24 november 18.00–20.00`, or nothing."""
    return f"{day_long(local_date(slot.starts_at))} {times(slot.starts_at, slot.ends_at)}" if slot else ""


def cancelled(cohort: CohortFacts, whom: Whom, was: Slot, added: Slot | None, now: datetime) -> Rows:
    """What it means to whom that a session is cancelled and one may be `added`. Of what is over nobody is told."""
    words = words_for(cohort.form)
    new = " " + _("Läggs en ny till är den %(when)s.", when=slot_text(added)) if added else ""
    if was.ends_at > now or cohort.form == "drop_in" or cohort.state == "planned":
        return happens(cohort, whom, words.stands_cancelled + new, words.shown_cancelled)
    if added and added.ends_at > now:
        only_new = _("Läggs en ny till får de veta det, annars får ingen besked.")
        return happens(cohort, whom, f"{words.over} {only_new}{new}", words.shown_cancelled)
    how = _("På gruppens sida och i deras kalender")
    return (
        (_("Deltagarna"), words.over, _("Ingen får besked")),
        (_("Kalendrar"), words.shown_cancelled, _("Oftast inom några timmar")),
        (_("Gruppledare"), words.stands_cancelled, how),
    )


def happens(cohort: CohortFacts, whom: Whom, what: str, shown: str) -> Rows:
    """What a change means to whom, and how they are told. `shown` is what calendars say."""
    calendars = (_("Kalendrar"), shown, _("Oftast inom några timmar"))
    leaders = (_("Gruppledare"), what, _("E-post, på Idag och i deras kalender"))
    if cohort.form == "drop_in":
        return (_("Besökare"), what, _("På sidan om verksamheten")), calendars, leaders
    if cohort.state == "planned":
        return (leaders,)
    silent = [
        (whom.calendar, _("%(n)s med bara kalender", n=whom.calendar), _("Kalendern ändras. Inget besked går ut.")),
        (whom.nobody, _("%(n)s som inget når", n=whom.nobody), _("Syns på Min plats. Säg till dem, eller sätt en lapp.")),
    ]
    people = (*rows(whom.reach, what), *((who, what, how) for n, who, how in silent if n))
    return (*(people or ((_("Ingen har plats än"), what, _("Ingen behöver få veta något")),)), calendars, leaders)


def only_staff(cohort: CohortFacts) -> Rows:
    """What another leader means: neither time nor place is another one, so no participant is told. Of what is only planned
    nobody gets a mail."""
    words = words_for(cohort.form)
    how = _("Syns på Idag") if cohort.state == "planned" else _("E-post, och på Idag")
    return (
        (words.who_come, _("Tid och plats är som förut."), _("Inget besked går ut")),
        (_("Den som tar över"), words.taken_over, how),
        (_("Den som lämnar"), words.handed_over, how),
    )


def days(schedule: Schedule, form: str) -> tuple[tuple[str, str, str], ...]:
    """Every day with its time, what is on it, and why it is skipped."""
    return tuple(_day(day, form) for day in schedule.days)


def _day(day: Day, form: str) -> tuple[str, str, str]:
    if day.off:
        return day_short(day.day), "", why_skipped(day.day, day.off)
    when = f"{day_short(day.day)} {times(day.slot.starts_at, day.slot.ends_at)}"
    notes = [noted(note) for note in day.notes if note.kind not in ROOM_AND_LEADER]
    return when, " ".join([f"{capital(numbered(form, day.number))}.", *notes]), ""


def rest_becomes(times: bool, places: bool) -> tuple[str, str]:
    """What is otherwise for the people of all that are moved, and what calendars show."""
    if not places:
        return _("De nya tiderna gäller."), _("Tiderna ändras.")
    if not times:
        return _("Den nya lokalen gäller."), _("Platsen ändras.")
    return _("De nya tiderna och lokalerna gäller."), _("Tiderna och platsen ändras.")


def clashes(found: Sequence[Clash], apart: Sequence[Reason], form: str) -> tuple[str, ...]:
    """The days on which the room or somebody who leads is elsewhere, in words; and where two would meet who must not."""
    return (*clash_lines(found), *(said(reason, form) for reason in apart))


def rest_button(form: str, n: int) -> str:
    """`Flytta 4 träffar`"""
    return _("Flytta %(what)s", what=many(form, n))


def following(form: str, n: int) -> str:
    """How many sessions come after, and what becomes of them; or nothing."""
    if not n:
        return ""
    after = _("%(what)s kommer efter.", what=many(form, n))
    if form == "group":
        return after + " " + ngettext("Den följer med i samma mönster.", "De följer med i samma mönster.", n)
    return after + " " + ngettext("Det följer med i samma mönster.", "De följer med i samma mönster.", n)


def title_of(done: str, words: SessionWords) -> str:
    """What has just been done, from a fixed list; anything else is only a change."""
    texts = {
        "flyttad": words.moved,
        "resten": _("Resten är flyttat."),
        "installd": words.cancelled,
        "ersatt": words.replaced,
        "ledare": _("Gruppledaren är ändrad."),
        "angrad": _("Ändringen är ångrad."),
    }
    return texts.get(done, _("Den senaste ändringen"))


def told_lines(told: Told, cohort: CohortFacts, of_staff: bool, now: datetime) -> tuple[str, ...]:
    """Who has heard of it, in words."""
    if of_staff:
        told_staff = () if cohort.state == "planned" else (_("De som leder får veta det med e-post."),)
        return (
            _("Deltagarna får inget besked, för tid och plats är desamma. Kalendrarna för er personal är ändrade."),
            *told_staff,
        )
    if cohort.state == "planned":
        return (_("Sidorna och kalendrarna är ändrade. Inget besked går ut."),)
    if cohort.form == "drop_in":
        return (_("Sidorna och kalendrarna är ändrade. De som leder får veta det med e-post, besökare får inget besked."),)
    found = []
    if told.pending:
        found.append(_("Beskeden skrivs just nu. Ladda om sidan om en stund."))
    if told.sent:
        found.append(ngettext("%(n)s person har fått besked.", "%(n)s personer har fått besked.", told.sent))
    if told.by_staff:
        found.append(ngettext("%(n)s har ni sagt det till.", "%(n)s har ni sagt det till.", told.by_staff))
    if told.waiting:
        found.append(ngettext("%(n)s besked är på väg.", "%(n)s besked är på väg.", told.waiting))
    if told.held and told.until:
        found.append(ngettext("%(n)s besked väntar till %(when)s.", "%(n)s besked väntar, de sista till %(when)s.",
                              told.held, when=until_text(told.until, now)))  # fmt: skip
    if told.missed:
        found.append(ngettext("%(n)s person är inte nådd.", "%(n)s personer är inte nådda.", told.missed))
    return (*(found or [_("Ingen behövde få besked.")]), _("Kalendrarna är ändrade och visar det inom några timmar."))


def lacking(found: Sequence[tuple[int, datetime, datetime]]) -> tuple[tuple[str, str], ...]:
    """Sessions that nobody leads for certain: when, and the page on which somebody is asked or it is cancelled."""
    return tuple((slot_text(Slot(starts, ends)), f"/personal/traffar/{number}/sjuk") for number, starts, ends in found)


def heading(told: Told, cohort: CohortFacts, of_staff: bool) -> str:
    """Whether everybody has been told; where nobody is told anything that is not said of anybody."""
    if cohort.state == "planned":
        return _("Ingen behöver få besked")
    if of_staff:
        return _("Deltagarna behöver inget besked")
    if cohort.form == "drop_in":
        return _("Vi vet inte vilka som tänkte komma")
    if told == Told():
        return _("Ingen behöver få besked")
    return _("Alla har fått veta") if complete(told) else _("Alla har inte fått veta än")


def complete(told: Told) -> bool:
    """Whether everybody has been told."""
    return not (told.pending or told.waiting or told.held or told.missed)
