"""Enrolment in words that other features show too."""

from collections.abc import Sequence

from programmes.core.i18n import capital, listed
from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import Remaining


def remaining_text(code: Remaining) -> str:
    """A step that is left, as staff and the person read it."""
    return {
        "show_age": _("Visa sin ålder, eftersom ingen vårdnadshavare har sagt ja"),
        "book_visit": _("Boka studiebesök"),
        "attend_visit": _("Komma på studiebesöket"),
        "rebook_visit": _("Boka nytt studiebesök"),
        "accept": _("Godkänna villkor och regler"),
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
        "conditions": _("du uppfyller inte villkoren (riktlinjen %(section)s)", section=section),
    }.get(reason, _("krock"))


def order_text(reason: str) -> str:
    """Why a coordinator has let somebody go before others, from the fixed list. None of them weighs a need."""
    return {
        "office_error": _("vi gjorde fel när anmälan skrevs in"),
        "cancelled_start": _("hade en plats på en start som ställdes in"),
        "together": _("hör ihop med någon som redan har en plats här"),
        "age_limit": _("blir för gammal innan nästa start"),
    }.get(reason, _("anmälde sig tidigare, till en annan start"))
