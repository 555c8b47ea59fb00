"""How many people are told in which way, in words. Pure: the language is that of the running request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from programmes.core.i18n import capital, clock, listed, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import Placed, State

# `bounced`: mail goes, but one has come back or was refused for good, so nobody counts on it; `refused`: texts to a number
# that was refused.
Way = Literal["mail", "text", "ring", "bounced", "refused", "place"]
# The same of one person, where it matters why nothing goes by itself: they left no channel, or want no messages on it.
Standing = Literal["mail", "text", "ring", "none", "unwanted", "unreadable"]


@dataclass(frozen=True)
class Away:
    """Since when text messages, and since when mails, do not get through; None while they do."""

    texts: datetime | None = None
    mails: datetime | None = None

    @property
    def all(self) -> datetime | None:
        """Since when nothing does."""
        return max(self.texts, self.mails) if self.texts and self.mails else None


@dataclass(frozen=True)
class Reach:
    """How many get mail, how many must be rung, how many see it only on Min plats, and how many get a text message; and what
    of that does not get through just now."""

    mail: int = 0
    ring: int = 0
    place: int = 0
    text: int = 0
    away: Away = Away()

    @property
    def sent(self) -> int:
        """How many are told by the service itself."""
        return self.mail + self.text

    def __add__(self, other: "Reach") -> "Reach":
        away = other.away if self.away == Away() else self.away
        return Reach(self.mail + other.mail, self.ring + other.ring, self.place + other.place, self.text + other.text, away)


def counted(ways: Mapping[Way, int]) -> Reach:
    """From how many are told in which way. Whom mail and texts do not reach is rung."""
    ring = sum(ways.get(way, 0) for way in ("ring", "bounced", "refused"))
    return Reach(ways.get("mail", 0), ring, ways.get("place", 0), ways.get("text", 0))


def told(reach: Reach) -> str:
    """`4 får e-post, 1 ska ni ringa och 1 ser det bara på Min plats.`, and what does not get through; empty when there is
    nobody."""
    parts = [
        ngettext("%(n)s får e-post", "%(n)s får e-post", reach.mail) if reach.mail else "",
        ngettext("%(n)s får sms", "%(n)s får sms", reach.text) if reach.text else "",
        ngettext("%(n)s ska ni ringa", "%(n)s ska ni ringa", reach.ring) if reach.ring else "",
        ngettext("%(n)s ser det bara på Min plats", "%(n)s ser det bara på Min plats", reach.place) if reach.place else "",
    ]
    found = [part for part in parts if part]
    return " ".join(part for part in (f"{listed(found)}.", *not_through(reach)) if part) if found else ""


def ring_after(moment: datetime) -> str:
    """From when people may be told of a decision that can be taken back until then."""
    return _("Ring efter %(time)s.", time=clock(moment))


def not_through(reach: Reach) -> tuple[str, ...]:
    """What is on its way to some of these and does not get through just now, so that somebody has to ring too."""
    if reach.mail and reach.text and reach.away.all:
        return (all_away(reach.away.all),)
    found = [mails_away(reach.away.mails)] if reach.mail and reach.away.mails else []
    return (*found, texts_away(reach.away.texts)) if reach.text and reach.away.texts else tuple(found)


def all_away(since: datetime) -> str:
    return _("Meddelanden kommer inte fram sedan %(when)s: ring dem också.", when=moment_long(since))


def mails_away(since: datetime) -> str:
    return _("E-post kommer inte fram sedan %(when)s: ring dem också.", when=moment_long(since))


def texts_away(since: datetime) -> str:
    return _("Sms kommer inte fram sedan %(when)s: ring dem också.", when=moment_long(since))


def rows(reach: Reach, what: str) -> tuple[tuple[str, str, str], ...]:
    """Who, what happens to them, and how they hear of it."""
    by_mail, by_text = _("E-post direkt"), _("Sms direkt, men inte på natten om det kan vänta")
    found = [
        (reach.mail, _("%(n)s med e-postadress", n=reach.mail), _with(by_mail, Reach(mail=1, away=reach.away))),
        (reach.text, _("%(n)s som vill ha sms", n=reach.text), _with(by_text, Reach(text=1, away=reach.away))),
        (reach.ring, _("%(n)s som inte nås med besked", n=reach.ring), _("Ni ringer")),
        (reach.place, _("%(n)s utan kontaktväg", n=reach.place), _("Syns på Min plats")),
    ]
    return tuple((who, what, how) for number, who, how in found if number)


def people_rows(
    placed: Placed, what: Mapping[State, str], reached: Mapping[State, Reach]
) -> tuple[tuple[str, str, str], ...]:
    """Who, by how they stand, what happens to them, and how many of them hear of it in which way."""
    found: list[tuple[State, int, str]] = [
        ("confirmed", placed.confirmed, ngettext("%(n)s klar", "%(n)s klara", placed.confirmed)),
        ("preliminary", placed.preliminary, ngettext("%(n)s preliminär", "%(n)s preliminära", placed.preliminary)),
        ("offered", placed.offered, ngettext("%(n)s erbjuden", "%(n)s erbjudna", placed.offered)),
        ("queued", placed.queued, _("%(n)s i kö", n=placed.queued)),
    ]
    unseen = _("Syns på Min plats")
    return tuple(
        (who, what[state], capital(told(reached[state])) if state in reached else unseen)
        for state, number, who in found
        if number
    )


def going_first(right: Reach, what: str, unseen: bool = False) -> tuple[tuple[str, str, str], ...]:
    """Those who may move here before newcomers, since their own start came to nothing. `unseen`: nobody is told."""
    number = right.sent + right.ring + right.place
    if not number:
        return ()
    return (
        (
            _("%(n)s som får flytta hit före andra", n=number),
            what,
            _("Syns på Min plats") if unseen else capital(told(right)),
        ),
    )


def first_elsewhere(right: Reach, moves_on: bool) -> tuple[tuple[str, str, str], ...]:
    """The same where nothing comes of this start: they go first to another one (`moves_on`), or nowhere any more."""
    if moves_on:
        return going_first(right, _("Får i stället flytta till nästa start före andra, lika länge som hit."), unseen=True)
    return going_first(right, _("Får inte längre flytta hit, och ingen annan start är öppen för dem."))


def _with(how: str, reach: Reach) -> str:
    return ". ".join((how, *not_through(reach)))
