"""What a mail to a member of staff says at once. Neutral, as what lies in a mailbox may be read by others. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long
from programmes.notices.letter_rules import Letter, Slot

Kind = Literal[
    "asked", "not_needed", "found", "nobody", "alone", "moved", "cancelled",
    "called_off", "new_time", "brought_back", "off_duty", "on_duty",
    "lost", "expected", "on_again",
]  # fmt: skip
# That something is cancelled; of what is on again that is no longer so.
_OFF: frozenset[Kind] = frozenset({"cancelled", "called_off"})


@dataclass(frozen=True)
class Message:
    """A mail that waits, about a session. `answer_by` while somebody waits for the receiver's answer."""

    message_id: UUID
    kind: Kind
    to: str
    starts_at: datetime
    ends_at: datetime
    session_state: str
    answer_by: datetime | None
    failures: int
    last_failure: datetime | None


def is_current(message: Message, now: datetime) -> bool:
    """Whether it is still so, and of use: what is cancelled needs nobody to stand in, and may have been brought back."""
    off = message.session_state == "cancelled"
    if message.ends_at <= now or (off and message.kind not in {*_OFF, "not_needed"}):
        return False
    if message.kind in _OFF:
        return off
    return message.answer_by is not None or message.kind != "asked"


def letter(message: Message, base_url: str, municipality: str) -> Letter:
    """The whole message: when, never what, where or who."""
    slot = Slot(message.starts_at, message.ends_at)
    foot = (_("Logga in och öppna %(address)s.", address=f"{base_url}/personal/idag"), municipality)
    return Letter(_subject(message.kind), _news(message, slot), "", foot)


def _subject(kind: Kind) -> str:
    return _("En fråga till dig") if kind == "asked" else _("Något har ändrats")


def _news(message: Message, slot: Slot) -> tuple[str, ...]:
    by = moment_long(message.answer_by) if message.answer_by else ""
    news: dict[Kind, tuple[str, ...]] = {
        "asked": (_("Kan du hoppa in %(when)s?", when=slot), _("Svara på Idag, helst före %(moment)s.", moment=by)),
        "not_needed": (_("Du behöver inte hoppa in %(when)s.", when=slot),),
        "found": (_("Någon hoppar in %(when)s. Vem det är står på gruppens sida.", when=slot),),
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
        "cancelled": (
            _("Det som skulle vara %(when)s är inställt av den som leder det.", when=slot),
            _("Besked har gått ut. Vilka som inte har nåtts står på Idag."),
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
