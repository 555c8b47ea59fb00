"""View models of the public catalogue: the list, and one programme with its starts and places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from programmes.catalogue.rules import Audience, Lang, Programme, Text
from programmes.catalogue.wording import Fact, Words, conditions, evaluation_text, key_facts, tag_text
from programmes.cohorts.queries import SessionFacts
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, ngettext, number_word, times
from programmes.core.i18n import gettext as _
from programmes.core.retention_rules import RULES
from programmes.desk.public.start_pages import Office, Opening, Start, best

PAGE_SIZE = 10


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
