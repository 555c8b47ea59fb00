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
        "go_on": _("Säga om ni går vidare efter studiebesöket"),
        "accept": _("Godkänna villkor och regler"),
    }[code]


def listed_remaining(codes: Sequence[Remaining]) -> str:
    """What is left, in one line."""
    return capital(listed([remaining_text(code)[:1].lower() + remaining_text(code)[1:] for code in codes]))
