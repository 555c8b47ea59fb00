"""What a message says, in the language of the running job. Neutral: no programme, no group, no place, no name.

A preview on a locked phone or in a shared mailbox shows the sender, the subject and the first line.
"""

from programmes.core.i18n import day_long, moment_long
from programmes.core.i18n import gettext as _
from programmes.enrolment.kept_wording_rules import kept_text
from programmes.notices.letter_fact_rules import Facts
from programmes.notices.mail_rules import Letter
from programmes.notices.session_letter_rules import next_session, rest_news, says_age_again, session_news


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
            return session_news(facts)
        case "rest_cancelled" | "rest_moved" | "change_undone":
            return rest_news(facts) if facts.kind != "rest_cancelled" else _rest_cancelled(facts)
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
            return [_held(facts), *next_session(facts)]
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
        return [_("En plats är ledig, och du är näst på tur."), how, *next_session(facts)]
    over = _("Kön är slut. Det blev tyvärr ingen plats den här gången.")
    if facts.had_offer and not facts.first_over:
        over = _("Det blir inga fler möten, så erbjudandet om en plats är taget tillbaka. Kön är slut.")
    if facts.first_until:
        return [over, *_instead(facts)]
    if facts.first_over:
        over = _no_longer() + " " + _("Kön är slut.")
    return [
        over,
        _("Du kan anmäla dig till en annan start när en är öppen. Hur står på Min plats. Länken fungerar ett dygn."),
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
            *_kept(facts),
            _no_offers(),
            _(
                "Blir en plats ledig går den till den första i kön som säger ja till oss: ring %(phone)s eller kom dit.",
                phone=facts.phone,
            ),
        ]
    offered = _("Blir en plats ledig får du ett erbjudande. Du behöver inte göra något.")
    return [received, *_kept(facts), offered]


def _kept(facts: Facts) -> list[str]:
    return [kept_text(facts.kept_until), _("Kön går efter det.")] if facts.kept_until else []


def _no_offers() -> str:
    return _("Det är för kort tid kvar till nästa gång för att skicka erbjudanden.")


def _moved(facts: Facts) -> list[str]:
    news = [_("Du är flyttad till en annan start, som ni har kommit överens om.")]
    if facts.enrolment_state == "queued":
        news.append(_("Där står du i kö, som nummer %(n)s. Tiden räknas från när du först anmälde dig.", n=facts.position))
    elif facts.enrolment_state != "offered":
        news.extend([_held(facts), *next_session(facts)])
    return [*news, *says_age_again(facts)]


def _back(facts: Facts) -> list[str]:
    news = [_("Vi gjorde fel när vi avslutade din plats. Det är ändrat nu.")]
    if facts.enrolment_state == "queued":
        return [*news, _("Du står i kö, som nummer %(n)s. Tiden räknas från när du först anmälde dig.", n=facts.position)]
    return news if facts.enrolment_state == "offered" else [*news, _held(facts), *next_session(facts)]


def _offer(facts: Facts) -> list[str]:
    news = [_("En plats har blivit ledig, och den är din om du vill.")]
    if facts.answer_by:
        news.append(
            _(
                "Svara med länken senast %(moment)s. Annars går platsen vidare till nästa i kön.",
                moment=moment_long(facts.answer_by),
            )
        )
    return news + next_session(facts)


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


def _start_news(facts: Facts) -> list[str]:
    match facts.kind:
        case "soon_evaluation":
            return _evaluation(facts)
        case "cohort_started":
            return [_("Det blir av."), *next_session(facts)]
        case "cohort_postponed":
            return _postponed(facts)
        case _ if facts.first_over:
            return [_no_longer(), _another_start()]
        case _:
            return [_("Det blir tyvärr inget den här gången. Alla möten är inställda."), *_instead(facts)]


def _rest_cancelled(facts: Facts) -> list[str]:
    if facts.first_over:
        return [_no_longer(), _another_start()]
    return [*rest_news(facts), *(_instead(facts) if facts.first_until else ())]


def _no_longer() -> str:
    return _("Nästa start tar inte emot fler, så du kan inte längre flytta dit.")


def _evaluation(facts: Facts) -> list[str]:
    """Another meeting may come before the one at which a group is evaluated."""
    if facts.session is None:
        return []
    if facts.session == facts.next:
        say = _("I slutet av mötet får du säga vad du tycker, utan namn, om du vill. Ta gärna med mobilen.")
        return [*next_session(facts), say]
    return [
        _("I slutet av mötet %(when)s får du säga vad du tycker, utan namn, om du vill.", when=facts.session),
        _("Ta gärna med mobilen."),
    ]


def _another_start() -> str:
    return _("Du kan anmäla dig till en annan start när en är öppen.")


def _instead(facts: Facts) -> list[str]:
    if facts.first_until is None:
        return [_another_start()]
    until = moment_long(facts.first_until)
    if facts.first_by_phone:
        # Why is not said: others may read it, and it would tell of somebody else (DESIGN 3, keep apart).
        return [
            _("Vill du vara med i nästa start? Ring oss på %(phone)s till och med %(until)s, så hjälper vi dig.",
              phone=facts.phone, until=until),
            _("Tiden för din anmälan följer med."),
        ]  # fmt: skip
    return [
        _("Vill du vara med i nästa start? Då flyttar du dit på Min plats, och tiden för din anmälan följer med."),
        _("Till och med %(until)s går du före dem som anmäler sig nu.", until=until),
    ]


def _postponed(facts: Facts) -> list[str]:
    again = says_age_again(facts)
    if facts.enrolment_state == "offered":
        return [_("Starten är framflyttad. Ditt erbjudande gäller de nya dagarna."), *next_session(facts), *again]
    if facts.enrolment_state == "queued":
        kept = _("Starten är framflyttad. Du har kvar din plats i kön.")
    else:
        kept = _("Starten är framflyttad. Du har kvar din plats.")
    # Nothing is said of having nothing to do: they are asked for an answer.
    return [kept, *next_session(facts), *again, _please_answer()]


def _please_answer() -> str:
    return _("Kan du de nya dagarna? Svara gärna på Min plats.")


def spare(facts: Facts) -> list[str]:
    """Of the news, what can be left out where there is little room: the rest says what has happened without it."""
    held = [_held(facts)] if facts.kind == "place_moved" else []
    return [*held, *next_session(facts), _please_answer(), _no_offers(), *_kept(facts)]
