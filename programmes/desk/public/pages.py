"""View models of the public catalogue: the list, and one programme with its starts and places."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from programmes.calendar.rules import Address
from programmes.catalogue.rules import Audience, Lang, Programme, Text
from programmes.catalogue.wording import Fact, Words, conditions, evaluation_text, key_facts, tag_text
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rhythm_rules import rhythm
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_parts, ngettext, number_word, times
from programmes.core.i18n import gettext as _
from programmes.core.retention_rules import RULES
from programmes.enrolment.kept_wording_rules import kept_text
from programmes.enrolment.queries import Places

PAGE_SIZE = 10


@dataclass(frozen=True)
class Office:
    """Whose catalogue this is, in which language, and at what moment it is looked at."""

    lang: Lang
    municipality: str
    now: datetime

    @property
    def today(self) -> date:
        return local_date(self.now)


@dataclass(frozen=True)
class Start:
    """A cohort that one can apply to, or soon can. `timetable` are its sessions, where the page shows times. `first` is None
    of a series of talks of which none is booked yet: the time is agreed upon. `counted`: how many people are in it may be
    said (`Programme.people_counted`)."""

    cohort: CohortFacts
    first: datetime | None
    places: Places
    today: date
    timetable: tuple[SessionFacts, ...] = ()
    counted: bool = False

    @property
    def numbers(self) -> bool:
        """Whether places are told as numbers: not where they would count people (decision 63), nor the one of a series."""
        return self.counted and self.cohort.maximum > 1

    @property
    def free(self) -> int:
        """Seats a newcomer can have: none while somebody queues who would be offered one first (decision 10), nor those that
        are kept for people of a cancelled start."""
        return 0 if self.places.someone_waits else self.places.free(self.cohort.maximum)

    @property
    def not_yet(self) -> bool:
        return self.cohort.enrol_from > self.today

    @property
    def address(self) -> str:
        return f"/anmalan/{self.cohort.public_id}"

    @property
    def day(self) -> str:
        """The day of the first session. That it is agreed upon, where it is."""
        if self.first is None:
            return _("tiden bestämmer ni tillsammans")
        return day_long(local_date(self.first))

    @property
    def short_day(self) -> str:
        """`7 oktober`, without the weekday that stands in the date sign."""
        return self.day.split(" ", 1)[1] if self.first else self.day

    @property
    def starts(self) -> str:
        """`Startar 7 oktober`, or that the time is agreed upon."""
        return _("Startar %(day)s", day=self.short_day) if self.first else capital(self.day)

    @property
    def sign(self) -> tuple[str, str, str] | None:
        return day_parts(local_date(self.first)) if self.first else None

    @property
    def order(self) -> float:
        """By the first day; what is agreed upon after what has one."""
        return self.first.timestamp() if self.first else float("inf")

    @property
    def _none_free(self) -> str:
        first = _("Fullt.")
        if self.places.kept_until and not self.places.free(self.cohort.maximum):
            first = kept_text(self.places.kept_until)
        elif self.cohort.maximum > self.places.held:
            first = _("Lediga platser går först till dem som väntar.")
        return first + " " + _("Du kan ställa dig i kö.")

    @property
    def places_text(self) -> str:
        """How many places are left, or only whether any is, in words that need no picture; nothing before the enrolment
        opens where there is no number to say."""
        if self.not_yet:
            return ngettext("%(n)s plats", "%(n)s platser", self.cohort.maximum) if self.numbers else ""
        if not self.free:
            return self._none_free
        if self.cohort.maximum == 1:
            return _("En ledig plats")
        if not self.numbers:
            return _("Det finns lediga platser")
        return _("%(free)s av %(most)s platser kvar", free=self.free, most=self.cohort.maximum)

    @property
    def missed_text(self) -> str:
        """That the group is full, or that others wait for what is free there, for who reads of a later one."""
        if self.cohort.maximum > self.places.held:
            return _("Till gruppen som startar %(day)s är det kö.", day=self.short_day)
        return _("Gruppen som startar %(day)s är full.", day=self.short_day)

    @property
    def hours(self) -> str:
        """`måndagar 13.00–15.00`: each weekday with its hours, or the hours alone of a single session."""
        sessions = [s for s in self.timetable if s.state != "cancelled"]
        if not sessions:
            return _("Efter överenskommelse") if self.cohort.unbooked else ""
        if len(sessions) == 1:
            return times(sessions[0].starts_at, sessions[0].ends_at)
        return rhythm([s.slot for s in sessions], self.cohort.every_weeks)

    @property
    def rhythm(self) -> str:
        """`onsdagar 13.00–15.00, 4 träffar`"""
        sessions = [s for s in self.timetable if s.state != "cancelled"]
        if not sessions or self.cohort.one_at_a_time:
            booked = _("samtalen bokas ett i taget")
            return f"{self.hours}, {booked}" if sessions else capital(booked) if self.cohort.unbooked else ""
        known = {"group": ngettext("%(n)s träff", "%(n)s träffar", len(sessions))}
        count = known.get(self.cohort.form) or ngettext("%(n)s samtal", "%(n)s samtal", len(sessions))
        return f"{self.hours}, {count}"


@dataclass(frozen=True)
class Opening:
    """The next time an open meeting place is open, the times after it that the page has room for, and its open calendar."""

    session: SessionFacts
    place: str
    then: tuple[SessionFacts, ...] = ()
    cohort_id: int = 0
    calendar: Address | None = None

    @property
    def day(self) -> str:
        return day_long(local_date(self.session.starts_at))

    @property
    def hours(self) -> str:
        return times(self.session.starts_at, self.session.ends_at)

    @property
    def later(self) -> list[str]:
        """`Fredag 27 november 13.00–16.00`, one a line."""
        return [f"{capital(day_long(local_date(s.starts_at)))} {times(s.starts_at, s.ends_at)}" for s in self.then]

    @property
    def sign(self) -> tuple[str, str, str]:
        return day_parts(local_date(self.session.starts_at))


@dataclass(frozen=True)
class Card:
    """One programme in the list. `kind` says what stands beside it: a start, an opening, or how to get in touch."""

    slug: str
    name: str
    lead: str
    tag: str
    exempt: bool
    urgent: bool
    kind: str
    start: Start | None = None
    opening: Opening | None = None
    also: str = ""

    @property
    def order(self) -> tuple[int, float]:
        """What starts soon comes first; then what one calls about; then what is open anyway."""
        ranks = {"start": 0, "contact": 1, "drop_in": 2, "none": 3, "catalogue_only": 4}
        return ranks[self.kind], self.start.order if self.start else 0.0


@dataclass(frozen=True)
class Chip:
    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class ListPage:
    cards: Sequence[Card]
    total: int
    chips: Sequence[Chip]
    pages: Sequence[Chip]
    following: str

    @property
    def heading(self) -> str:
        if len(self.cards) == self.total:
            return ngettext("%(n)s insats", "%(n)s insatser", self.total)
        return _("%(shown)s av %(total)s insatser", shown=len(self.cards), total=self.total)


@dataclass(frozen=True)
class StepView:
    title: str
    text: str


@dataclass(frozen=True)
class UrgentView:
    name: str
    number: str
    dial: str
    note: str


@dataclass(frozen=True)
class RecordsView:
    kept: Sequence[str]
    kept_for_now: str
    not_kept: Sequence[str]
    retention: str


@dataclass(frozen=True)
class ProgrammePage:
    """Everything the page of a programme says, in the language of the request."""

    name: str
    short_name: str
    section: str
    kind: str
    form: str
    exempt: bool
    lead: str
    facts: Sequence[Fact]
    urgent: Sequence[UrgentView]
    what: Sequence[str]
    conditions: Sequence[str]
    proof: str
    steps: Sequence[StepView]
    records: RecordsView
    good_to_know: Sequence[str]
    evaluation: str
    often: str
    starts: Sequence[Start] = field(default_factory=tuple)
    openings: Sequence[Opening] = field(default_factory=tuple)
    off: Sequence[str] = ()

    @property
    def next_start(self) -> Start | None:
        return best(self.starts)

    @property
    def minimum(self) -> int | None:
        """The smallest number that the next group starts with, worth saying only when it is more than one."""
        start = self.next_start
        return start.cohort.minimum if start and self.form == "group" and start.cohort.minimum > 1 else None


def coming(cohorts: Iterable[CohortFacts], places: Mapping[int, Places], office: Office) -> list[Start]:
    """The starts ahead, soonest first. What has begun is nothing to apply to; of a series of talks the first may be booked
    later."""
    return [
        Start(cohort, cohort.first_start, places.get(cohort.cohort_id, Places()), office.today)
        for cohort in cohorts
        if cohort.form in ("group", "individual")
        and (cohort.unbooked if cohort.first_start is None else cohort.first_start > office.now)
    ]


def best(starts: Sequence[Start]) -> Start | None:
    """The start to show first: the soonest with a place, else the soonest that is open, else the soonest."""
    wishes: tuple[Callable[[Start], bool], ...] = (
        lambda s: s.free > 0 and not s.not_yet,
        lambda s: not s.not_yet,
        lambda s: True,
    )
    return next((start for wish in wishes for start in starts if wish(start)), None)


def card(programme: Programme, starts: Sequence[Start], openings: Sequence[Opening], office: Office) -> Card:
    """A programme as a card, with the start or the way in beside it."""
    start = best(starts) if programme.way_in == "web" else None
    missed = [s for s in starts if start and s.order < start.order and not s.free and not s.not_yet]
    kind = ("start" if start else "none") if programme.way_in == "web" else programme.way_in
    return Card(
        slug=programme.slug,
        name=programme.name,
        lead=Words(programme, office.lang, office.municipality).say(programme.lead),
        tag=tag_text(programme, office.lang),
        exempt=programme.exempt,
        urgent=bool(programme.urgent),
        kind=kind,
        start=start,
        opening=openings[0] if openings else None,
        also=missed[0].missed_text if missed else "",
    )


def list_page(cards: Sequence[Card], audiences: Sequence[Audience], chosen: str, at: int, lang: Lang) -> ListPage:
    """One page of the list, for everyone or for those whom a chip stands for. `at` counts from 1; too far is the last."""
    ordered = sorted(cards, key=lambda c: c.order)
    last = max(1, -(-len(ordered) // PAGE_SIZE))
    at = min(max(1, at), last)
    numbered = [Chip(str(n), address(chosen, n), n == at) for n in range(1, last + 1)]
    chips = [Chip(_("Alla"), "/", not chosen)]
    chips += [Chip(a.label.say(lang), address(a.key, 1), a.key == chosen) for a in audiences]
    return ListPage(
        cards=ordered[(at - 1) * PAGE_SIZE : at * PAGE_SIZE],
        total=len(ordered),
        chips=chips,
        pages=numbered if last > 1 else [],
        following=address(chosen, at + 1) if at < last else "",
    )


def address(chosen: str, at: int) -> str:
    """The address of a page of the list."""
    parts = [f"for={chosen}"] if chosen else []
    parts += [f"sida={at}"] if at > 1 else []
    return "/?" + "&".join(parts) if parts else "/"


def programme_page(
    programme: Programme, starts: Sequence[Start], openings: Sequence[Opening], office: Office, years: int
) -> ProgrammePage:
    """The page of one programme. `years`: for how long records are kept, by the rule in force."""
    words = Words(programme, office.lang, office.municipality)
    return ProgrammePage(
        name=programme.name,
        short_name=programme.short_name,
        section=programme.section,
        kind=programme.way_in,
        form=programme.form,
        exempt=programme.exempt,
        lead=words.say(programme.lead),
        facts=key_facts(programme, office.lang),
        urgent=[_urgent(words, n) for n in range(len(programme.urgent))],
        what=_each(words, programme.what),
        conditions=conditions(programme, office.lang, office.municipality),
        proof=words.say(programme.proof),
        steps=[StepView(words.say(s.title), words.say(s.text)) for s in programme.steps],
        records=_records(words, years),
        good_to_know=_each(words, programme.good_to_know),
        evaluation=evaluation_text(programme, office.lang),
        often=_often(programme),
        starts=starts,
        openings=openings,
    )


def off_lines(cancelled: Iterable[SessionFacts]) -> tuple[str, ...]:
    """`Onsdag 2 september 13.00–16.00, Linden`: when an open meeting place stays closed all the same."""
    return tuple(
        f"{capital(day_long(local_date(s.starts_at)))} {times(s.starts_at, s.ends_at)}, {s.venue}" for s in cancelled
    )


def _each(words: Words, texts: Iterable[Text]) -> list[str]:
    return [words.say(text) for text in texts]


def _records(words: Words, years: int) -> RecordsView:
    records = words.programme.records
    kept_for = words.say(records.retention) if records.retention else ""
    if kept_for and years != RULES["protected_record"].amount:
        # An edition says what the law says; it is never edited, and the office keeps records for longer.
        kept_for = _(
            "Vi raderar uppgifterna senast %(years)s år efter den sista anteckningen. Är du född den 5, 15 eller 25 i en"
            " månad ska de sparas i arkivet för forskning.",
            years=number_word(years),
        )
    return RecordsView(
        kept=_each(words, records.kept),
        kept_for_now=words.say(records.kept_for_now) if records.kept_for_now else "",
        not_kept=_each(words, records.not_kept),
        retention=kept_for,
    )


def _urgent(words: Words, at: int) -> UrgentView:
    line = words.programme.urgent[at]
    dial = "".join(c for c in line.number if c.isdigit())
    return UrgentView(words.say(line.name), line.number, dial, words.say(line.note) if line.note else "")


def _often(programme: Programme) -> str:
    """How often it starts, where the guideline says so (2.7, 2.8)."""
    times_a_year = programme.starts_per_year_min
    if times_a_year is None:
        return ""
    return capital(ngettext("minst %(n)s start om året", "minst %(n)s starter om året", times_a_year)) + "."
