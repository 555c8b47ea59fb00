"""What comes next in a group: the one thing to do, or when the next session is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from programmes.attendance.queries import Erased, Figure, Unnoted
from programmes.attendance.rules import Kind
from programmes.catalogue.rules import Programme
from programmes.cohorts.closure_rules import Entered
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.talk_rules import Tally
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.closing.receipt_wording_rules import Alone, alone
from programmes.desk.closing.rules import ErasedList
from programmes.desk.today.needs_pages import wait_for_decision
from programmes.enrolment.queries import Places
from programmes.enrolment.roster import RosterEntry
from programmes.enrolment.visits.queries import VisitNeed


@dataclass(frozen=True)
class Facts:
    """Everything that the page is made of. `workers` are name, role, last day and whether they still have it; `notices`
    states by enrolment. `withdrawn`: who was moved away and has taken back the consent to contact with the partner since.
    `turned_down`: whom staff can let in again, and until when. `passed_by`: who of the queue was, how and when last.
    `talks`: those of a series. `may_take_home`: who looks may take its lists out of the service. `erased`: whom retention
    has taken, with the `figures` of the whole group, which stay. `closures`: when rooms are closed. `had_offer`: whose offer
    ended when their start was cancelled, or their group ended; `first_until`: until when they, and who queues, may move to
    the next start before newcomers. `list_gone`: it has gone by itself. `with_visits`: study visits are worked with,
    with what is needed in `visits`."""

    now: datetime
    cohort: CohortFacts
    programme: Programme
    kind: Kind
    places: Places
    roster: Sequence[RosterEntry]
    sessions: Sequence[SessionFacts]
    unnoted: Sequence[Unnoted]
    notices: Mapping[UUID, str]
    workers: Sequence[tuple[str, str, date | None, bool]]
    coordinates: bool
    visits: VisitNeed | None = None
    with_visits: bool = False
    turned_down: Sequence[tuple[UUID, str, datetime]] = ()
    withdrawn: Sequence[tuple[UUID, str]] = ()
    erased: Erased | None = None
    figures: Sequence[Figure] = ()
    passed_by: Mapping[UUID, tuple[str, datetime]] = field(default_factory=dict)
    talks: Tally | None = None
    may_take_home: bool = False
    closures: Sequence[Entered] = ()
    had_offer: Collection[UUID] = ()
    first_until: datetime | None = None
    list_gone: ErasedList | None = None

    @property
    def today(self) -> date:
        return local_date(self.now)

    @property
    def gone(self) -> Alone | None:
        """What is said of a list that has gone by itself."""
        return alone(self.list_gone, self.cohort.form, self.cohort.state, self.cohort.first_start is not None)

    @property
    def address(self) -> str:
        return f"/personal/grupper/{self.cohort.cohort_id}"


@dataclass(frozen=True)
class NextStep:
    """What comes next; without `label` there is nothing to press."""

    eyebrow: str
    title: str
    text: str
    address: str = ""
    label: str = ""


def next_step(facts: Facts) -> NextStep | None:
    """The one thing that comes next in this group."""
    state = facts.cohort.state
    if state in {"closed", "cancelled"}:
        return None
    if state == "planned":
        text = _("Ingen kan anmäla sig förrän den är öppen.")
        label = _("Till öppnandet") if facts.coordinates else ""
        return NextStep(_("Nästa steg"), _("Öppna gruppen för anmälan"), text, f"{facts.address}/traffar", label)
    if facts.unnoted and not facts.cohort.undecided:
        return _note_attendance(facts, facts.unnoted[0])
    if state != "started" and facts.visits and facts.visits.lacking and facts.cohort.decide_by > facts.today:
        return _offer_visits(facts, facts.visits.lacking)
    if facts.cohort.undecided:
        return _decide(facts)
    return _go_on(facts)


def _book(facts: Facts) -> NextStep | None:
    """The next talk of a series that is booked as it goes on, when none is to come and somebody has the place; nothing where
    it has ended, or has as many as the guideline says."""
    talks, somebody = facts.talks, facts.places.held > facts.places.offered
    if talks is None or not somebody or not facts.cohort.books_next(talks.most, facts.now):
        return None
    title = _("Boka nästa samtal") if talks.counted else _("Boka det första samtalet")
    text = _("Inget samtal är bokat.") + (" " + _("Är det slut? Gå till Avsluta.") if talks.counted else "")
    return NextStep(_("Nästa steg"), title, text, f"{facts.address}/boka", _("Boka en tid"))


def _go_on(facts: Facts) -> NextStep | None:
    """The next talk to book, or the end, when the last session is over; else when the next one is."""
    if booking := _book(facts):
        return booking
    if facts.cohort.last_end and facts.cohort.last_end <= facts.now:
        text = _("Sista tillfället var %(day)s.", day=day_long(local_date(facts.cohort.last_end)))
        if facts.cohort.first_start is None:
            text = _("Alla tillfällen är inställda.")
        return NextStep(_("Nästa steg"), _("Avsluta gruppen"), text, f"{facts.address}/avsluta", _("Till avslutet"))
    coming = [s for s in facts.sessions if s.state in {"planned", "moved"} and s.ends_at > facts.now]
    if not coming:
        return None
    if facts.cohort.form == "individual" and facts.cohort.state == "open" and facts.places.held > facts.places.offered:
        if unshown := next((entry for entry in facts.roster if "show_age" in entry.remaining), None):
            return _check_age(facts, unshown)
        first = _("Platsen är tagen. Första samtalet är %(when)s.", when=moment_long(coming[0].starts_at))
        address = f"{facts.address}/starta-samtal"
        return NextStep(_("Nästa steg"), _("Starta samtalen"), first, address, _("Starta samtalen"))
    text = f"{coming[0].address}, {coming[0].venue}."
    return NextStep(_("Nästa tillfälle"), capital(moment_long(coming[0].starts_at)), text)


def _check_age(facts: Facts, entry: RosterEntry) -> NextStep:
    """Before the talks start: the section demands it, and who holds the place has no guardian's consent."""
    text = _("Åldern ska visas innan samtalen startar, eftersom ingen vårdnadshavare har sagt ja (%(section)s).",
             section=facts.cohort.section)  # fmt: skip
    address = f"{facts.address}/deltagare/{entry.enrolment_id}#leg"
    return NextStep(_("Nästa steg"), _("Kontrollera åldern"), text, address, _("Kontrollera åldern"))


