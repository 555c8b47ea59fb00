"""Enrolment in words that other features show too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from programmes.catalogue.condition_rules import birth_date_window
from programmes.catalogue.rules import Outcome, Programme
from programmes.catalogue.wording import Question, Words, questions
from programmes.cohorts.wording_rules import why_skipped
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_long, day_plain, language, listed, moment_long, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import AgreementText, Remaining
from programmes.enrolment.visits.rules import Doubt


@dataclass(frozen=True)
class Instead:
    """Another programme that may fit: its page, what it is called, whom it is for, and its age where it has one."""

    address: str
    name: str
    lead: str
    age: str


def instead_of(programmes: Sequence[Programme], municipality: str) -> tuple[Instead, ...]:
    """Other programmes in words, each once."""
    found = {}
    for programme in programmes:
        words = Words(programme, language(), municipality)
        their_own = programme.age is not None and programme.age.subject == "participant"
        age = words.say(programme.age_wording.public) if their_own and programme.age_wording else ""
        found[programme.section] = Instead(f"/insatser/{programme.slug}", programme.name, words.say(programme.lead), age)
    return tuple(found.values())


def exception_words(exception: str, agreement: str) -> str:
    """The exception from the condition on residency that was made for somebody, with the agreement it refers to; empty
    for none."""
    if exception == "neighbouring_agreement":
        return _(
            "Undantag från bosättningen: uppdrag från en grannkommun, enligt överenskommelse (%(which)s).", which=agreement
        )
    return _("Undantag från bosättningen: skyddade uppgifter.") if exception else ""


def state_words(state: str, only_waited: bool = True, was_confirmed: bool = False) -> tuple[str, str]:
    """A state in words, and the kind of its tag. Who had a place (not `only_waited`) did not go without one."""
    if state == "expired" and not only_waited:
        return _("Blev inte av") if was_confirmed else _("Platsen gick ut"), ""
    return {
        "confirmed": (_("Klar"), "ok"),
        "preliminary": (_("Preliminär"), "warn"),
        "offered": (_("Erbjuden"), "info"),
        "queued": (_("I kö"), "info"),
        "completed": (_("Fullföljd"), "ok"),
        "dropped_out": (_("Avbruten"), ""),
        "withdrawn": (_("Har lämnat"), ""),
        "declined": (_("Gick inte vidare"), ""),
        "expired": (_("Fick ingen plats"), ""),
        "transferred": (_("Flyttad till en annan grupp"), ""),
        "refused": (_("Uppfyller inte villkoren"), ""),
    }[state]


def stranded_text(together: str, maximum: int) -> str:
    """That siblings who wait together, by their numbers in the queue, want more places than there are; else nothing."""
    wanted = together.count(",") + 1 if together else 0
    if wanted <= maximum:
        return ""
    return _(
        "Vill ha %(wanted)s platser tillsammans, men här finns högst %(most)s. Får inget erbjudande förrän de väntar var för"
        " sig.",
        wanted=wanted,
        most=maximum,
    )


def visit_beside(starts_at: datetime, ends_at: datetime, who: str, venue: str) -> str:
    """That a study visit is at the same time as a session that is planned: whoever holds it, or in the same room."""
    when = f"{day_long(local_date(starts_at))} {times(starts_at, ends_at)}"
    if who:
        return _("%(name)s håller ett studiebesök %(when)s, samtidigt som en träff.", name=who, when=when)
    return _("%(venue)s är bokad för ett studiebesök %(when)s, samtidigt som en träff.", venue=venue, when=when)


def remaining_text(code: Remaining) -> str:
    """A step that is left, as staff and the person read it."""
    return {
        "show_age": _("Visa sin ålder, eftersom ingen vårdnadshavare har sagt ja"),
        "book_visit": _("Boka studiebesök"),
        "attend_visit": _("Komma på studiebesöket"),
        "rebook_visit": _("Boka nytt studiebesök"),
        "go_on": _("Säga om ni går vidare efter studiebesöket"),
        "accept": _("Godkänna villkor och regler"),
        "age_again": _("Säga om åldern stämmer den nya dagen"),
        "years_again": _("Säga om tiden i Sverige stämmer den nya dagen"),
        "accept_new": _("Läsa och godkänna den nya versionen"),
    }[code]


def listed_remaining(codes: Sequence[Remaining]) -> str:
    """What is left, in one line."""
    return capital(listed([remaining_text(code)[:1].lower() + remaining_text(code)[1:] for code in codes]))


def skip_text(reason: str, section: str) -> str:
    """Why somebody is passed over in the queue, from the fixed list, as staff read it."""
    return {
        "wait": _("vill vänta till en senare start"),
        "no_answer": _("har inte svarat på erbjudandet"),
        "unreachable": _("kan inte nås"),
        "conditions": _("uppfyller inte villkoren (riktlinjen %(section)s)", section=section),
        "age": _("starten har flyttats, och åldern stämmer inte den nya dagen (riktlinjen %(section)s)", section=section),
    }.get(reason, _("krock"))


def held_text(reason: str, section: str) -> str:
    """Why somebody is offered nothing who waits together with siblings, one of whom is passed over, as staff read it."""
    return _("väntar tillsammans med ett syskon som hoppas över: %(reason)s", reason=skip_text(reason, section))


def passed_over_text(reason: str | None, held_by: str | None, section: str) -> str:
    """Why somebody is passed over, or a sibling who waits together with them (`held_by`); empty for who isn't."""
    if reason:
        return skip_text(reason, section)
    return held_text(held_by, section) if held_by else ""


