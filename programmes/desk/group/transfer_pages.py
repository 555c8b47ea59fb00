"""Moving somebody to another start: which starts there are, and exactly what will happen, before it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from programmes.catalogue.rules import Outcome, Programme
from programmes.catalogue.wording import Question, questions, refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.wording_rules import said
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_plain, language, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.kept_wording_rules import kept_places_text
from programmes.enrolment.leaving.transfer_rules import Move, Refused
from programmes.enrolment.queries import EnrolmentFacts, Places
from programmes.enrolment.rules import NotOpen, Remaining
from programmes.enrolment.waiting_rules import Leads
from programmes.enrolment.wording import remaining_text
from programmes.notices.reach_rules import Way


@dataclass(frozen=True)
class Start:
    """A start to choose: its first day, and how full it is."""

    cohort_id: int
    title: str
    text: str


@dataclass(frozen=True)
class ChoosePage:
    cohort_id: int
    cohort_name: str
    enrolment_id: str
    label: str
    starts: tuple[Start, ...]
    form: Any


@dataclass(frozen=True)
class ConfirmPage:
    """What will happen (`lines`), or why it can't (`refused`). `again` is what has to be done once more there, `asked` what
    the person must answer yes to before. `changed`: it was otherwise when it was last shown."""

    cohort_id: int
    cohort_name: str
    enrolment_id: str
    label: str
    target_id: int
    target_name: str
    lead: str
    seen: str
    form: Any
    changed: bool
    lines: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    asked: tuple[Question, ...] = ()
    button: str = ""


def start(cohort: CohortFacts, taken: Places) -> Start:
    """One start of the list."""
    day = capital(day_long(local_date(cohort.first_start))) if cohort.first_start else _("Ingen tid bokad än")
    left = ngettext("%(n)s ledig plats.", "%(n)s lediga platser.", taken.free(cohort.maximum))
    left = f"{left} {kept_places_text(taken.kept, taken.kept_until)}".strip()
    queue = ngettext("%(n)s väntar.", "%(n)s väntar.", taken.queued) if taken.queued else ""
    return Start(cohort.cohort_id, cohort.name, f"{day}. {left} {queue}".strip())


def _leaves(facts: EnrolmentFacts, source: CohortFacts, leads: Leads) -> str:
    """What becomes of what they have now; `leads` is to what waiting leads where they leave it."""
    if source.state == "cancelled":
        return _("Anmälan till den inställda starten avslutas.")
    if facts.state == "queued":
        return _("Platsen i kön i %(group)s lämnas.", group=source.name)
    if leads == "nowhere":
        return _("Platsen i %(group)s lämnas. Det är för sent för någon ny att börja där.", group=source.name)
    if leads == "word":
        return _(
            "Platsen i %(group)s lämnas. Det är för kort tid kvar för att skicka erbjudanden: står någon i kö ger ni den "
            "under Kö, till den första som säger ja.",
            group=source.name,
        )
    if facts.state == "offered":
        return _("Erbjudandet i %(group)s upphör och går vidare till nästa i kön på en gång.", group=source.name)
    return _("Platsen i %(group)s lämnas och går vidare till nästa i kön på en gång.", group=source.name)


def _gets(move: Move, facts: EnrolmentFacts, target: CohortFacts) -> str:
    if move.seat:
        return _("Personen får plats %(n)s i %(group)s.", n=move.seat, group=target.name)
    return _(
        "Det finns ingen plats att ge i %(group)s. Personen står där i kö som nummer %(n)s, efter tiden för sin anmälan, "
        "%(when)s.",
        group=target.name,
        n=move.position,
        when=moment_long(facts.applied_at),
    )


def _told(way: Way) -> str:
    return {
        "mail": _("Personen får ett besked med e-post."),
        "text": _("Personen får ett sms."),
        "ring": _("Personen har bara telefon: den hamnar på listan över dem ni ringer."),
        "bounced": _("E-post till personen har studsat: den hamnar på listan över dem ni ska nå."),
        "refused": _("Personens nummer tar inte emot sms: den hamnar på listan över dem ni ringer."),
        "place": _("Personen har inte lämnat någon kontaktväg och ser det på Min plats. Säg det nu."),
    }[way]


def lines(
    move: Move,
    facts: EnrolmentFacts,
    source: CohortFacts,
    target: CohortFacts,
    programme: Programme,
    age_again: bool,
    remaining: Sequence[Remaining],
    way: Way,
    leads: Leads,
) -> tuple[str, ...]:
    """Everything that will happen, in order; `leads` is to what waiting leads in the start that they leave."""
    found = [_gets(move, facts, target), _leaves(facts, source, leads)]
    if facts.together_id is not None:
        found.append(_("Personen väntar tillsammans med syskon. Bara den här flyttas; de andra väntar kvar utan den."))
    if not move.seat and facts.seat:
        found.append(_("Personen har alltså ingen plats förrän en blir ledig."))
    if programme.study_visit and facts.visit and facts.visit.state == "attended":
        found.append(_("Studiebesöket som är gjort gäller även där."))
    elif facts.visit and facts.visit.state == "booked":
        found.append(_("Det bokade studiebesöket avbokas. Ett nytt bokas i den nya gruppen."))
    if facts.accepted and "accept" not in remaining:
        found.append(_("Det som är godkänt gäller även där, i samma version."))
    if age_again and move.seat:
        found.append(_("Åldern räknas en annan dag: personen kryssar den igen på Min plats, och behåller platsen så länge."))
    elif age_again:
        found.append(_("Åldern räknas en annan dag: personen kryssar den igen på Min plats, och står kvar i kön så länge."))
    elif programme.age_asked == "birth_date":
        found.append(_("Åldern är kontrollerad mot den nya första dagen och stämmer."))
    found.append(_("Platskoden och Min plats fortsätter att gälla. Kalendern följer med till de nya dagarna."))
    return (*found, _told(way))


def again(facts: EnrolmentFacts, remaining: Sequence[Remaining], programme: Programme) -> tuple[str, ...]:
    """What has to be done, or done once more, before the place there is confirmed."""
    found = [remaining_text(code) for code in remaining if code != "accept"]
    if "accept" in remaining:
        newer = (
            _("Läsa och godkänna den nya versionen av villkor och regler") if facts.accepted else remaining_text("accept")
        )
        found.append(newer)
    if facts.visit and facts.visit.state == "attended" and not programme.study_visit:
        found.append(
            _("Inget studiebesök: utgåvan av riktlinjen som gäller där har inget, och det som är gjort räknas inte.")
        )
    return tuple(found)


def asked(
    conditions: Sequence[str], programme: Programme, municipality: str, first_day: date | None
) -> tuple[Question, ...]:
    """The conditions that the person has not answered as they are put there: of the other edition, or for that first day."""
    return tuple(q for q in questions(programme, language(), municipality, first_day) if q.condition in conditions)


def button(move: Move) -> str:
    """What the button says."""
    return _("Flytta till platsen") if move.seat else _("Flytta till kön")


def why_not(decided: Refused, programme: Programme, municipality: str) -> tuple[str, ...]:
    """Every reason why somebody cannot be moved there."""
    if decided.unmet:
        return tuple(_unmet(outcome, programme, municipality) for outcome in decided.unmet)
    return (_closed(decided.closed),)


def _unmet(outcome: Outcome, programme: Programme, municipality: str) -> str:
    turns_on, first = outcome.params.get("turns_on"), outcome.params.get("on")
    if isinstance(turns_on, date) and isinstance(first, date):
        return _(
            "Personen fyller %(years)s år först %(day)s, och den starten är %(first)s (riktlinjen %(section)s, ålder).",
            years=outcome.params["youngest"],
            day=day_plain(turns_on),
            first=day_plain(first),
            section=outcome.section,
        )
    said = refusal_text(outcome, programme, language(), municipality)
    return f"{said.sentence} ({said.source})"


def _closed(closed: NotOpen | None) -> str:
    texts = {
        "not_yet": _("Anmälan dit har inte öppnat än."),
        "too_late": _("Det är för sent: den sista gången då man kan börja har varit."),
        "cancelled": _("Den starten är inställd."),
        "closed": _("Den starten är avslutad."),
    }
    return texts[closed.code] if closed else _("Den starten har inga dagar än.")


def choices(found: Sequence[CohortFacts], taken: dict[int, Places]) -> tuple[Start, ...]:
    """The starts to choose among, soonest first."""
    return tuple(start(cohort, taken[cohort.cohort_id]) for cohort in found)


def when(first: datetime | None) -> str:
    """When the new start begins."""
    return _("Börjar %(when)s.", when=moment_long(first)) if first else ""


def krock(found: Sequence[Reason]) -> str:
    """That it clashes, and nothing else; empty when it does not."""
    return said(found[0]) if found else ""
