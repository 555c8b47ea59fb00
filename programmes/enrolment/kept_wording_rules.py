"""What is said of places that are kept for people whose start was cancelled. Pure: the language is the running request's."""

from datetime import datetime

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext


def kept_text(until: datetime) -> str:
    """That what is free is free for nobody who comes now."""
    return _("De platser som är kvar är reserverade till %(when)s för dem vars start ställdes in.", when=moment_long(until))


def kept_places_text(kept: int, until: datetime | None) -> str:
    """How many places are kept for people whose start was cancelled, for staff; nothing where none is."""
    if until is None:
        return ""
    return ngettext(
        "%(n)s plats är reserverad till %(when)s för den vars start ställdes in.",
        "%(n)s platser är reserverade till %(when)s för dem vars start ställdes in.",
        kept,
        when=moment_long(until),
    )
