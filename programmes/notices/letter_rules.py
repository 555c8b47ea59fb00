"""What a message says, in the language of the running job. Neutral: no programme, no group, no place, no name.

A preview on a locked phone or in a shared mailbox shows the sender, the subject and the first line.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from programmes.core.clock import local_date
from programmes.core.codes import grouped
from programmes.core.i18n import day_long, moment_long, times
from programmes.core.i18n import gettext as _
from programmes.notices.mail_rules import Letter
from programmes.notices.rules import Kind


@dataclass(frozen=True)
class Slot:
    """From when to when something is."""

    starts_at: datetime
    ends_at: datetime

    def __str__(self) -> str:
        return f"{day_long(local_date(self.starts_at))} {times(self.starts_at, self.ends_at)}"


@dataclass(frozen=True)
class Became:
    """A session as the receiver believes that it is, and as it is; None where nobody comes, or they know of none. `or_was`:
    when they may believe instead that it is, since nobody knows what they have received."""

    was: Slot | None
    now: Slot | None
    or_was: Slot | None = None


# Of more sessions a message does not say one by one how they became.
NAMED = 3


@dataclass(frozen=True)
class Facts:
    """What the words are made of, read when the message is sent. `next` is the next session that is not cancelled,
    `added` the one at the end that makes up for a cancelled one, `soonest` when the next was to begin, cancelled or not.
    `booked`: how many talks were booked at once with this one, the first of them. `became`: the sessions that a change was
    about which are otherwise than the receiver believes; `moved` the one of them that the message is about. `taken`: another
    session has got the time of one of them. `tangled`: one of them has no name that everybody who may come would understand.
    `by_word`: no offer could be answered in time, so that a free place goes to who says yes to staff, at `phone`.
    `unchanged`: when the last session to come begins that is as the receiver knows. `first_until`: until when they may move
    to another start before newcomers. `named`: how many of `became` there is room to name."""

    kind: Kind
    enrolment_state: str
    next: Slot | None = None
    is_first: bool = True
    session: Slot | None = None
    was_at: datetime | None = None
    position: int = 0
    answer_by: datetime | None = None
    age_again: bool = False
    years_again: bool = False
    visit: Slot | None = None
    book_by: date | None = None
    say_coming: bool = False
    link: str = ""
    added: Slot | None = None
    booked: int = 1
    soonest: datetime | None = None
    became: tuple[Became, ...] = ()
    moved: Became | None = None
    by_word: bool = False
    phone: str = ""
    first_until: datetime | None = None
    taken: bool = False
    tangled: bool = False
    named: int = NAMED
    unchanged: datetime | None = None

    @property
    def code_start(self) -> str:
        """The first group of the code in the link, as Min plats shows it."""
        return grouped(self.link.rpartition("#")[2]).partition("-")[0]


def letter(facts: Facts, municipality: str, phone: str) -> Letter:
    """The whole message."""
    foot = []
    if facts.link:
        # Of several at one address, siblings or a couple, nothing else says which is meant. Only who has the code knows it.
        foot.append(_("Det här gäller platsen vars kod börjar med %(start)s.", start=facts.code_start))
        foot.append(_("Länken är din egen. Lämna den inte vidare."))
    foot.append(_("Det går inte att svara på det här mejlet. Har du frågor? Ring %(phone)s.", phone=phone))
    foot.append(municipality)
    return Letter(_("Om ditt möte"), tuple(news(facts)), facts.link, tuple(foot))


def news(facts: Facts) -> list[str]:
    """What has happened, and what it asks for; the most important first."""
    match facts.kind:
        case "session_moved" | "session_cancelled" | "talk_booked":
            return _session_news(facts)
        case "rest_cancelled" | "rest_moved" | "change_undone":
            return _rest_news(facts)
        case "cohort_started" | "cohort_cancelled" | "cohort_postponed" | "soon_evaluation":
            return _start_news(facts)
        case "visit_cancelled" | "visit_reminder" | "visit_booked" | "visit_unbooked" | "soon_visit":
            return _visit_news(facts)
        case "place_moved" | "place_back":
            return _moved(facts) if facts.kind == "place_moved" else _back(facts)
        case _:
            return _place_news(facts)


def _place_news(facts: Facts) -> list[str]:
    match facts.kind:
        case "place_held" | "place_confirmed":
            return [_held(facts), *_next(facts)]
        case "queued":
            return _queued(facts)
        case "place_offered":
            return _offer(facts)
        case "place_free" | "queue_ended":
            return _end_of_queue(facts)
        case "accept_new":
            return [
                _("Något som du har godkänt har fått en ny version. Läs och godkänn den före första mötet."),
                _("Du har kvar din plats under tiden. Öppna Min plats, eller ring oss."),
            ]
        case _:
            return _over(facts)


def _end_of_queue(facts: Facts) -> list[str]:
    """When nothing is offered any more: a place to be had by word, or none."""
    if facts.kind == "place_free":
        how = _(
            "Vill du ha den? Ring %(phone)s eller kom dit och säg ja. Det går inte att svara med länken.", phone=facts.phone
        )
        return [_("En plats är ledig, och du är näst på tur."), how, *_next(facts)]
    return [
        _("Kön är slut. Det blev tyvärr ingen plats den här gången."),
        _("Du kan anmäla dig till en annan start. Hur står på Min plats. Länken fungerar ett dygn."),
    ]


def _over(facts: Facts) -> list[str]:
    if facts.kind == "place_expired":
        return [
            _("Sista dagen att boka ett första möte har gått, så platsen är inte längre din."),
            _("På Min plats står vad du kan göra. Länken fungerar ett dygn. Har det blivit fel? Ring oss."),
        ]
    if facts.kind == "place_refused":
        return [
            _("Din plats är avslutad. På Min plats står varför, och vad du kan göra i stället."),
            _("Länken fungerar ett dygn. Har det blivit fel? Ring oss."),
        ]
    if facts.kind == "offer_expired":
        return [
            _("Tiden för att svara har gått ut, så platsen är inte längre din."),
            _("På Min plats står vad du kan göra. Länken fungerar ett dygn. Har det blivit fel? Ring oss."),
        ]
    return [_("Din plats är avslutad. Du behöver inte göra något.")]


def _held(facts: Facts) -> str:
    if facts.kind == "place_confirmed":
        return _("Din plats är klar.")
    if facts.enrolment_state == "preliminary":
        return _("Du har en preliminär plats. Se med länken vad som är kvar innan den är klar, och till när.")
    return _("Du har en plats.")


def _queued(facts: Facts) -> list[str]:
    if facts.say_coming:
        return [
            _("Din anmälan är mottagen. Du står i kö, som nummer %(n)s.", n=facts.position),
            _("Öppna Min plats och tryck på Jag kommer, eller ring oss. Då kan du få en plats."),
        ]
    received = _("Din anmälan är mottagen. Du står i kö, som nummer %(n)s.", n=facts.position)
    if facts.by_word:
        return [
            received,
            _no_offers(),
            _(
                "Blir en plats ledig går den till den första i kön som säger ja till oss: ring %(phone)s eller kom dit.",
                phone=facts.phone,
            ),
        ]
    return [received, _("Blir en plats ledig får du ett erbjudande. Du behöver inte göra något.")]


def _no_offers() -> str:
    return _("Det är för kort tid kvar till nästa gång för att skicka erbjudanden.")


def _moved(facts: Facts) -> list[str]:
    news = [_("Du är flyttad till en annan start, som ni har kommit överens om.")]
    if facts.enrolment_state == "queued":
        news.append(_("Där står du i kö, som nummer %(n)s. Tiden räknas från när du först anmälde dig.", n=facts.position))
    elif facts.enrolment_state != "offered":
        news.extend([_held(facts), *_next(facts)])
    return [*news, *_again(facts)]


def _back(facts: Facts) -> list[str]:
    news = [_("Vi gjorde fel när vi avslutade din plats. Det är ändrat nu.")]
    if facts.enrolment_state == "queued":
        return [*news, _("Du står i kö, som nummer %(n)s. Tiden räknas från när du först anmälde dig.", n=facts.position)]
    return news if facts.enrolment_state == "offered" else [*news, _held(facts), *_next(facts)]


def _offer(facts: Facts) -> list[str]:
    news = [_("En plats har blivit ledig, och den är din om du vill.")]
    if facts.answer_by:
        news.append(
            _(
                "Svara med länken senast %(moment)s. Annars går platsen vidare till nästa i kön.",
                moment=moment_long(facts.answer_by),
            )
        )
    return news + _next(facts)


def _session_news(facts: Facts) -> list[str]:
    if facts.session is None:
        return []
    if facts.tangled:
        return [_("Mötestider har ändrats. Alla tider står på Min plats."), *_next(facts), *_again(facts)]
    if facts.kind == "session_cancelled":
        instead = [_("Ett nytt möte är tillagt sist: %(when)s.", when=facts.added)] if facts.added else []
        if facts.taken:
            return [
                _("Ett möte är inställt och andra har nya tider. Alla tider står på Min plats."),
                *instead,
                *_next(facts),
            ]
        when = _or(str(facts.session), facts.moved.or_was if facts.moved else None)
        return [_("Mötet %(when)s är inställt.", when=when), *instead, *_next(facts)]
    if facts.kind == "talk_booked":
        one = [_("En tid är bokad: %(when)s.", when=facts.session)]
        first = _("%(n)s tider är bokade. Den första är %(when)s.", n=facts.booked, when=facts.session)
        several = [first, _("Alla tider står på Min plats.")]
        news = several if facts.booked > 1 else one
        return [*news, *_again(facts)]
    return [*_moved_news(facts, facts.session), *_again(facts)]


def _moved_news(facts: Facts, session: Slot) -> list[str]:
    """Named by the day that they know; what they know of none is one more."""
    if facts.moved and facts.moved.was is None:
        return [_("Det blir ett möte till: %(when)s.", when=session)]
    was_at = facts.moved.was.starts_at if facts.moved and facts.moved.was else facts.was_at
    if facts.taken:
        return [_("Möten har fått nya tider. Alla tider står på Min plats."), *_next(facts)]
    if was_at is None or was_at == session.starts_at:
        return [_("Mötet %(when)s har ändrats. Se tid och plats med länken.", when=session)]
    known = _or(moment_long(was_at), facts.moved.or_was if facts.moved else None)
    return [_("Mötet som skulle vara %(moment)s är flyttat.", moment=known), _("Ny tid: %(when)s.", when=session)]


def _or(known: str, other: Slot | None) -> str:
    """By which day somebody knows a session, or by which two, as far as anybody knows."""
    if other is None:
        return known
    return _("%(known)s, eller %(other)s om du har hört det,", known=known, other=other)


def _rest_news(facts: Facts) -> list[str]:
    if facts.kind == "rest_cancelled":
        return [_("De möten som var kvar är inställda."), _("Du behöver inte göra något.")]
    if facts.kind == "change_undone":
        return [_("Ändringen som vi skrev om gäller inte."), *_as_it_is(facts)]
    if any(one.was is None or one.now is None for one in facts.became):
        return [_("Något har ändrats."), *_as_it_is(facts), *_again(facts)]
    if facts.unchanged and len(facts.became) == 1 and (session := facts.became[0].now):
        return [*_moved_news(replace(facts, moved=facts.became[0]), session), *_again(facts)]
    return [_which_moved(facts), *_next(facts), *_again(facts)]


def _which_moved(facts: Facts) -> str:
    """All that are left, all from a day on that the receiver knows, or only that it is some of them."""
    if facts.unchanged is None:
        return _("Mötena som är kvar har fått nya tider eller en ny plats. Se alla med länken.")
    known = min((local_date(one.was.starts_at) for one in facts.became if one.was), default=None)
    if known and local_date(facts.unchanged) < known and not any(one.or_was for one in facts.became):
        day = day_long(known)
        return _("Mötena från %(day)s har fått nya tider eller en ny plats. Se alla med länken.", day=day)
    return _("Några av mötena har fått nya tider eller en ny plats. Se alla med länken.")


def _as_it_is(facts: Facts) -> list[str]:
    """How it is now of each session, or of many where that stands."""
    if len(facts.became) > NAMED or facts.taken or facts.tangled or not facts.named:
        return [*_next(facts), _("Alla tider står på Min plats.")]
    said = [_became(one) for one in sorted(facts.became, key=_when)[: facts.named]]
    if len(said) < len(facts.became):
        said.append(_("Det gäller fler möten. Alla tider står på Min plats."))
    return said


def _when(one: Became) -> datetime:
    return min(slot.starts_at for slot in (one.was, one.now) if slot)


def _became(one: Became) -> str:
    if one.now is None:
        return _("Mötet %(when)s blir inte av.", when=_or(str(one.was), one.or_was))
    if one.was is None:
        return _("Mötet %(when)s blir av.", when=one.now)
    if one.was == one.now:
        return _("Mötet %(when)s har en annan plats än vi skrev. Se var med länken.", when=one.now)
    if one.or_was:
        return _("Mötet som skulle vara %(was)s är %(now)s.", was=_or(str(one.was), one.or_was), now=one.now)
    return _("Mötet som vi skrev skulle vara %(was)s är %(now)s.", was=one.was, now=one.now)


def _visit_news(facts: Facts) -> list[str]:
    """The visit that somebody had booked, or has to book: only the day says which meeting is meant."""
    if facts.kind == "visit_reminder":
        day = day_long(facts.book_by) if facts.book_by else ""
        return [
            _("Du behöver boka ett första möte senast %(day)s. Boka med länken, eller ring oss.", day=day),
            _("Har du inte bokat då går din plats vidare till nästa i kön."),
        ]
    if facts.kind == "visit_unbooked":
        return [
            _("Din tid för ett första möte är avbokad. Du har kvar din plats."),
            _("Boka en ny tid på Min plats, eller ring oss."),
        ]
    if facts.visit is None:
        return []
    if facts.kind == "soon_visit":
        return [
            _("Påminnelse: du har en tid för ett första möte %(when)s.", when=facts.visit),
            _("Passar den inte? Byt tid eller avboka på Min plats, eller ring oss."),
        ]
    if facts.kind == "visit_booked":
        return [
            _("Du har en tid för ett första möte: %(when)s.", when=facts.visit),
            _("Passar den inte? Byt tid eller avboka på Min plats, eller ring oss."),
        ]
    return [
        _("Mötet som du hade bokat %(when)s är inställt. Du har kvar din plats.", when=facts.visit),
        _("Boka en ny tid på Min plats, eller ring oss."),
    ]


def _again(facts: Facts) -> list[str]:
    """What is to be said once more, for another first day."""
    if facts.age_again:
        return [_("Åldern räknas den första dagen. Öppna Min plats och säg till om det stämmer även då.")]
    if facts.years_again:
        return [_("Ett villkor räknas till den första dagen. Öppna Min plats och säg till om det stämmer även då.")]
    return []


def _start_news(facts: Facts) -> list[str]:
    match facts.kind:
        case "soon_evaluation":
            say = _("I slutet av mötet får du säga vad du tycker, utan namn, om du vill. Ta gärna med mobilen.")
            return [_("Nästa möte är %(when)s.", when=facts.session), say] if facts.session else []
        case "cohort_started":
            return [_("Det blir av."), *_next(facts)]
        case "cohort_postponed":
            return _postponed(facts)
        case _:
            return [_("Det blir tyvärr inget den här gången. Alla möten är inställda."), *_instead(facts.first_until)]


def _instead(first_until: datetime | None) -> list[str]:
    if first_until is None:
        return [_("Du kan anmäla dig till en annan start.")]
    return [
        _("Vill du vara med i nästa start? Då flyttar du dit på Min plats, och tiden för din anmälan följer med."),
        _("Till och med %(until)s går du före dem som anmäler sig nu.", until=moment_long(first_until)),
    ]


def _postponed(facts: Facts) -> list[str]:
    again = _again(facts)
    if facts.enrolment_state == "offered":
        return [_("Starten är framflyttad. Ditt erbjudande gäller de nya dagarna."), *_next(facts), *again]
    if facts.enrolment_state == "queued":
        kept = _("Starten är framflyttad. Du har kvar din plats i kön.")
        kept_only = _("Starten är framflyttad. Du har kvar din plats i kön och behöver inte göra något.")
    else:
        kept = _("Starten är framflyttad. Du har kvar din plats.")
        kept_only = _("Starten är framflyttad. Du har kvar din plats och behöver inte göra något.")
    return [kept if again else kept_only, *_next(facts), *again, _please_answer()]


def _please_answer() -> str:
    return _("Kan du de nya dagarna? Svara gärna på Min plats.")


def spare(facts: Facts) -> list[str]:
    """Of the news, what can be left out where there is little room: the rest says what has happened without it."""
    held = [_held(facts)] if facts.kind == "place_moved" else []
    return [*held, *_next(facts), _please_answer(), _no_offers()]


def _next(facts: Facts) -> list[str]:
    if facts.next is None:
        return []
    if facts.is_first:
        return [_("Första mötet är %(when)s.", when=facts.next)]
    return [_("Nästa möte är %(when)s.", when=facts.next)]
