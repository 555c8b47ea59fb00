"""Enrolment in words that other features show too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_plain, language, listed
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import AgreementText, Remaining


def remaining_text(code: Remaining) -> str:
    """A step that is left, as staff and the person read it."""
    return {
        "show_age": _("Visa sin ålder, eftersom ingen vårdnadshavare har sagt ja"),
        "book_visit": _("Boka studiebesök"),
        "attend_visit": _("Komma på studiebesöket"),
        "rebook_visit": _("Boka nytt studiebesök"),
        "go_on": _("Säga om ni går vidare efter studiebesöket"),
        "accept": _("Godkänna villkor och regler"),
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
    }.get(reason, _("krock"))


def skip_told(reason: str, section: str) -> str:
    """The same, as the person reads it. Of a clash nobody is told with whom (DESIGN 3)."""
    return {
        "wait": _("du vill vänta till en senare start"),
        "no_answer": _("du har inte svarat på erbjudandet"),
        "unreachable": _("vi har inte kunnat nå dig"),
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
