"""What a mail to a member of staff says at once. Neutral, as what lies in a mailbox may be read by others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext
from programmes.desk.today.staff_belief_rules import Became
from programmes.notices.letter_fact_rules import Slot
from programmes.notices.mail_rules import Letter

Kind = Literal[
    "asked", "not_needed", "found", "nobody", "alone", "moved", "cancelled",
    "called_off", "new_time", "brought_back", "off_duty", "on_duty",
    "lost", "expected", "on_again", "fewer",
]  # fmt: skip
# That something is cancelled; of what is on again that is no longer so.
_OFF: frozenset[Kind] = frozenset({"cancelled", "called_off"})


@dataclass(frozen=True)
class Message:
    """A mail that waits, about a session or a study visit as it is now: `off`, cancelled. `answer_by` while somebody waits
    for the receiver's answer; `stands`, the receiver is there; `led`, anybody is; `found`, somebody who said yes is;
    `lacking`, nobody has said yes for somebody who does not come. `visited`: somebody comes to the visit, and
    `booked_since` who booked it after somebody had left it. `added_starts` and `added_ends`: when what was added for it is,
    while it is cancelled. `handed_over_at`: since when a server may have taken it.
    `became` is what one of what the receiver believes has left to tell; None for any other."""

    message_id: UUID
    kind: Kind
    to: str
    starts_at: datetime
    ends_at: datetime
    off: bool
    answer_by: datetime | None
    stands: bool = True
    led: bool = True
    somebody_away: bool = False
    found: bool = False
    lacking: bool = False
    visited: bool = False
    booked_since: bool = False
    added_starts: datetime | None = None
    added_ends: datetime | None = None
    handed_over_at: datetime | None = None
    became: tuple[Became, ...] | None = None


def is_current(message: Message, now: datetime) -> bool:
    """Whether it is so as it would be sent, and of use. What was so when it was written may have changed back: who has not
    heard of that need not hear of either, and what comes last is true."""
    if message.became is not None:
        return bool(message.became)
    if message.ends_at <= now:
        return False
    if message.kind in _OFF:
        return message.off
    if message.kind == "not_needed":
        return message.answer_by is None and (message.off or not message.stands)
    return not message.off and _is_so(message, now)


def _is_so(message: Message, now: datetime) -> bool:
    """Of what takes place."""
    so: dict[Kind, bool] = {
        "asked": message.answer_by is not None,
        "found": message.found,
        "nobody": message.lacking,
        "lost": message.lacking,
        "alone": message.somebody_away and message.led,
        "expected": message.led and not (message.lacking or message.found),
        "off_duty": not message.stands,
        "on_again": True,
        "fewer": message.stands and not message.booked_since and message.starts_at > now,
    }
    return so.get(message.kind, message.stands)


def letter(message: Message, base_url: str, municipality: str) -> Letter:
    """The whole message: when, never what, where or who."""
    foot = (_("Logga in och öppna %(address)s.", address=f"{base_url}/personal/idag"), municipality)
    if message.became is not None:
        return Letter(_("Något har ändrats"), _stands_news(message.became), "", foot)
    return Letter(_subject(message.kind), _news(message, Slot(message.starts_at, message.ends_at)), "", foot)


# Of more sessions a mail says how many they are.
_NAMED = 3


def _stands_news(became: Sequence[Became]) -> tuple[str, ...]:
    """Each session by the day that the receiver knows; of many the first. Where to look is said once, of all."""
    named = became[:_NAMED]
    said = [_stand_news(one) for one in named]
    if more := len(became) - len(said):
        said.append(ngettext("%(n)s tid till har ändrats för dig.", "%(n)s tider till har ändrats för dig.", more))
    return (*said, _where_it_stands(named, more > 0))


def _where_it_stands(named: Sequence[Became], more: bool) -> str:
    new, covered = any(map(_is_new, named)), [_is_covered(one) for one in named]
    if all(covered) and not more:
        return _("Vem som hoppar in står på gruppens sida.")
    if any(covered):
        # Who it is stands in no calendar.
        with_where = _("Var och hur det är, och vem som hoppar in, står på gruppens sida.")
        return with_where if new else _("Hur det är, och vem som hoppar in, står på gruppens sida.")
    with_where = _("Var och hur det är står på gruppens sida och i din kalender.")
    return with_where if new else _("Hur det är står på gruppens sida och i din kalender.")


def _is_covered(one: Became) -> bool:
    """Whether they are told that somebody comes in their place."""
    return one.covered and one.now.on and not one.now.leads and not (one.over and one.was.comes)


def _is_new(one: Became) -> bool:
    """Whether they lead what they know nothing of: neither where it is."""
    return one.now.on and one.now.leads and not one.was.comes and not one.over and not one.was.leads and not one.was.away


def _stand_news(one: Became) -> str:
    was, now = Slot(one.was.starts_at, one.was.ends_at), Slot(one.now.starts_at, one.now.ends_at)
    if not one.now.on:
        return _news_of_one_cancelled(one, was, now)
    if one.over and one.was.comes:
        return _("Du leder inte längre det som är %(when)s.", when=was)
    if not one.now.leads:
        return _news_of_one_led_by_others(one, was, now)
    if one.sought and not one.over:
        return _news_of_one_without_substitute(one, was, now)
    if one.was.comes and not one.was.same_for_them(one.now):
        return _moved(was, now)
    return _news_of_one_to_lead(one, now)


def _news_of_one_cancelled(one: Became, was: Slot, now: Slot) -> str:
    if one.was.away:
        return _("Det som skulle vara %(when)s är inställt.", when=was)
    return _("Det som du skulle leda %(when)s är inställt.", when=was if one.was.leads else now)


def _news_of_one_led_by_others(one: Became, was: Slot, now: Slot) -> str:
    if one.was.away and not one.was.on:
        back = _("Det som var inställt %(when)s blir av.", when=now)
        return " ".join((back, _("Någon hoppar in."))) if _is_covered(one) else back
    if _is_covered(one):
        return _("Någon hoppar in %(when)s.", when=now)
    return _("Du leder inte längre det som är %(when)s.", when=was if one.was.comes else now)


def _moved(was: Slot, now: Slot) -> str:
    moved = _("Det som du leder %(was)s är flyttat: %(now)s.", was=was, now=now)
    return moved if was != now else _("Det som du leder %(when)s har en annan plats.", when=now)


def _news_of_one_without_substitute(one: Became, was: Slot, now: Slot) -> str:
    """Of one that they have said that they can't come to, and that is theirs until somebody says yes. Of one that is moved
    no more is said than that: whether somebody is asked about the new time is told by itself."""
    if one.was.on and one.was.comes and not one.was.same_for_them(one.now):
        return _moved(was, now)
    nobody, again = _("Ingen har sagt ja till att hoppa in."), _("Frågan är ställd igen.") if one.sought == "again" else ""
    if not one.was.on:
        told = f"{_('Det som var inställt %(when)s blir av.', when=now)} {nobody}"
    else:
        told = _("Ingen har sagt ja till att hoppa in %(when)s.", when=now)
    return f"{told} {again}".rstrip()


def _news_of_one_to_lead(one: Became, now: Slot) -> str:
    """Of one that they did not come to, and lead; `over` only where they may have heard of a day in between."""
    if one.over:
        return _("Det som du kan ha hört om, och som var %(when)s, har redan varit.", when=now)
    if one.was.leads and not one.was.on:
        return _("Det som var inställt %(when)s blir av. Du leder det.", when=now)
    return _("Du leder det som är %(when)s.", when=now)


def _subject(kind: Kind) -> str:
    return _("En fråga till dig") if kind == "asked" else _("Något har ändrats")


def _added(message: Message) -> tuple[str, ...]:
    """When what comes instead is, where something does."""
    if message.added_starts is None or message.added_ends is None:
        return ()
    return (_("Ett tillfälle är tillagt i stället: %(when)s.", when=Slot(message.added_starts, message.added_ends)),)


def _news(message: Message, slot: Slot) -> tuple[str, ...]:
    by = moment_long(message.answer_by) if message.answer_by else ""
    news: dict[Kind, tuple[str, ...]] = {
        "asked": (_("Kan du hoppa in %(when)s?", when=slot), _("Svara på Idag, helst före %(moment)s.", moment=by)),
        "not_needed": (_("Du behöver inte hoppa in %(when)s.", when=slot),),
        "found": (_("Någon hoppar in %(when)s.", when=slot), _("Vem som hoppar in står på gruppens sida.")),
        "nobody": (
            _("Ingen har sagt ja till att hoppa in %(when)s.", when=slot),
            _("Öppna Idag för att fråga någon annan eller ställa in."),
        ),
        "alone": (_("Någon som leder kan inte komma %(when)s. De andra håller det.", when=slot),),
        "moved": (
            _("Det som du hoppar in på har fått en ny tid eller plats: %(when)s.", when=slot),
            _("Var det är står på gruppens sida."),
        ),
        "lost": (
            _("Den som skulle hoppa in %(when)s gör det inte längre.", when=slot),
            _("Öppna Idag för att fråga någon annan eller ställa in."),
        ),
        "expected": (
            _(
                "Det som någon skulle hoppa in på är flyttat till en annan dag: %(when)s. Den som brukar leda väntas komma.",
                when=slot,
            ),
            _("Stämmer det inte? Öppna Idag för att fråga någon eller ställa in."),
        ),
        "on_again": (_("Det som var inställt %(when)s blir av.", when=slot),),
        "fewer": (
            _("Någon kommer inte till det som du leder %(when)s. Andra kommer.", when=slot)
            if message.visited
            else _("Ingen kommer längre till det som du leder %(when)s.", when=slot),
            _("Hur det är står på gruppens sida och i din kalender."),
        ),
        "cancelled": (
            _("Det som skulle vara %(when)s är inställt av den som leder det.", when=slot),
            *_added(message),
            _("Besked skickas. Vilka som inte nås står på Idag."),
        ),
        "called_off": (_("Det som du skulle leda %(when)s är inställt.", when=slot),),
        "new_time": (
            _("Något som du leder har fått en ny tid eller plats: %(when)s.", when=slot),
            _("Är det flera står alla på gruppens sida och i din kalender."),
        ),
        "brought_back": (_("Det som var inställt %(when)s blir av. Du leder det.", when=slot),),
        "off_duty": (_("Du leder inte längre det som är %(when)s.", when=slot),),
        "on_duty": (_("Du leder det som är %(when)s. Var det är står på gruppens sida.", when=slot),),
    }
    return news[message.kind]
