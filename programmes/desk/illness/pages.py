"""Jag är sjuk: one page to cancel and tell everybody, to ask somebody to stand in, or to leave it to the others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.cohorts.wording_rules import said
from programmes.cohorts.words_rules import SessionWords, words_for
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, listed, moment_long, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.desk.illness.reached_pages import when
from programmes.desk.illness.substitute_rules import (
    Candidate,
    Request,
    Stage,
    Standing,
    State,
    Waiting,
    Why,
    cancels_first,
    newest,
    others_stand,
    stage,
    stand_sign,
    unheard_by_all,
)
from programmes.desk.today.needs_pages import Item, Tag
from programmes.notices.reach_rules import Reach, rows, told

__all__ = ["Facts", "absent_of", "items", "request_page", "said", "sick_page"]


@dataclass(frozen=True)
class Asked:
    """Somebody who was asked."""

    name: str
    tag: Tag
    note: str = ""


@dataclass(frozen=True)
class Other:
    """Another session of theirs in the days to come, to be cancelled with this one; with whom that reaches and what would be
    added for it."""

    session_id: int
    sequence: int
    text: str
    note: str


@dataclass(frozen=True)
class SickPage:
    session_id: int
    cohort_id: int
    sequence: int
    name: str
    title: str
    lead: str
    words: SessionWords
    absent_id: int
    absent: str
    absents: tuple[tuple[int, str], ...]
    stage: Stage
    found: str
    asked: tuple[Asked, ...]
    status: str
    candidates: tuple[tuple[int, str, str], ...]
    alone: str
    cancel_first: bool
    added: str
    shown: str
    days: tuple[str, ...]
    clashes: tuple[str, ...]
    unsaid: tuple[str, ...]
    others: tuple[Other, ...]
    stood: tuple[str, ...]
    summary: str
    rows: tuple[tuple[str, str, str], ...]
    refused: tuple[str, ...]
    reached: str
    form: object


@dataclass(frozen=True)
class Beside:
    """Another session that can be cancelled with this one. `days`: when those of its group would be that are added, one
    after the other; of the same group after the one that is added for this one."""

    cohort: CohortFacts
    session: SessionFacts
    reach: Reach
    days: Sequence[Slot]


@dataclass(frozen=True)
class Facts:
    """Everything that the page is made of. `own`: who asks is the one who can't come. `fixed`: why nothing can be changed;
    `stand`: who comes to it, and to the others; `added` the session that would come at the end instead, `clashes` what
    that would meet; `named` the signs of times that were just named as such in an error; `error` what the one beside the
    tick says."""

    now: datetime
    own: bool
    cohort: CohortFacts
    session: SessionFacts
    absent_id: int | None
    standing: Sequence[Standing]
    requests: Sequence[Request]
    candidates: Sequence[Candidate]
    others: Sequence[Beside]
    stand: Mapping[int, Collection[int]]
    fixed: Sequence[Reason]
    added: Slot | None
    clashes: Sequence[Reason]
    reach: Reach
    named: Sequence[str] = ()
    error: str = ""


def absent_of(standing: Sequence[Standing], asker: int, chosen: str, asked_about: int | None) -> int | None:
    """Who can't come: who was chosen, who says so themselves, for whom somebody was asked, or the first there is."""
    known = {one.staff_id for one in standing}
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 and int(chosen) in known:
        return int(chosen)
    if asker in known:
        return asker
    if asked_about in known:
        return asked_about
    return standing[0].staff_id if standing else None


def sick_page(facts: Facts, form: object) -> SickPage:
    """The whole page."""
    cohort, session, now = facts.cohort, facts.session, facts.now
    absent = next((one for one in facts.standing if one.staff_id == facts.absent_id), None)
    asked = newest(facts.requests)
    alone = others_stand(facts.standing, facts.absent_id or 0)
    at = stage(asked, absent.away if absent else False, bool(alone), now)
    open_to = {request.asked_id for request in asked if request.state == "asked"}
    free = [one for one in facts.candidates if one.staff_id not in open_to]
    refused, clashes = _refused(facts), tuple(said(reason, cohort.form) for reason in facts.clashes)
    return SickPage(
        session_id=session.session_id,
        cohort_id=cohort.cohort_id,
        sequence=session.sequence,
        name=cohort.name,
        # Whoever says it for somebody else says it of them.
        title=_("Jag är sjuk") if facts.own else _("Gruppledaren är sjuk"),
        lead=f"{cohort.name}. {when(session)}",
        words=words_for(cohort.form),
        absent_id=facts.absent_id or 0,
        absent="" if facts.own or absent is None else absent.name,
        absents=() if facts.own or len(facts.standing) < 2 else tuple((one.staff_id, one.name) for one in facts.standing),
        stage=at,
        found=next((request.asked for request in asked if request.state == "yes"), ""),
        asked=asked_lines(asked),
        status=status(at, asked),
        candidates=to_ask(free, {request.asked_id for request in asked if request.state == "no"}),
        alone=listed([one.name for one in alone]),
        cancel_first=cancels_first(session.starts_at, now, len(free)) or at in {"asking", "nobody"},
        added=_slot(facts.added),
        shown=facts.added.sign if facts.added else "",
        days=tuple({*facts.named, *(slot.sign for other in facts.others for slot in other.days)}),
        clashes=clashes,
        # The tick answers these too: what no error says stands beside it.
        unsaid=tuple(text for text in clashes if text not in facts.error),
        others=others(facts.others),
        stood=tuple(stand_sign(session_id, stand) for session_id, stand in facts.stand.items()),
        summary=told(facts.reach),
        rows=() if refused else happens(facts),
        refused=refused,
        reached=f"/personal/traffar/{session.session_id}/besked" if session.state == "cancelled" else "",
        form=form,
    )


