"""How many people are told in which way, in words. Pure: the language is that of the running request."""

from dataclasses import dataclass
from typing import Literal

from programmes.core.i18n import gettext as _
from programmes.core.i18n import listed, ngettext

# `bounced`: mail goes, but one has come back, so nobody counts on it.
Way = Literal["mail", "text", "ring", "bounced", "place"]
# The same of one person, where it matters why nothing goes by itself: they left no channel, or want no messages on it.
Standing = Literal["mail", "text", "ring", "none", "unwanted", "unreadable"]


@dataclass(frozen=True)
class Reach:
    """How many get mail, how many must be rung, how many see it only on Min plats, and how many get a text message."""

    mail: int = 0
    ring: int = 0
    place: int = 0
    text: int = 0

    @property
    def sent(self) -> int:
        """How many are told by the service itself."""
        return self.mail + self.text

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(self.mail + other.mail, self.ring + other.ring, self.place + other.place, self.text + other.text)


def told(reach: Reach) -> str:
    """`4 får e-post, 1 ska ni ringa och 1 ser det bara på Min plats.`; empty when there is nobody."""
    parts = [
        ngettext("%(n)s får e-post", "%(n)s får e-post", reach.mail) if reach.mail else "",
        ngettext("%(n)s får sms", "%(n)s får sms", reach.text) if reach.text else "",
        ngettext("%(n)s ska ni ringa", "%(n)s ska ni ringa", reach.ring) if reach.ring else "",
        ngettext("%(n)s ser det bara på Min plats", "%(n)s ser det bara på Min plats", reach.place) if reach.place else "",
    ]
    found = [part for part in parts if part]
    return f"{listed(found)}." if found else ""


def rows(reach: Reach, what: str) -> tuple[tuple[str, str, str], ...]:
    """Who, what happens to them, and how they hear of it."""
    found = [
        (reach.mail, _("%(n)s med e-postadress", n=reach.mail), _("E-post direkt")),
        (reach.text, _("%(n)s som vill ha sms", n=reach.text), _("Sms direkt, men inte på natten om det kan vänta")),
        (reach.ring, _("%(n)s som inte nås med besked", n=reach.ring), _("Ni ringer")),
        (reach.place, _("%(n)s utan kontaktväg", n=reach.place), _("Syns på Min plats")),
    ]
    return tuple((who, what, how) for number, who, how in found if number)