def skip_told(reason: str, section: str) -> str:
    """The same, as the person reads it. Of a clash nobody is told with whom (DESIGN 3)."""
    return {
        "wait": _("du vill vänta till en senare start"),
        "no_answer": _("du har inte svarat på erbjudandet"),
        "unreachable": _("vi har inte kunnat nå dig"),
        "age": _(
            "starten har flyttats, och din ålder stämmer inte den nya dagen (riktlinjen, avsnitt %(section)s)",
            section=section,
        ),
        "conditions": _(
            "något av villkoren i riktlinjen, avsnitt %(section)s, är inte uppfyllt, och vi kan säga vilket", section=section
        ),
    }.get(reason, _("krock"))


def order_text(reason: str) -> str:
    """Why a coordinator has let somebody go before others, from the fixed list. None of them weighs a need."""
    return {
        "office_error": _("vi gjorde fel när anmälan skrevs in"),
        "cancelled_start": _("hade en plats på en start som ställdes in"),
        "together": _("hör ihop med någon som redan har en plats här"),
        "age_limit": _("blir för gammal innan nästa start"),
    }.get(reason, _("anmälde sig tidigare, till en annan start"))


def age_text(unmet: Outcome) -> str:
    """Why an age no longer fits the first day, as staff read it, with its section."""
    oldest, turns_on = unmet.params.get("oldest"), unmet.params.get("turns_on")
    first = unmet.params["on"]
    assert isinstance(first, date)
    values = {"first": day_plain(first), "section": unmet.section}
    if isinstance(turns_on, date):
        values |= {"years": str(unmet.params["youngest"]), "day": day_plain(turns_on)}
        return _("Fyller %(years)s år först %(day)s, och starten är %(first)s (riktlinjen %(section)s, ålder).", **values)
    if unmet.code == "too_old" and isinstance(oldest, int):
        values["years"] = str(oldest + 1)
        return _("Fyller %(years)s år före starten, som är %(first)s (riktlinjen %(section)s, ålder).", **values)
    return _("Åldern stämmer inte när starten är %(first)s (riktlinjen %(section)s, ålder).", **values)


def questions_again(
    programme: Programme, asked: Collection[str], first_day: date, municipality: str
) -> tuple[Question, ...]:
    """What somebody is asked about once more for another first day (`age_rules.to_say_again`), as it is put there."""
    found = questions(programme, language(), municipality, first_day)
    return tuple(q for q in found if q.condition in asked)


def born_between(programme: Programme, first_session: date, for_staff: bool = False, several: bool = False) -> str:
    """For whom it is, as birth dates, where only a tick is asked for, and whose birth dates they are.

    `for_staff`: the reader writes it down for somebody else. `several`: siblings apply in one form.
    """
    if programme.age is None or programme.age_asked in {"none", "birth_date"}:
        return ""
    earliest, latest = birth_date_window(programme.age, first_session)
    if earliest is None:
        return ""
    whom = programme.age.subject
    if whom == "participant":
        whom = "children" if several else "person" if for_staff else "you"
    if latest is None:
        return _since(whom, day_plain(earliest))
    return _between(whom, {"first": day_plain(earliest), "last": day_plain(latest)})


def _between(whom: str, dates: dict[str, str]) -> str:
    return {
        "you": _("Det betyder att du är född mellan %(first)s och %(last)s.", **dates),
        "person": _("Det betyder att personen är född mellan %(first)s och %(last)s.", **dates),
        "children": _("Det betyder att barnen är födda mellan %(first)s och %(last)s.", **dates),
        "child": _("Det betyder att barnet är fött mellan %(first)s och %(last)s.", **dates),
        "youth": _("Det betyder att den unga är född mellan %(first)s och %(last)s.", **dates),
        "offender": _("Det betyder att den som begick brottet är född mellan %(first)s och %(last)s.", **dates),
    }[whom]