def _refused(facts: Facts) -> tuple[str, ...]:
    if facts.fixed:
        return tuple(said(reason, facts.cohort.form) for reason in facts.fixed)
    return (_("Tiden har varit."),) if facts.session.ends_at <= facts.now else ()


def _slot(slot: Slot | None) -> str:
    return f"{day_long(local_date(slot.starts_at))} {times(slot.starts_at, slot.ends_at)}" if slot else ""


def happens(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    """What cancelling means to whom, before anybody presses a button: also to who would have come to lead it."""
    words = words_for(facts.cohort.form)
    by_mail = _("E-post, och på Idag")
    hears = _("Får veta att det är inställt, aldrig varför.")
    leads = [(one.name, hears, by_mail) for one in facts.standing if _comes(one, facts.absent_id)]
    calendars = (_("Kalendrar"), words.shown_cancelled, _("Oftast inom några timmar"))
    if facts.cohort.form == "drop_in":
        return (_("Besökare"), words.stands_cancelled, _("På sidan om verksamheten")), *leads, calendars
    found = rows(facts.reach, hears)
    return *found, *leads, calendars, (_("Samordnaren"), words.stands_cancelled, by_mail)


def _comes(one: Standing, absent_id: int | None) -> bool:
    return one.works and not one.away and one.staff_id != absent_id


def others(found: Sequence[Beside]) -> tuple[Other, ...]:
    """The others of theirs, the next first."""
    return tuple(_other(one) for one in found)


def _other(one: Beside) -> Other:
    session, days = one.session, [_slot(day) for day in one.days]
    begins = f"{capital(day_long(local_date(session.starts_at)))} {times(session.starts_at, session.ends_at)}"
    added = ngettext(
        "Läggs en till sist blir det %(days)s.",
        "Läggs fler till sist blir det i tur och ordning %(days)s.",
        len(days),
        days=listed(days),
    )
    note = " ".join(part for part in (told(one.reach), added if days else "") if part)
    return Other(session.session_id, session.sequence, f"{one.cohort.name}. {begins}", note)


def asked_lines(requests: Sequence[Request]) -> tuple[Asked, ...]:
    """Whom it has been asked of, what they said, and how they hear of it where no mail tells them."""
    return tuple(Asked(request.asked, _state_tag(request.state), _untold(request)) for request in requests)


def _untold(request: Request) -> str:
    if not request.mailed and request.state in {"asked", "withdrawn", "taken", "over"}:
        return _("Har ingen e-postadress här: ring och säg det.")
    if request.unheard == "refused":
        return _("E-posten tog inte emot frågan: ring och fråga.")
    return _("Frågan har inte kommit fram än.") if request.unheard == "tried" else ""


def _state_tag(state: State) -> Tag:
    return {
        "asked": Tag(_("Har inte svarat"), "", "clock"),
        "yes": Tag(_("Hoppar in"), "ok", "check"),
        "no": Tag(_("Kan inte"), "stop", "cross"),
        "withdrawn": Tag(_("Frågan är återtagen")),
        "taken": Tag(_("Behövs inte")),
        "over": Tag(_("Frågan gäller inte längre")),
    }[state]


def status(stage: Stage, requests: Sequence[Request]) -> str:
    """How far it has come, in a sentence, with what to do if nobody answers."""
    waiting = [request for request in requests if request.state == "asked"]
    if stage == "asking":
        return _waits(waiting)
    if stage != "nobody":
        return ""
    if unheard_by_all(waiting) == "refused":
        return _("E-posten tog inte emot frågan. Vänta inte på svar: ring och fråga, fråga någon annan, eller ställ in.")
    if waiting:
        return _("Ingen har sagt ja i tid. Ställ in nu, så hinner alla få veta det, eller fråga någon annan.")
    if not any(request.state == "no" for request in requests):
        return _("Ingen leder det. Ställ in, eller fråga någon.")
    return _("Ingen som har fått frågan kan. Ställ in, eller fråga någon annan.")


def _waits(waiting: Sequence[Request]) -> str:
    until = moment_long(max(request.answer_by for request in waiting))
    if unheard_by_all(waiting):
        return _("Frågan har inte kommit fram än: ring hellre. Har ingen sagt ja %(until)s säger vi till dig.", until=until)
    return _("Frågan är skickad. Har ingen sagt ja %(until)s säger vi till dig. Ställ in då.", until=until)


@dataclass(frozen=True)
class RequestPage:
    """The question, as whoever was asked sees it. `group` has an address only for who has said yes."""

    request_id: int
    title: str
    lead: str
    where: str
    absent: str
    by: str
    state: State
    why: str
    group: str
    until: str
    sick: str


def request_page(
    request: Request, cohort: CohortFacts, session: SessionFacts, programme: str, why: Why | None
) -> RequestPage:
    """What it is about: the programme, when and where, for whom. Nothing of those who come to it."""
    stands = request.state == "yes"
    return RequestPage(
        request.request_id,
        _("Du hoppar in") if stands else _("Kan du hoppa in?"),
        f"{programme}. {when(session)}",
        f"{session.address}, {session.venue}.",
        request.absent,
        moment_long(request.answer_by),
        request.state,
        why_words(why) if why else "",
        f"/personal/grupper/{cohort.cohort_id}" if stands else "",
        day_long(local_date(session.starts_at)) if stands else "",
        f"/personal/traffar/{session.session_id}/sjuk",
    )


def why_words(why: Why) -> str:
    """Why a yes comes to nothing, or no answer is needed."""
    return {
        "session_cancelled": _("Det är inställt, så ingen behöver hoppa in. Tack ändå."),
        "session_held": _("Det är redan hållet, så ingen behöver hoppa in."),
        "session_over": _("Tiden har varit, så ingen behöver hoppa in."),
        "session_moved": _("Det har fått en annan tid sedan du fick frågan. Behövs du då får du en ny fråga."),
        "taken": _("Någon annan hann före, så du behöver inte komma. Tack ändå."),
        "withdrawn": _("Frågan är återtagen, så du behöver inte komma. Tack ändå."),
        "over": _("Frågan gäller inte längre, så du behöver inte komma."),
        "no_role": _("Du har inte längre behörighet att leda den här insatsen. Prata med samordnaren."),
        "elsewhere": _("Du är upptagen med något annat då, så det går inte. Svara nej, eller byt det andra först."),
        "said_yes": _("Du har redan sagt ja, så du står på den här tiden. Kan du inte komma ändå? Säg till här under."),
        "ill": _("Du har sagt att du inte kan komma den dagen."),
    }[why]


def items(found: Sequence[Waiting], groups: Mapping[int, str], programmes: Mapping[int, str], now: datetime) -> list[Item]:
    """On Idag: what somebody was asked, and sessions of their groups that nobody has said yes to."""
    return [_asked_item(one, programmes) if one.mine else _lacking_item(one, groups, now) for one in found]


def _asked_item(one: Waiting, programmes: Mapping[int, str]) -> Item:
    text = _("Svara helst före %(moment)s.", moment=moment_long(one.answer_by))
    name = programmes.get(one.programme_id, "")
    title = _("Kan du hoppa in %(when)s? %(programme)s", when=moment_long(one.starts_at), programme=name).strip()
    due = local_date(one.answer_by)
    tag = Tag(_("Svara"), "warn", "clock")
    return Item(title, f"/personal/vikariat/{one.request_id}", text, tag, due, one.answer_by, name)


def _lacking_item(one: Waiting, groups: Mapping[int, str], now: datetime) -> Item:
    title = _("Vikarie saknas i %(group)s", group=groups[one.cohort_id])
    text = capital(_("%(moment)s.", moment=moment_long(one.starts_at)))
    late = not one.open or one.answer_by <= now
    if one.unheard == "refused":
        said = _("E-posten tog inte emot frågan: ring och fråga, fråga någon annan, eller ställ in.")
        tag = Tag(_("Frågan kom inte fram"), "stop", "warn")
    elif not one.request_id:
        said, tag = _("Ingen leder det. Ställ in, eller fråga någon."), Tag(_("Ingen leder"), "stop", "warn")
    elif late:
        said, tag = _("Ingen har sagt ja. Ställ in, eller fråga någon annan."), Tag(_("Ingen har sagt ja"), "stop", "warn")
    elif one.unheard:
        said, tag = _("Frågan har inte kommit fram än."), Tag(_("Frågad"), "warn", "clock")
    else:
        said, tag = _("Ingen har svarat än."), Tag(_("Frågad"), "warn", "clock")
    text = f"{text} {said}"
    return Item(title, f"/personal/traffar/{one.session_id}/sjuk", text, tag, local_date(one.answer_by), one.answer_by)


def to_ask(free: Sequence[Candidate], said_no: Collection[int]) -> tuple[tuple[int, str, str], ...]:
    """Who can be asked, with what is worth knowing."""
    return tuple((one.staff_id, one.name, _about(one, said_no)) for one in free)


def _about(one: Candidate, said_no: Collection[int]) -> str:
    if one.staff_id in said_no:
        return _("Har sagt nej.")
    return _("Ledig då.") if one.mailed else _("Ledig då. Har ingen e-postadress här: ring också.")
