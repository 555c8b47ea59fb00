"""View models of Min plats: what somebody has, what comes next, and the days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from programmes.catalogue.rules import Programme
from programmes.catalogue.wording import Question
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.talk_rules import Tally
from programmes.cohorts.undone_rules import that_matter
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.codes import grouped
from programmes.core.i18n import capital, clock, day_long, language, moment_long, times
from programmes.core.i18n import gettext as _
from programmes.desk.moving.pages import NOT_MOVING, MovingPart
from programmes.desk.place.visit_pages import VisitPart
from programmes.desk.talks import rules as talk_rules
from programmes.enrolment.queue.ran_out_rules import open_until
from programmes.enrolment.rules import AgreementText, EnrolmentFacts, Remaining, Visit
from programmes.enrolment.wording import AcceptedText


@dataclass(frozen=True)
class DayLine:
    """One session on somebody's list."""

    day: str
    old_day: str
    where: str
    which: str
    state: str
    note: str


@dataclass(frozen=True)
class TextToAccept:
    """A text with its version, in the language of the page."""

    text_id: int
    kind: str
    version: int
    valid_from: Any
    lines: tuple[str, ...]


@dataclass(frozen=True)
class QueuePart:
    """How somebody waits, and what has been done to the order; all of it empty for who doesn't wait.

    `asked` are the conditions of the programme, for somebody who is passed over because of them. `held_by`: why a sibling is
    passed over with whom they wait together, and they with them. `passed_together`: when others were last given a place as
    there were too few for all of them; `passed_asked`: as they had yet to say that they come. `passed_on`: on which day a
    coordinator last let somebody go before. `came_before`: who has come before them that had applied earlier, and when last.
    `ran_out`: the form had said that there was a place. `parted`: they no longer wait together with the siblings with whom
    they did. `over`: nobody can enter any more, since the last session of entry has begun or the group has `ended`;
    `undecided`: nor here, but the queue stands until it is decided about the start, which can be neither put off nor
    called off once something of it was `held`. `by_word`: no offer could be answered before the next session; who is
    first takes a free place by saying yes to staff. `takes`: one is free, and they are next. `too_many`: how many places
    there are, when those who wait together want more. `kept`: that what is free is kept for others, and until when.
    """

    position: int = 0
    skip_reason: str = ""
    held_by: str = ""
    asked: tuple[str, ...] = ()
    asked_to_come: bool = False
    together: int = 0
    passed_together: str = ""
    passed_asked: str = ""
    passed_on: str = ""
    came_before: str = ""
    ran_out: bool = False
    parted: bool = False
    over: bool = False
    ended: bool = False
    undecided: bool = False
    held: bool = False
    by_word: bool = False
    takes: bool = False
    too_many: int = 0
    kept: str = ""


@dataclass(frozen=True)
class PlacePage:
    """Everything on Min plats. `state` is the enrolment's, `cancelled` or `closed` when the cohort is, or `ended` once what
    was left of it is cancelled.

    `way`: how they can be told, by `mail`, by somebody who will `ring`, or only at this `place`. `moved_here`: when staff
    moved them from another start. `done`: what was just done, in words. `talks`: how many there have been of a series.
    `consent`: there is an answer that can be changed on a page of its own. Which, and how it was answered, isn't said here:
    somebody else may see the phone.
    """

    state: str
    alone: bool
    title: str
    lead: str
    code: tuple[str, ...]
    seats: int
    seat: int
    queue: QueuePart
    visit: VisitPart
    offer_until: str
    next_step: Remaining | None
    section: str
    texts: tuple[TextToAccept, ...]
    accepted: tuple[AcceptedText, ...]
    days: tuple[DayLine, ...]
    exempt: bool
    calendar: Any
    protected: bool
    postponed: bool
    programme_address: str
    asked_again: tuple[Question, ...] = ()
    undone: str = ""
    wrong: str = ""
    ticked: frozenset[tuple[str, str]] = frozenset()
    opened: tuple["OpenedPlace", ...] = ()
    first_day: str = ""
    born_between: str = ""
    language: str = "sv"
    way: str = "mail"
    moved_here: str = ""
    done: str = ""
    consent: bool = False
    talks: str = ""
    moving: MovingPart = NOT_MOVING

    @property
    def filled(self) -> int:
        """How many places of the picture are taken: up to one's own, or, in a group without one, all but what is offered."""
        others = {"queued": 0 if self.queue.asked_to_come else self.seats, "offered": self.seats - 1}
        return min(12, self.seat or others.get(self.state, 0))

    @property
    def age_again(self) -> bool:
        """Whether the age is among what is asked again."""
        return any(question.condition == "age" for question in self.asked_again)

    @property
    def alive(self) -> bool:
        return self.state in {"preliminary", "confirmed", "queued", "offered"}

    @property
    def holds(self) -> bool:
        return self.state in {"preliminary", "confirmed"}