def _since(whom: str, first: str) -> str:
    return {
        "you": _("Det betyder att du är född %(first)s eller senare.", first=first),
        "person": _("Det betyder att personen är född %(first)s eller senare.", first=first),
        "children": _("Det betyder att barnen är födda %(first)s eller senare.", first=first),
        "child": _("Det betyder att barnet är fött %(first)s eller senare.", first=first),
        "youth": _("Det betyder att den unga är född %(first)s eller senare.", first=first),
        "offender": _("Det betyder att den som begick brottet är född %(first)s eller senare.", first=first),
    }[whom]


class Accepted(Protocol):
    """A text that was accepted, when, and how."""

    @property
    def text(self) -> AgreementText: ...
    @property
    def accepted_at(self) -> datetime: ...
    @property
    def how(self) -> str: ...


@dataclass(frozen=True)
class AcceptedText:
    """`title` says which text and version, `when` when and how; `lines` are its words, in the language of the page."""

    title: str
    when: str
    lines: tuple[str, ...]


def title_of(text: AgreementText) -> str:
    """`Villkor, version 2`"""
    if text.kind == "conditions":
        return _("Villkor, version %(n)s", n=text.version)
    return _("Regler i gruppen, version %(n)s", n=text.version)


def accepted_texts(found: Sequence[Accepted]) -> tuple[AcceptedText, ...]:
    """Everything that was accepted, word for word."""
    return tuple(AcceptedText(title_of(a.text), _when(a), _lines(a.text)) for a in found)


def _lines(text: AgreementText) -> tuple[str, ...]:
    return text.lines_en if language() == "en" else text.lines_sv


def _when(accepted: Accepted) -> str:
    values = {"day": day_plain(local_date(accepted.accepted_at)), "time": clock(accepted.accepted_at)}
    if accepted.how == "paper":
        return _("Godkänt på papper, antecknat %(day)s %(time)s.", **values)
    return _("Godkänt på skärm %(day)s %(time)s.", **values)


def doubted(doubt: Doubt, holder: str) -> str:
    """What is asked before a visit is offered. What else somebody leads, or what a room has, isn't said."""
    if doubt.off is not None:
        return f"{capital(day_long(doubt.day))}: {why_skipped(doubt.day, doubt.off)}"
    if doubt.kind == "weekend":
        return _("%(day)s är en dag då de flesta är lediga.", day=capital(day_long(doubt.day)))
    if doubt.starts_at is None or doubt.ends_at is None:
        return _(
            "Besöket är efter sista dagen för beslut, %(day)s. Den som kommer då är inte klar när ni beslutar om starten.",
            day=day_long(doubt.day),
        )
    when = f"{day_long(doubt.day)} {times(doubt.starts_at, doubt.ends_at)}"
    if doubt.kind == "leads":
        return _("%(name)s leder något annat då: %(when)s.", name=holder, when=when)
    return _("Lokalen är upptagen då: %(when)s.", when=when)


def passed_by_text(kind: str, at: datetime) -> str:
    """That a place went to the next in the queue, why and when last, as staff read it; the person reads it on Min plats."""
    if kind == "passed_asked":
        return _("Senast %(when)s gick en plats till nästa: har inte sagt att den kommer.", when=moment_long(at))
    return _("Senast %(when)s gick en plats till nästa: för få var lediga på en gång.", when=moment_long(at))


def event_words(kind: str) -> str:
    """What became of an application, as the history of the queue tells it."""
    return {
        "applied": _("anmäld, fick plats"),
        "applied_queue": _("anmäld, ställd i kö"),
        "offered": _("erbjuden plats"),
        "accepted": _("tackade ja"),
        "declined": _("tackade nej"),
        "not_going_on": _("gick inte vidare"),
        "expired": _("tiden gick ut"),
        "ended_before_restore": _("hade avslutats före en återläsning"),
        "left": _("lämnade"),
        "skipped": _("hoppas över"),
        "lifted": _("hoppas inte längre över"),
        "order_changed": _("ordningen ändrad"),
        "order_restored": _("ordningen återställd"),
        "offer_ended": _("erbjudandet upphörde, starten ställdes in"),
        "moved_away": _("flyttad till en annan start"),
        "moved_here": _("flyttad hit, fick plats"),
        "moved_here_queue": _("flyttad hit, ställd i kö"),
        "came_back": _("tillbaka på platsen, slutet ångrat"),
        "came_back_queue": _("tillbaka i kön, slutet ångrat"),
        "refused": _("uppfyller inte villkoren"),
        "completed": _("gick klart"),
        "coming": _("sa att den kommer"),
        "asked_to_come": _("ska säga att den kommer, många anmälningar på en gång"),
        "seated": _("fick plats"),
        "passed_asked": _("har inte sagt att den kommer, platsen gick till nästa"),
        "passed_together": _("väntar tillsammans, färre platser var lediga"),
        "apart": _("väntar inte längre tillsammans"),
    }[kind]