def _note_attendance(facts: Facts, entry: Unnoted) -> NextStep:
    which = numbered(facts.cohort.form, entry.number)
    day = local_date(entry.starts_at)
    titles = {
        "names": _("Ta närvaro för %(which)s", which=which),
        "count": _("Skriv antal för %(which)s", which=which),
        "held": _("Skriv om %(which)s hölls", which=which),
    }
    when = _("Den är idag.") if day == facts.today else _("Den var %(day)s.", day=day_long(day))
    address = f"/personal/traffar/{entry.session_id}/narvaro"
    labels = {"names": _("Ta närvaro"), "count": _("Skriv antal"), "held": _("Öppna")}
    return NextStep(_("Nästa steg"), titles[facts.kind], when, address, labels[facts.kind])


def _offer_visits(facts: Facts, waiting: int) -> NextStep:
    text = ngettext("%(n)s person väntar på att kunna boka, och ingen tid är ledig.",
                    "%(n)s personer väntar på att kunna boka, och ingen tid är ledig.", waiting)  # fmt: skip
    title = _("Lägg till tider för studiebesök")
    return NextStep(_("Nästa steg"), title, text, f"{facts.address}/studiebesok", _("Lägg till tider"))


def _decide(facts: Facts) -> NextStep:
    cohort, due = facts.cohort, facts.cohort.decide_by
    days = (due - facts.today).days
    if days < 0:
        eyebrow = _("Nästa steg, skulle ha tagits senast %(day)s", day=day_long(due))
    elif days == 0:
        eyebrow = _("Nästa steg, senast idag")
    else:
        in_days = ngettext("om %(n)s dag", "om %(n)s dagar", days)
        eyebrow = _("Nästa steg, senast %(day)s (%(in_days)s)", day=day_long(due), in_days=in_days)
    passed = 0 if cohort.state == "postponed" else len(facts.unnoted)
    text = " ".join([_ready(facts), *wait_for_decision(passed)])
    if not facts.coordinates:
        return NextStep(eyebrow, _("Beslut om gruppen startar"), text + " " + _("Samordnaren beslutar."))
    address = f"/personal/starter/{cohort.cohort_id}/starta"
    return NextStep(eyebrow, _("Besluta om gruppen ska starta"), text, address, _("Ta beslut"))


def _ready(facts: Facts) -> str:
    """Number and rule together, and whose limit it is."""
    n, least = facts.places.confirmed, facts.cohort.minimum
    if facts.programme.participants_min is None:
        done = ngettext("%(n)s klar.", "%(n)s klara.", n)
        return done + " " + _("Er egen gräns är %(least)s, riktlinjen har ingen.", least=least)
    if n >= least:
        return _("Minsta antalet är nått: %(n)s av minst %(least)s är klara.", n=n, least=least)
    return _("%(n)s av minst %(least)s är klara, saknar %(lack)s.", n=n, least=least, lack=least - n)