@dataclass(frozen=True)
class OpenedPlace:
    """One of the places that siblings took in one form, to change to. `title` says what it is; `shown` is this page's."""

    number: int
    alias: str
    title: str
    code: str
    shown: bool

    @property
    def label(self) -> str:
        return self.alias or _("Barn %(n)s", n=self.number)

    @property
    def grouped(self) -> str:
        return grouped(self.code)


@dataclass(frozen=True)
class LeftPage:
    """A place that has been left: what undoing gives back (`seat`, `queue` or `nothing`), and until when. `opened` are the
    siblings' places, where there are any. `taken_since`: what has been taken in the same start from this browser since."""

    gives: str
    left_from: str
    until: str
    exempt: bool
    opened: tuple[OpenedPlace, ...] = ()
    had_visit: bool = False
    taken_since: str = ""

    @property
    def who(self) -> str:
        return who_of(self.opened)


@dataclass(frozen=True)
class RanOutPage:
    """An offer, a place or a wait that ended without its person: what happened, and `until` when the page opens: a moment
    for whom nobody tells (`untold`), else the last day."""

    title: str
    lead: str
    until: str
    untold: bool
    programme_address: str
    exempt: bool
    opened: tuple[OpenedPlace, ...] = ()

    @property
    def who(self) -> str:
        return who_of(self.opened)


def who_of(opened: Sequence[OpenedPlace]) -> str:
    """Which of the siblings the page is about; nothing when there is only one place."""
    return next((place.label for place in opened if place.shown), "")


def day_line(session: SessionFacts, form: str, is_next: bool) -> DayLine:
    """A session as its participant reads it.

    The theme is the group's own and says nothing of what it is about.
    """
    where = f"{session.address}, {session.venue}"
    day = f"{capital(day_long(local_date(session.starts_at)))}, {times(session.starts_at, session.ends_at)}"
    old = ""
    if session.state == "moved" and session.was_at:
        old = f"{capital(day_long(local_date(session.was_at)))} {clock(session.was_at)}"
    state = "off" if session.state == "cancelled" else "held" if session.state == "held" else "next" if is_next else ""
    note = _("Tillagd") if session.added else ""
    if session.state == "cancelled":
        note = _("Inställd")
    elif session.is_changed:
        note = _("Flyttad") if session.was_at else _("Ändrad")
    which = capital(numbered(form, session.number)) if session.number else ""
    return DayLine(day, old, where, which, state, note)


def day_lines(sessions: list[SessionFacts], form: str, now: datetime, visit: Visit | None) -> tuple[DayLine, ...]:
    """A booked study visit and all sessions in order of time; the first that is still to come is marked."""
    booked = visit if visit and visit.state == "booked" and visit.starts_at > now else None
    coming = next((s.session_id for s in sessions if s.state != "cancelled" and s.ends_at > now), None)
    lines = tuple(day_line(session, form, session.session_id == coming and not booked) for session in that_matter(sessions))
    return (_visit_line(booked), *lines) if booked else lines


def _visit_line(visit: Visit) -> DayLine:
    day = f"{capital(day_long(local_date(visit.starts_at)))}, {clock(visit.starts_at)}"
    return DayLine(day, "", f"{visit.address}, {visit.venue}", _("Studiebesök"), "next", "")


def title_leads() -> str:
    """Why what somebody wanted their calendar's sessions to be called is not kept."""
    return _(
        "Rubriken är inte ändrad. Skriv ett ord som inte pekar ut någon, till exempel Möte. Vi får inte spara personnummer, "
        "adress, telefonnummer eller e-post."
    )


def done_words(what: str) -> str:
    """That something was done, by the word in the address that it leads to; nothing for any other word."""
    return {
        "besok": _("Besöket är bokat"),
        "avbokat": _("Besöket är avbokat. Din plats är kvar"),
        "godkant": _("Tack, det är godkänt"),
        "flyttad": _("Du har flyttat till den här starten. Koden och tiden för din anmälan följde med"),
        "adress": _("Kalendern har en ny adress. Den gamla blir tom. Lägg till den nya i din kalender"),
        "sprak": _("Språket i besked till dig är ändrat"),
        "svarat": _("Tack för svaret. Du kan ändra det här så länge starten inte är bestämd"),
    }.get(what, "")


def texts_shown(texts: Sequence[AgreementText]) -> tuple[TextToAccept, ...]:
    """Conditions and rules in the language of the page."""
    return tuple(
        TextToAccept(t.text_id, t.kind, t.version, t.valid_from, t.lines_en if language() == "en" else t.lines_sv)
        for t in texts
    )


def code_lines(code: str) -> tuple[str, ...]:
    """The place code in two lines of eight, as it is easiest to copy."""
    whole = grouped(code)
    return (whole[:9], whole[10:]) if code else ()


def state_of(facts: EnrolmentFacts, cohort: CohortFacts, now: datetime) -> str:
    """What the page is about: a cancelled or closed cohort goes before the person's own state, and an offer whose time is
    over is over, whether the worker has been there or not."""
    alive = facts.state in {"preliminary", "confirmed", "queued", "offered"}
    if alive and cohort.state in {"cancelled", "closed"}:
        return cohort.state
    if alive and cohort.first_start is None and not cohort.unbooked:
        # Ended before its first session: nothing is left to come to.
        return "cancelled"
    if facts.state in {"preliminary", "confirmed"} and cohort.has_ended(now):
        return "ended"
    over = facts.state == "offered" and facts.offer_expires_at is not None and facts.offer_expires_at <= now
    return "expired" if over else facts.state


def why_no_offer(code: str, state: str) -> str:
    """The conflict whose words fit somebody who answered an offer that is no more: they may wait still, or nothing comes
    of the start."""
    return {"queued": "offer_ended_queued", "cancelled": "offer_ended_cancelled"}.get(state, code)


def headline(state: str, position: int, form: str, left_from: str | None = None, over: bool = False) -> str:
    """The page's first words. `left_from`: what somebody had who has left. `over`: nobody who waits can enter any more."""
    alone = form == "individual"
    if state == "queued" and over:
        return _("Kön är slut")
    if state == "withdrawn" and left_from == "queued":
        return _("Du har lämnat kön")
    if state == "expired":
        return ran_out_title(left_from)
    words = {
        "confirmed": _("Du har en plats"),
        "preliminary": _("Du har en preliminär plats"),
        "offered": _("Du har fått ett erbjudande om plats"),
        "queued": _("Du står i kö, som nummer %(n)s", n=position),
        "cancelled": _("Samtalen är inställda") if alone else _("Gruppen är inställd"),
        "ended": _("Samtalen är avslutade") if alone else _("Gruppen är avslutad"),
        "closed": _("Samtalen är avslutade") if alone else _("Gruppen är avslutad"),
        "completed": _("Du har fullföljt"),
    }
    return words.get(state, _("Du har lämnat din plats"))


def ran_out_title(left_from: str | None) -> str:
    """That something ran out, by what there was: a wait, a place without a study visit, else an offer."""
    titles = {"queued": _("Kön är slut"), "preliminary": _("Sista dagen för studiebesök har gått")}
    return titles.get(left_from or "", _("Tiden för att svara har gått ut"))


def ran_out_page(
    facts: EnrolmentFacts, programme_address: str, exempt: bool, way: str, opened: tuple[OpenedPlace, ...]
) -> "RanOutPage":
    """What somebody reads whose time ran out. `until` is empty while the worker has not been there."""
    leads = {
        "queued": _("Det går inte längre att komma med i den här starten, och du stod kvar i kön."),
        "preliminary": _("Inget studiebesök var bokat när dagen var slut. Därför är platsen inte längre din."),
    }
    lead = leads.get(facts.left_from or "", _("Vi fick inget svar på erbjudandet i tid. Därför är platsen inte längre din."))
    until = ""
    if facts.undo_until is not None:
        last = open_until(facts.undo_until, way != "place")
        until = moment_long(last) if way == "place" else day_long(local_date(last))
    return RanOutPage(ran_out_title(facts.left_from), lead, until, way == "place", programme_address, exempt, opened)


def lead_of(state: str, programme: Programme, cohort: CohortFacts, now: datetime) -> str:
    """The sentence beneath: which group and when it begins or began. Never in the title or the address."""
    if state == "cancelled":
        return _("%(programme)s blir inte av den här gången.", programme=programme.name)
    if cohort.first_start is None:
        if cohort.unbooked and state in {"confirmed", "preliminary"}:
            return _("%(programme)s. Tiden bestämmer vi tillsammans.", programme=programme.name)
        return programme.name
    first = moment_long(cohort.first_start)
    if cohort.first_start <= now:
        return _begun(programme, cohort, first)
    if state in {"confirmed", "preliminary"}:
        return _("%(programme)s – vi ses första gången %(first)s.", programme=programme.name, first=first)
    return _("%(programme)s, första gången %(first)s.", programme=programme.name, first=first)


def _begun(programme: Programme, cohort: CohortFacts, first: str) -> str:
    """The same of a first day that has been: a group began only if somebody has decided that it would."""
    name = programme.name
    if cohort.undecided:
        return _("%(programme)s, som skulle ha börjat %(first)s. Det är inte beslutat.", programme=name, first=first)
    return _("%(programme)s, som började %(first)s.", programme=name, first=first)


def talks(tally: Tally) -> str:
    """How many talks there have been, as the person reads it."""
    return talk_rules.own_talks(tally)
